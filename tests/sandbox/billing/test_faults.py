"""Faults that a client must survive, each shown to happen as ordered and then to be over."""

import asyncio
import time

import httpx2
import pytest

from salesbridge.sandbox.billing import Billing, Seed, Service
from salesbridge.sandbox.billing.app import build_app
from salesbridge.sandbox.billing.faults import UnknownFaultError
from salesbridge.sandbox.billing.gate import ConnectionCutError


@pytest.mark.parametrize(
    ("name", "status"), [("unavailable", 503), ("failed", 500), ("throttled", 429), ("key_revoked", 401)]
)
def test_a_refusal_happens_as_often_as_ordered(junifer, name, status):
    junifer.faults.arm(name, times=2, after=1)
    statuses = [junifer.get("/version").status_code for _ in range(4)]
    assert statuses == [200, status, status, 200]


def test_a_throttled_call_says_when_to_come_back(velocity):
    velocity.faults.arm("throttled", seconds=7)
    response = velocity.get("/system")
    assert response.headers["retry-after"] == "7"
    assert response.json()["Error"]["Code"] == "TOO_MANY_REQUESTS"


def test_a_slow_call_is_answered_late(junifer):
    junifer.faults.arm("slow", seconds=0.3)
    began = time.monotonic()
    assert junifer.get("/version").status_code == 200
    assert time.monotonic() - began >= 0.3


def test_a_cut_connection_gives_no_answer_and_does_nothing(junifer):
    junifer.faults.arm("cut")
    with pytest.raises(httpx2.RemoteProtocolError):
        junifer.put("/customers/100000001", json={"jobTitle": "Lost"})
    assert junifer.get("/customers/100000001").json().get("jobTitle") != "Lost"


def test_a_connection_cut_after_the_write_leaves_the_write(junifer):
    junifer.faults.arm("cut", when="after", method="PUT")
    with pytest.raises(httpx2.RemoteProtocolError):
        junifer.put("/customers/100000001", json={"jobTitle": "Written"})
    assert junifer.get("/customers/100000001").json()["jobTitle"] == "Written"


def test_malformed_rows_are_of_three_sorts(junifer):
    junifer.faults.arm("malformed_rows", every=2, path="customers")
    assert junifer.get("/accounts?limit=6").json()["results"][1]["id"]
    rows = junifer.get("/customers?limit=6").json()["results"]
    assert rows[1] == "row 1"
    assert "number" not in rows[3]
    assert rows[5]["number"] == 4711
    assert all(isinstance(rows[at]["number"], str) for at in (0, 2, 4))


def test_a_truncated_page_claims_to_be_the_last(velocity):
    velocity.faults.arm("truncated_page")
    answer = velocity.get("/Customers?pageSize=10").json()
    assert len(answer["Items"]) == 5
    assert "NextCursor" not in answer["Page"]
    assert answer["Page"]["Total"] == 52


def test_a_truncated_body_is_no_json(junifer):
    junifer.faults.arm("truncated_body")
    response = junifer.get("/customers?limit=3")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        response.json()


def test_faults_are_armed_seen_and_taken_back_over_http(junifer):
    control = junifer.running.url + "/sandbox"
    armed = junifer.post(f"{control}/faults", json={"name": "unavailable", "times": None})
    assert armed.json()["faults"][0]["name"] == "unavailable"
    assert junifer.get("/version").status_code == 503
    assert junifer.get(f"{control}/state").json()["faults"][0]["fired"] == 1
    assert junifer.delete(f"{control}/faults").json() == {"faults": []}
    assert junifer.get("/version").status_code == 200
    assert junifer.post(f"{control}/faults", json={"name": "earthquake"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("flood", {}),
        ("slow", {"minutes": 1}),
        ("slow", {"seconds": "long"}),
        ("malformed_rows", {"every": 0}),
        ("cut", {"when": "never"}),
    ],
)
def test_an_unknown_fault_is_refused(name, options):
    with pytest.raises(UnknownFaultError):
        Service().faults.arm(name, **options)


def test_the_state_tells_counts_and_calls(junifer):
    junifer.get("/customers/100000001")
    junifer.get("/customers/100000002")
    junifer.get("/customers/customerNumber/C0")
    state = junifer.get(junifer.running.url + "/sandbox/state").json()
    assert state["counts"]["accounts"] == 40
    assert state["calls"]["GET /rest/v1/customers/{}"] == 2
    assert state["calls"]["GET /rest/v1/customers/customerNumber/{}"] == 1
    junifer.put("/customers/100000001", json={"jobTitle": "X"})
    assert junifer.get(junifer.running.url + "/sandbox/state").json()["lastChange"] == 1
    changes = junifer.get(junifer.running.url + "/sandbox/changes?after=0").json()["changes"]
    assert changes[0]["after"]["job_title"] == "X"


def test_the_clock_moves_forward_on_request(junifer):
    control = junifer.running.url + "/sandbox"
    first = junifer.billing.clock.now()
    junifer.post(f"{control}/clock", json={"seconds": 3600})
    assert junifer.billing.clock.now() >= first + 3_600_000
    assert junifer.post(f"{control}/clock", json={"seconds": -1}).status_code == 400


async def _call(app):
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        return await client.get("/rest/v1/version")


def test_a_cut_needs_a_real_connection():
    service = Service(Billing(Seed(0)))
    service.faults.arm("cut")
    with pytest.raises(ConnectionCutError):
        asyncio.run(_call(build_app(service)))
