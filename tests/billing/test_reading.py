from __future__ import annotations

import httpx2
import pytest

from salesbridge.billing import KINDS, BillingError
from salesbridge.billing.keys import key_of

GONE = httpx2.Response(404, json={"errorCode": "NotFound", "errorDescription": "x", "errorSeverity": "Error"})
VELOCITY_GONE = httpx2.Response(404, json={"Error": {"Code": "NOT_FOUND", "Message": "x"}})


def results(*items: object) -> httpx2.Response:
    return httpx2.Response(200, json={"results": list(items)})


def asked(wire) -> str:
    return wire.requests[-1].url.raw_path.decode()


@pytest.mark.parametrize(
    ("kind", "key", "path", "native"),
    [
        ("customer", "C1", "/customers/customerNumber/C1", {"number": "C1"}),
        ("account", "A1", "/accounts/accountNumber/A1", {"number": "A1"}),
        ("service_point", "1200", "/meterPoints/meterPointIdentifier/1200", {"identifier": "1200"}),
    ],
)
def test_junifer_is_asked_by_number_where_an_item_path_takes_it(junifer, wire, *, kind, key, path, native):
    wire.answers = [httpx2.Response(200, json={**native, "id": 7})]

    assert junifer.read(kind, key)["internal_id"] == 7
    assert asked(wire) == f"/gate/rest/v1{path}"


@pytest.mark.parametrize(
    ("kind", "key", "query", "native"),
    [
        (
            "account_customer",
            "A1:C2",
            "/accountCustomers?accountNumber=A1&customerNumber=C2",
            {"accountNumber": "A1", "customerNumber": "C2"},
        ),
        ("product", "P 1", "/products?code=P%201", {"code": "P 1"}),
        ("agreement", "G1", "/agreements?number=G1", {"number": "G1"}),
        ("order", "O1", "/orders?number=O1", {"number": "O1"}),
    ],
)
def test_junifers_other_records_are_found_in_their_lists(junifer, wire, *, kind, key, query, native):
    wire.answers = [results({**native, "id": 7}), results()]

    assert key_of(kind, junifer.read(kind, key)) == key
    assert asked(wire).replace("+", "%20") == f"/gate/rest/v1{query}"
    assert junifer.read(kind, key) is None


@pytest.mark.parametrize(
    ("kind", "key", "path", "native"),
    [
        ("customer", "C1", "Customers/C1", {"CustomerNumber": "C1"}),
        ("account", "A1", "Accounts/A1", {"AccountNumber": "A1"}),
        ("account_customer", "A1:C2", "AccountCustomers/A1:C2", {"AccountNumber": "A1", "CustomerNumber": "C2"}),
        ("product", "P1", "Products/P1", {"ProductCode": "P1"}),
        ("agreement", "G1", "Contracts/G1", {"ContractNumber": "G1"}),
        ("service_point", "0000", "ServicePoints/0000", {"Identifier": "0000"}),
        ("order", "O1", "Orders/O1", {"OrderNumber": "O1"}),
    ],
)
def test_velocity_is_asked_by_business_key(velocity, wire, *, kind, key, path, native):
    wire.answers = [httpx2.Response(200, json=native), VELOCITY_GONE]

    assert key_of(kind, velocity.read(kind, key)) == key
    assert asked(wire) == f"/velocity/api/v1/{path}"
    assert velocity.read(kind, key) is None


def test_a_record_is_read_as_in_a_list(junifer, wire):
    native = {"id": 1, "number": "C1", "forename": "", "primaryContact": {"email": "a@b.example", "address": None}}
    wire.answers = [results(native), httpx2.Response(200, json=native)]
    listed = next(junifer.pages("customer")).records

    assert [junifer.read("customer", "C1")] == listed


@pytest.mark.parametrize("key", ["A/1", "A?1", "A#1", "A%2F1", "Ä 1"])
def test_a_key_stays_one_segment_of_the_path(velocity, wire, key):
    wire.answers = [httpx2.Response(200, json={"AccountNumber": key})]

    assert velocity.read("account", key)["account_number"] == key
    assert asked(wire).count("/") == 5
    assert wire.requests[0].url.query == b""


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("account", ""),
        ("account", " "),
        ("account", ".."),
        ("account", "a\nb"),
        ("account_customer", "A1"),
        ("account_customer", "A1:"),
        ("account_customer", "A1:C1:C2"),
    ],
)
def test_a_key_that_is_none_is_refused_before_asking(velocity, wire, kind, key):
    with pytest.raises(BillingError) as caught:
        velocity.read(kind, key)

    assert caught.value.code == "BAD_KEY"
    assert wire.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(404, html="<h1>Not here</h1>"),
        httpx2.Response(404),
        httpx2.Response(404, json={"errorCode": "PathNotFound", "errorDescription": "x"}),
    ],
)
def test_an_unknown_path_is_an_error_that_names_it_and_not_a_missing_record(junifer, wire, answer):
    wire.answers = [answer]
    with pytest.raises(BillingError, match=r"set customer\.item") as caught:
        junifer.read("customer", "C1")

    assert (caught.value.kind, caught.value.status) == ("permanent", 404)


