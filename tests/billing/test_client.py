from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta, timezone

import httpx2
import orjson
import pytest
from pydantic import SecretStr

from salesbridge.billing import BillingError, Malformed, System, connect


def results(*items: object, following: str | None = None) -> httpx2.Response:
    return httpx2.Response(200, json={"results": list(items), "links": {"next": following} if following else {}})


def items(*found: object, cursor: str | None = None, total: int = 3) -> httpx2.Response:
    page = {"Total": total, **({"NextCursor": cursor} if cursor else {})}
    return httpx2.Response(200, json={"Items": list(found), "Page": page})


def test_junifer_is_asked_with_its_two_headers_and_the_base_url_as_given(junifer, wire):
    wire.answers = [httpx2.Response(200, json={"product": "Junifer", "version": "6.4.1", "timeZone": "Europe/London"})]

    assert junifer.system() == System("Junifer", "6.4.1", None, "Europe/London")
    assert str(wire.requests[0].url) == "https://bill.example/gate/rest/v1/version"
    assert wire.requests[0].headers["x-junifer-x-username"] == "bridge"
    assert wire.requests[0].headers["x-junifer-x-apikey"] == "hush"


def test_velocity_is_asked_with_a_bearer_at_its_usual_path(velocity, wire):
    wire.answers = [
        httpx2.Response(200, json={"Product": "Velocity", "Version": "4.13.2", "TimeZone": "Pacific/Auckland"})
    ]

    assert velocity.system() == System("Velocity", "4.13.2", None, "Pacific/Auckland")
    assert str(wire.requests[0].url) == "https://bill.example/velocity/api/v1/system"
    assert wire.requests[0].headers["authorization"] == "Bearer hush"


def test_a_next_link_on_an_internal_host_is_rebased_and_continues_there(junifer, wire):
    internal = "http://junifer-int.local:43002/rest/v1/customers?limit=1000&after=7"
    wire.answers = [results({"number": "C7"}, following=internal), results({"number": "C8"})]
    first, second = junifer.pages("customer")

    assert [row["customer_number"] for page in (first, second) for row in page.records] == ["C7", "C8"]
    assert str(wire.requests[1].url) == "https://bill.example/gate/rest/v1/customers?limit=1000&after=7"
    assert second.after is None


def test_a_cursor_continues_where_the_page_ended_with_the_same_since(junifer, wire):
    version = httpx2.Response(200, json={"product": "Junifer", "version": "6.4.1", "timeZone": "Europe/London"})
    wire.answers = [version, results({"number": "C7"}, following="http://int/rest/v1/customers?after=7"), results()]
    since = datetime(2026, 7, 1, 10, tzinfo=UTC)
    page = next(junifer.pages("customer", since=since))
    list(junifer.pages("customer", after=page.after))

    assert wire.requests[1].url.params["modifiedSinceDttm"] == "2026-07-01T11:00:00.000"
    assert dict(wire.requests[2].url.params) == {
        "limit": "1000",
        "modifiedSinceDttm": "2026-07-01T11:00:00.000",
        "after": "7",
    }


def test_paging_that_does_not_advance_is_an_error(junifer, wire):
    link = "http://int/rest/v1/customers?limit=1000&after=7"
    wire.answers = [lambda _: results({"number": "C7"}, following=link)]
    with pytest.raises(BillingError, match="same page"):
        list(junifer.pages("customer"))

    assert len(wire.requests) == 2


def test_velocitys_cursor_is_followed_with_the_same_since(velocity, wire):
    wire.answers = [items({"CustomerNumber": "1"}, cursor="a+b=="), items({"CustomerNumber": "2"})]
    since = datetime(2026, 7, 1, 10, tzinfo=timezone(timedelta(hours=13)))
    pages = list(velocity.pages("customer", since=since))

    assert [row["customer_number"] for page in pages for row in page.records] == ["1", "2"]
    assert wire.requests[1].url.params["cursor"] == "a+b=="
    assert wire.requests[1].url.params["updatedSince"] == "2026-07-01T10:00:00+13:00"


def test_what_cannot_be_read_is_set_aside_with_its_place_and_reason(junifer, wire):
    wire.answers = [
        results({"number": "C1"}, "text", {}, {"number": 5}, {"number": " "}, {"number": "C2", "primaryContact": []})
    ]
    (page,) = junifer.pages("customer")

    assert [row["customer_number"] for row in page.records] == ["C1"]
    assert page.malformed == [
        Malformed("customer list, first page, item 2", "The record is text, not an object."),
        Malformed("customer list, first page, item 3", "The business key customer_number is missing."),
        Malformed("customer list, first page, item 4", "The business key customer_number is a number, not text."),
        Malformed("customer list, first page, item 5", "The business key customer_number is empty."),
        Malformed("customer list, first page, item 6", "The member primaryContact is a list, not an object."),
    ]


def test_counting_asks_each_product_in_its_way(junifer, velocity, wire):
    wire.answers = [httpx2.Response(200, json={"count": 12}), items(total=34)]

    assert junifer.count("agreement") == 12
    assert velocity.count("agreement") == 34
    assert [request.url.path for request in wire.requests] == [
        "/gate/rest/v1/agreements/count",
        "/velocity/api/v1/Contracts",
    ]


