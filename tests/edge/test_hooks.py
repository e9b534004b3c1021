"""Billing's events as a publisher sends them: signed over the bytes, repeated, and now and then by a stranger."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from starlette.testclient import TestClient

from salesbridge.edge import hooks as edge_hooks
from salesbridge.edge.app import edge
from salesbridge.edge.rows import lent
from salesbridge.engine.live.hooks import NO_KEY, add_key
from salesbridge.sandbox.billing.signing import HEADER, SigningKey
from salesbridge.store.door import Door
from salesbridge.store.models import Change, HeardEvent, Live


@pytest.fixture(scope="module")
def key():
    return SigningKey()


@pytest.fixture
def tenant(transactional_db, door, key):
    add_key(door, key.public_pem, by="Ada")
    return door.tenant


@pytest.fixture
def live(tenant, door, instance):
    return door.rows(Live).create(instance=instance, state="live")


@pytest.fixture
def client(transactional_db):
    with TestClient(edge()) as client:
        yield client


def body(kind="account-updated", event_id="e1", data=None):
    said = {
        "eventId": event_id, "eventType": kind, "createdAt": "2026-06-15T12:00:00Z", "tenantId": "t", "version": 1,
        "data": {"accountNumber": "A1"} if data is None else data,
    }  # fmt: skip
    return json.dumps(said).encode()


@pytest.fixture
def send(client, tenant, key):
    """Post a signed body to the tenant's address."""

    def post(raw, signer=key, *, at=None, header=None):
        seconds = int((at or datetime.now(UTC)).timestamp())
        signed = {HEADER: header if header is not None else signer.header(raw, seconds)}
        return client.post(f"/hooks/{tenant.hook}", content=raw, headers=signed)

    return post


def test_a_signed_event_is_in_the_journal_before_it_is_acknowledged(send, door, live, key):
    answer = send(body())

    assert (answer.status_code, answer.json()) == (200, {"result": "heard"})
    (change,) = door.rows(Change).all()
    assert (change.side, change.entity, change.key, change.op) == ("billing", "Account", "A1", "save")
    assert change.at == datetime(2026, 6, 15, 12, tzinfo=UTC)
    live.refresh_from_db()
    assert live.webhook_at is not None


def test_a_repeat_is_acknowledged_and_changes_nothing(send, door, live):
    send(body())
    again = send(body())

    assert (again.status_code, again.json()) == (200, {"result": "known"})
    assert door.rows(Change).count() == door.rows(HeardEvent).count() == 1


@pytest.mark.parametrize("state", ["loading", "loaded", "recovering", "paused"])
def test_an_instance_that_is_not_live_yet_or_paused_loses_nothing(send, door, live, state):
    door.rows(Live).update(state=state)
    send(body())
    assert door.rows(Change).filter(outcome=None).count() == 1


def test_an_instance_that_was_never_started_hears_nothing(send, door, live):
    door.rows(Live).update(state="new")
    assert send(body()).status_code == 200
    assert not door.rows(Change).exists()


def test_every_instance_of_the_tenant_hears_the_event_and_no_other_tenants(send, door, live, new_door):
    second = door.instances.create(name="Second org", login_url="http://127.0.0.1:9")
    door.rows(Live).create(instance=second, state="paused")
    stranger = new_door()
    theirs = stranger.instances.create(name="Sales org", login_url="http://127.0.0.1:9")
    stranger.rows(Live).create(instance=theirs, state="live")

    send(body())

    assert set(door.rows(Change).values_list("instance_id", flat=True)) == {live.instance_id, second.pk}
    assert not stranger.rows(Change).exists()


def test_a_body_that_was_changed_on_the_way_is_refused(send, door, live, key):
    raw = body()
    header = key.header(raw, int(datetime.now(UTC).timestamp()))
    answer = send(raw.replace(b"A1", b"A2"), header=header)

    assert (answer.status_code, answer.json()["code"]) == (401, "WRONG")
    assert not door.rows(HeardEvent).exists()


def test_a_strangers_key_is_refused(send, live):
    answer = send(body(), SigningKey())
    assert (answer.status_code, answer.json()["code"]) == (401, "WRONG")


@pytest.mark.parametrize(("header", "code"), [("", "MISSING"), ("nonsense", "MALFORMED")])
def test_a_request_that_is_not_signed_is_refused(send, live, header, code):
    answer = send(body(), header=header)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


@pytest.mark.parametrize(("minutes", "code"), [(-6, "TOO_OLD"), (6, "FROM_THE_FUTURE")])
def test_a_signature_that_is_not_of_now_is_refused(send, live, minutes, code):
    answer = send(body(), at=datetime.now(UTC) + timedelta(minutes=minutes))
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_while_keys_are_exchanged_both_are_accepted(send, door, live, key):
    fresh = SigningKey()
    add_key(door, fresh.public_pem, by="Ada")
    assert [send(body(), signer).status_code for signer in (key, fresh)] == [200, 200]