def test_a_list_that_is_not_there_is_an_error_and_not_a_missing_record(junifer, wire):
    wire.answers = [GONE]
    with pytest.raises(BillingError, match=r"set product\.find"):
        junifer.read("product", "P1")


def test_a_list_that_does_not_filter_is_noticed(junifer, wire):
    wire.answers = [results({"code": "P1"}, {"code": "P2"}), results({"code": "P3"})]

    assert junifer.read("product", "P2") == {"product_code": "P2"}
    with pytest.raises(BillingError, match=r"product\.find") as caught:
        junifer.read("product", "P2")
    assert caught.value.code == "BAD_ANSWER"


def test_another_record_than_asked_for_is_never_taken_for_it(velocity, wire):
    wire.answers = [httpx2.Response(200, json={"AccountNumber": "A2"})]
    with pytest.raises(BillingError) as caught:
        velocity.read("account", "A1")

    assert caught.value.code == "BAD_ANSWER"


def test_a_system_may_spell_the_key_its_own_way_but_the_exact_record_is_preferred(junifer, wire):
    wire.answers = [results({"code": "ab c"}), results({"code": "ABC"}, {"code": "abc"})]

    assert junifer.read("product", "ABC") == {"product_code": "ab c"}
    assert junifer.read("product", "abc") == {"product_code": "abc"}


def test_two_records_of_one_key_are_told(junifer, wire):
    wire.answers = [results({"code": "P1"}, {"code": "P1"})]
    with pytest.raises(BillingError) as caught:
        junifer.read("product", "P1")

    assert caught.value.code == "AMBIGUOUS"


@pytest.mark.parametrize("native", [[], {"number": 5}, {"number": "C1", "primaryContact": []}])
def test_a_record_that_cannot_be_read_is_told(junifer, wire, native):
    wire.answers = [httpx2.Response(200, json=native)]
    with pytest.raises(BillingError) as caught:
        junifer.read("customer", "C1")

    assert caught.value.code == "BAD_ANSWER"


def test_a_passing_trouble_is_repeated(velocity, wire):
    wire.answers = [httpx2.Response(503), httpx2.ReadTimeout("slow"), VELOCITY_GONE]

    assert velocity.read("customer", "C1") is None


def test_a_tenants_item_path_is_preferred_to_the_list(wire):
    overrides = {"product.item": "/products/code/{product_code}", "product.find": ""}
    billing = wire.open("junifer", overrides=overrides)
    wire.answers = [httpx2.Response(200, json={"code": "P1"})]

    assert billing.read("product", "P1") == {"product_code": "P1"}
    assert asked(wire) == "/gate/rest/v1/products/code/P1"


def test_without_a_list_or_an_item_path_by_key_the_settings_are_to_be_mended(wire):
    billing = wire.open("junifer", overrides={"product.find": ""})
    with pytest.raises(BillingError, match=r"\{product_code\}") as caught:
        billing.read("product", "P1")

    assert caught.value.code == "NO_LOOK_UP"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("customer.item", "/customers/{id}"),
        ("customer.item", "/customers/{customer_number"),
        ("customer.list", "/customers/{customer_number}"),
        ("customer.create", "/customers/{internal_id}"),
        ("account.write.primary_customer", "/accounts/{customer_number}"),
    ],
)
def test_a_path_with_places_that_cannot_be_filled_is_refused(wire, name, path):
    with pytest.raises(BillingError) as caught:
        wire.open("junifer", overrides={name: path})

    assert caught.value.code == "BAD_OVERRIDE"
    assert name in caught.value.message


def test_every_kind_can_be_read_by_key_in_both_products(junifer, velocity, wire):
    wire.answers = [lambda request: VELOCITY_GONE if "velocity" in request.url.path else results()]

    for kind in KINDS:
        key = "A:C" if kind == "account_customer" else "K"
        assert velocity.read(kind, key) is None
        if f"{kind}.find" in junifer.paths:
            assert junifer.read(kind, key) is None