def test_a_system_that_cannot_count_or_tell_about_publishing_says_none(junifer, wire):
    wire.answers = [lambda _: httpx2.Response(404, json={"errorCode": "NotFound", "errorDescription": "x"})]

    assert junifer.count("customer") is None
    assert junifer.publishing() is None


@pytest.mark.parametrize(("product", "member"), [("junifer", "enabledFl"), ("velocity", "Enabled")])
def test_publishing_is_read_and_switched(wire, product, member):
    billing = wire.open(product)
    wire.answers = [httpx2.Response(200, json={member: True}), httpx2.Response(204)]

    assert billing.publishing() is True
    billing.set_publishing(False)
    assert wire.requests[1].method == "PUT"
    assert wire.requests[1].headers["content-type"] == "application/json"
    assert orjson.loads(wire.requests[1].content) == {member: False}


def test_a_tenants_paths_are_asked_for_and_read(wire):
    overrides = {"customer.list": "/people", "customer.attr.forename": "name.first", "customer.attr.loyalty": "loyalty"}
    billing = wire.open("junifer", overrides=overrides)
    wire.answers = [results({"number": "C1", "name": {"first": "Ann"}, "loyalty": 3})]
    (page,) = billing.pages("customer")

    assert page.records == [{"customer_number": "C1", "forename": "Ann", "loyalty": 3}]
    assert wire.requests[0].url.path == "/gate/rest/v1/people"
    assert billing.paths["customer.list"].mark == "tenant"


@pytest.mark.parametrize(
    ("status", "kind", "mend"),
    [
        (401, "authentication", "API key"),
        (403, "authentication", "PUS:USER"),
        (404, "permanent", "customer.list"),
        (415, "permanent", "content type"),
        (429, "throttled", "by itself"),
        (500, "transient", "by itself"),
        (503, "transient", "by itself"),
        (302, "permanent", "base URL"),
    ],
)
def test_each_failure_has_a_kind_and_a_mend(junifer, wire, status, kind, mend):
    body = {"errorCode": "Code", "errorDescription": "Said by Junifer", "errorSeverity": "Error"}
    wire.answers = [
        lambda _: httpx2.Response(status, json=body, headers={"Location": "https://x/"} if status == 302 else {})
    ]
    with pytest.raises(BillingError) as caught:
        list(junifer.pages("customer"))

    assert (caught.value.kind, caught.value.code, caught.value.message) == (kind, "Code", "Said by Junifer")
    assert mend in caught.value.mend
    assert len(wire.requests) == (4 if kind in {"transient", "throttled"} else 1)


def test_junifers_validation_errors_are_all_told(junifer, wire):
    details = [{"errorDetail": {"errorCode": f"E{n}", "errorDescription": f"Wrong {n}"}} for n in (1, 2)]
    wire.answers = [httpx2.Response(400, json={"validationErrors": details})]
    with pytest.raises(BillingError) as caught:
        junifer.system()

    assert (caught.value.code, caught.value.message) == ("E1", "Wrong 1; Wrong 2")


def test_velocitys_error_names_its_fields(velocity, wire):
    error = {"Code": "VALIDATION_FAILED", "Message": "Invalid", "Fields": [{"Name": "Phone", "Message": "too long"}]}
    wire.answers = [httpx2.Response(400, json={"Error": error})]
    with pytest.raises(BillingError) as caught:
        velocity.system()

    assert (caught.value.code, caught.value.fields) == ("VALIDATION_FAILED", ("Phone",))
    assert caught.value.message == "Invalid; Phone: too long"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, html="<h1>Login</h1>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json={"results": {}}),
        httpx2.Response(204),
    ],
)
def test_a_success_of_another_shape_is_told(junifer, wire, answer):
    wire.answers = [answer]
    with pytest.raises(BillingError) as caught:
        list(junifer.pages("customer"))

    assert caught.value.code == "BAD_ANSWER"
    assert "/customers" in caught.value.message


def test_a_passing_trouble_is_repeated(junifer, wire):
    wire.answers = [httpx2.ReadTimeout("slow"), httpx2.Response(503, headers={"Retry-After": "1"}), results()]

    assert len(list(junifer.pages("customer"))) == 1
    assert len(wire.requests) == 3


def test_nobody_listening_is_told_as_such():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    billing = connect("velocity", url, username=None, api_key=SecretStr("x"), allow_loopback=True)
    with billing, pytest.raises(BillingError) as caught:
        billing.system()

    assert (caught.value.code, caught.value.kind) == ("CONNECT", "transient")


@pytest.mark.parametrize(
    "url",
    ["", "bill.example", "http://bill.example", "https://u:p@bill.example", "http://127.0.0.1:1", "https://x/?a=b"],
)
def test_a_key_is_only_sent_to_a_proper_address(wire, url):
    with pytest.raises(BillingError) as caught:
        wire.open("junifer", url)

    assert caught.value.code == "INVALID_BASE_URL"


def test_junifer_needs_a_user():
    with pytest.raises(BillingError, match="API user"):
        connect("junifer", "https://bill.example", username=None, api_key=SecretStr("x"))


def test_the_key_shows_neither_in_repr_nor_in_the_log(junifer, wire, caplog):
    caplog.set_level(logging.DEBUG)
    wire.answers = [httpx2.Response(401)]
    with pytest.raises(BillingError) as caught:
        junifer.system()

    assert "hush" not in f"{junifer!r} {caught.value!r} {caught.value} {caplog.text}"
