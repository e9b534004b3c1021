from __future__ import annotations

import httpx2
import orjson
import pytest

from salesbridge.billing import BillingError

DONE = httpx2.Response(204)
TIMEOUT = httpx2.ReadTimeout("slow")
RELATION = {"account_number": "A1", "customer_number": "C2", "roles": ["Billing Contact"], "active": True}
NATIVE = {"id": 9, "accountNumber": "A1", "customerNumber": "C2", "roles": ["Billing Contact"], "activeFl": True}


def ok(**body: object) -> httpx2.Response:
    return httpx2.Response(200, json=body)


def created(**body: object) -> httpx2.Response:
    return httpx2.Response(201, json=body)


def results(*items: object) -> httpx2.Response:
    return httpx2.Response(200, json={"results": list(items)})


def methods(wire) -> list[str]:
    return [request.method for request in wire.requests]


def test_a_junifer_customer_is_created_and_read_back_by_the_number_it_was_given(junifer, wire):
    wire.answers = [created(id=7, number="C9"), ok(id=7, number="C9", surname="New", customerType="Person")]
    attributes = {"surname": "New", "email": "a@b.example", "customer_type": "Person"}
    row = junifer.create("customer", attributes, idempotency_key="k1")

    assert row == {"internal_id": 7, "customer_number": "C9", "surname": "New", "customer_type": "Person"}
    body = {"surname": "New", "primaryContact": {"email": "a@b.example"}, "customerType": "Person"}
    assert orjson.loads(wire.requests[0].content) == body
    assert str(wire.requests[1].url).endswith("/customers/customerNumber/C9")
    assert "idempotency-key" not in wire.requests[0].headers


def test_a_junifer_account_names_its_customer_as_creation_wants_it(junifer, wire):
    wire.answers = [created(id=7, number="A9"), ok(id=7, number="A9")]
    junifer.create("account", {"primary_customer_number": "C1", "account_class": "Residential"}, idempotency_key="k")

    assert orjson.loads(wire.requests[0].content) == {"customerNumber": "C1", "accountClass": "Residential"}


def test_an_orders_lines_are_written_in_the_products_words(junifer, velocity, wire):
    line = {"product_code": "P", "quantity": 2, "service_point": "1200", "unit_price": "1.5", "start_date": None}
    wire.answers = [created(OrderNumber="O1"), created(id=1, number="O1"), results({"id": 1, "number": "O1"})]
    velocity.create("order", {"account_number": "A1", "lines": [line]}, idempotency_key="k")
    junifer.create("order", {"account_number": "A1", "lines": [line]}, idempotency_key="k")

    (ours,), (theirs,) = (
        orjson.loads(wire.requests[at].content)[name] for at, name in ((0, "Lines"), (1, "orderLines"))
    )
    price = {"Amount": "1.5"}
    assert ours == {"ProductCode": "P", "Quantity": 2, "ServicePoint": "1200", "UnitPrice": price, "StartDate": None}
    assert theirs["meterPointIdentifier"] == "1200"
    with pytest.raises(BillingError, match="colour"):
        velocity.create("order", {"lines": [{"colour": "red"}]}, idempotency_key="k")


@pytest.mark.parametrize("trouble", [TIMEOUT, httpx2.Response(502), httpx2.ReadError("cut")])
def test_a_junifer_creation_without_a_known_key_is_sent_once_and_leaves_doubt(junifer, wire, trouble):
    wire.answers = [trouble]
    with pytest.raises(BillingError) as caught:
        junifer.create("customer", {"surname": "New"}, idempotency_key="k")

    assert (caught.value.kind, caught.value.unknown_outcome) == ("transient", True)
    assert methods(wire) == ["POST"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(201, content=b'{"id": 7, "num', headers={"content-type": "application/json"}),
        httpx2.Response(201),
        created(id=7),
        created(id=7, number=5),
    ],
)
def test_an_unreadable_answer_to_a_junifer_creation_is_not_a_reason_to_create_again(junifer, wire, answer):
    wire.answers = [answer]
    with pytest.raises(BillingError) as caught:
        junifer.create("customer", {"surname": "New"}, idempotency_key="k")

    assert caught.value.unknown_outcome
    assert methods(wire) == ["POST"]


def test_what_certainly_was_not_carried_out_is_sent_again_and_leaves_no_doubt(junifer, wire):
    wire.answers = [httpx2.ConnectError("refused"), httpx2.Response(429), created(number="C9"), ok(number="C9")]
    assert junifer.create("customer", {"surname": "New"}, idempotency_key="k") == {"customer_number": "C9"}

    wire.answers = [httpx2.Response(400, json={"errorCode": "TooLong", "errorDescription": "surname is too long"})]
    with pytest.raises(BillingError) as caught:
        junifer.create("customer", {"surname": "New"}, idempotency_key="k")
    assert not caught.value.unknown_outcome