def test_without_a_key_every_event_is_refused_and_a_person_is_told(client, transactional_db, door, key):
    signed = {HEADER: key.header(body(), int(datetime.now(UTC).timestamp()))}
    answer = client.post(f"/hooks/{door.tenant.hook}", content=body(), headers=signed)

    assert (answer.status_code, answer.json()["code"]) == (401, "NO_KEY")
    assert door.problems.get().kind == NO_KEY
    add_key(door, key.public_pem, by="Ada")
    assert door.problems.get().state == "solved"


@pytest.mark.parametrize(
    "raw",
    [
        b"no json", b"[]", body(data={}), body(data={"accountNumber": ["A1"]}), body(event_id="e" * 101),
        body(data={"accountNumber": "A1", "note": "\0"}),
    ],
    ids=["text", "list", "no key", "key of another kind", "long id", "nul"],
)  # fmt: skip
def test_what_is_no_event_is_refused_and_leaves_no_trace(send, door, live, raw):
    answer = send(raw)

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_EVENT")
    assert not door.rows(HeardEvent).exists()
    assert not door.rows(Change).exists()


def test_an_unknown_address_is_not_found(client, tenant, key):
    for name in (uuid.uuid4(), "no-uuid"):
        assert client.post(f"/hooks/{name}", content=body()).status_code == 404


def test_only_posts_are_taken(client, tenant):
    answer = client.get(f"/hooks/{tenant.hook}")
    assert answer.status_code == 405
    assert "error" in answer.json()


def test_a_body_of_more_than_a_megabyte_is_refused_however_it_is_sent(client, tenant, live, key):
    def pieces():
        for _ in range(11):
            yield b" " * 100_000

    for content in (b" " * 1_000_001, pieces()):
        assert client.post(f"/hooks/{tenant.hook}", content=content).status_code == 413


def test_a_body_of_exactly_a_megabyte_is_taken(send, live):
    raw = body()
    assert send(raw + b" " * (edge_hooks.LIMIT - len(raw))).status_code == 200


def test_while_the_database_is_down_the_publisher_is_asked_to_repeat(send, live, monkeypatch):
    def down(*_):
        raise DatabaseError("the connection is closed")

    monkeypatch.setattr(edge_hooks.hooks, "hear", down)
    answer = send(body())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    assert send(body()).json() == {"result": "heard"}


def test_a_connectivity_test_is_answered_and_written_down_once(send, door, live):
    raw = body("integration:ping", data={"message": "hello"})
    answers = [send(raw).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert door.activities.filter(tag="hook:pinged").count() == 1
    assert not door.rows(Change).exists()
    live.refresh_from_db()
    assert live.webhook_at is not None


def test_an_event_of_an_unknown_type_is_acknowledged_and_kept(send, door, live):
    assert send(body("meter-exploded")).status_code == 200
    assert door.rows(HeardEvent).get().type == "meter-exploded"


def test_the_same_event_sent_many_times_at_once_is_one_change(send, door, live):
    answers = []

    def again():
        answers.append(send(body()).status_code)

    threads = [threading.Thread(target=again) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [200] * 6
    assert door.rows(Change).count() == 1


def test_events_that_come_in_together_are_answered_each_by_itself(tenant, live, key, door):
    raw = {name: body(event_id=name, data={"accountNumber": name}) for name in ("a", "b", "nul\x00")}
    told = [edge_hooks.Letter(key.header(r, int(datetime.now(UTC).timestamp())), r) for r in raw.values()]
    strange = edge_hooks.Letter("t=1,v=x", raw["a"])

    answers = edge_hooks._heard(tenant.hook, [told[0], strange, told[2], told[1], told[0]])

    assert [answer.word for answer in answers] == ["heard", "MALFORMED", "BAD_EVENT", "heard", "known"]
    assert sorted(door.rows(Change).values_list("key", flat=True)) == ["a", "b"]


def test_neither_a_body_nor_a_signature_is_logged(send, live, key, capsys):
    raw = body(data={"accountNumber": "A1", "note": "private words"})
    header = key.header(raw, 1)
    send(raw, header=header)
    send(raw)

    said = "".join(capsys.readouterr())
    assert "event refused" in said
    assert "private words" not in said
    assert header not in said


def test_no_connection_is_left_behind_with_the_thread_that_worked(tenant, live, key):
    left = []

    def work():
        lent(lambda: Door(tenant.pk).tenant)
        left.append(connection.connection)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert left == [None]


def test_health_tells_that_the_edge_lives_and_that_it_can_write_down_what_it_hears(client, tenant, monkeypatch):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_without_a_database_the_edge_lives_but_is_not_ready(client, tenant, monkeypatch):
    def down():
        raise DatabaseError

    monkeypatch.setattr("salesbridge.edge.app.reachable", down)
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