def test_a_creation_that_cannot_be_read_back_says_that_it_happened(junifer, wire):
    gone = httpx2.Response(404, json={"errorCode": "NotFound", "errorDescription": "x"})
    for answer, kind in ((httpx2.Response(401), "authentication"), (gone, "transient")):
        wire.answers = [created(number="C9"), answer]
        with pytest.raises(BillingError, match="C9 was created") as caught:
            junifer.create("customer", {"surname": "New"}, idempotency_key="k")
        assert (caught.value.kind, caught.value.unknown_outcome) == (kind, True)


def test_a_junifer_relation_is_looked_for_before_it_is_created(junifer, wire):
    wire.answers = [results(), created(id=9), results(NATIVE)]
    row = junifer.create("account_customer", RELATION, idempotency_key="k")

    assert row == {**RELATION, "internal_id": 9}
    assert methods(wire) == ["GET", "POST", "GET"]


def test_a_lost_reply_to_the_creation_of_a_relation_is_made_good_by_looking(junifer, wire):
    wire.answers = [results(), TIMEOUT, results(NATIVE)]

    assert junifer.create("account_customer", RELATION, idempotency_key="k")["internal_id"] == 9
    assert methods(wire) == ["GET", "POST", "GET"]


@pytest.mark.parametrize("look", [results(), httpx2.Response(401)])
def test_a_lost_reply_whose_relation_is_not_seen_leaves_doubt(junifer, wire, look):
    wire.answers = [results(), TIMEOUT, look]
    with pytest.raises(BillingError) as caught:
        junifer.create("account_customer", RELATION, idempotency_key="k")

    assert (caught.value.code, caught.value.unknown_outcome) == ("TIMEOUT", True)


def test_creating_a_junifer_relation_again_creates_no_second_one(junifer, wire):
    wire.answers = [results(NATIVE)]

    assert junifer.create("account_customer", RELATION, idempotency_key="k")["internal_id"] == 9
    assert methods(wire) == ["GET"]


def test_a_junifer_relation_that_is_there_already_is_made_what_it_should_be(junifer, wire):
    wire.answers = [results({**NATIVE, "activeFl": False}), DONE, results(NATIVE)]

    assert junifer.create("account_customer", RELATION, idempotency_key="k")["active"] is True
    assert methods(wire) == ["GET", "PUT", "GET"]
    assert orjson.loads(wire.requests[1].content) == {"activeFl": True}


@pytest.mark.parametrize(
    "trouble",
    [
        TIMEOUT,
        httpx2.Response(500),
        httpx2.Response(201, content=b'{"Cust', headers={"content-type": "application/json"}),
    ],
)
def test_a_velocity_creation_is_repeated_with_the_same_key(velocity, wire, trouble):
    wire.answers = [trouble, trouble, created(CustomerNumber="C9", FamilyName="New")]
    row = velocity.create("customer", {"surname": "New"}, idempotency_key="k1")

    assert row == {"customer_number": "C9", "surname": "New"}
    assert methods(wire) == ["POST"] * 3
    assert {request.headers["idempotency-key"] for request in wire.requests} == {"k1"}


def test_a_velocity_relation_is_created_in_one_call(velocity, wire):
    wire.answers = [created(AccountNumber="A1", CustomerNumber="C2", Roles=["Billing Contact"], IsActive=True)]

    assert velocity.create("account_customer", RELATION, idempotency_key="k") == RELATION
    assert orjson.loads(wire.requests[0].content) == {
        "AccountNumber": "A1",
        "CustomerNumber": "C2",
        "Roles": ["Billing Contact"],
        "IsActive": True,
    }


@pytest.mark.parametrize("kind", ["product", "agreement", "service_point"])
def test_what_cannot_be_created_is_refused(junifer, velocity, wire, kind):
    for billing in (junifer, velocity):
        with pytest.raises(BillingError) as caught:
            billing.create(kind, {}, idempotency_key="k")
        assert (caught.value.kind, caught.value.code) == ("permanent", "NOT_CREATED")
    assert wire.requests == []


def test_what_a_creation_cannot_carry_is_refused_by_name(junifer, wire):
    with pytest.raises(BillingError, match="create primary_customer_name") as caught:
        junifer.create("account", {"account_class": "x", "primary_customer_name": "N"}, idempotency_key="k")

    assert (caught.value.code, caught.value.fields) == ("NOT_WRITABLE", ("primaryCustomer.name",))
    assert wire.requests == []
