from __future__ import annotations

import pickle

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing import DIALECTS, KEYS, KINDS, BillingError, open_extract
from salesbridge.billing.body import body_of
from salesbridge.billing.shape import reader

DONE = httpx2.Response(204)
GONE = httpx2.Response(404, json={"errorCode": "NotFound", "errorDescription": "x", "errorSeverity": "Error"})
VELOCITY_GONE = httpx2.Response(404, json={"Error": {"Code": "NOT_FOUND", "Message": "x"}})
REFUSED = httpx2.Response(400, json={"errorCode": "TooLong", "errorDescription": "name is too long"})
KNOWN = {"internal_id": 7}
ADDRESS = {"address_line1": "1 High St", "address_line2": None, "address_locality": "", "address_city": "Ely"}


def ok(**body: object) -> httpx2.Response:
    return httpx2.Response(200, json=body)


def results(*items: object) -> httpx2.Response:
    return httpx2.Response(200, json={"results": list(items)})


def spoken(wire) -> list[tuple[str, str, object]]:
    """What was sent: method, path below the base, body."""
    return [
        (
            request.method,
            request.url.raw_path.decode().removeprefix("/gate/rest/v1").removeprefix("/velocity/api/v1"),
            orjson.loads(request.content) if request.content else None,
        )
        for request in wire.requests
    ]


def test_a_junifer_customer_is_put_with_its_contact_nested_and_only_what_changes(junifer, wire):
    wire.answers = [DONE]
    changes = {"forename": "Ann", "preferred_name": None, "email": "", "primary_account_number": "A1", **ADDRESS}

    assert junifer.write("customer", "C1", changes, known=KNOWN) == 1
    address = {"address1": "1 High St", "address2": None, "address3": "", "address4": "Ely"}
    body = {
        "forename": "Ann",
        "preferredName": None,
        "primaryContact": {"email": "", "address": address},
        "primaryAccount": {"number": "A1"},
    }
    assert spoken(wire) == [("PUT", "/customers/7", body)]
    assert wire.requests[0].headers["content-type"] == "application/json"


def test_a_junifer_accounts_primary_customer_is_a_second_call_after_the_accounts_own(junifer, wire):
    wire.answers = [DONE]
    changes = {"primary_customer_phone": "1", "trading_name": "Acme", "primary_customer_name": "Ann", **ADDRESS}

    assert junifer.write("account", "A1", changes, known=KNOWN) == 2
    assert [(method, path) for method, path, _ in spoken(wire)] == [
        ("PUT", "/accounts/7"),
        ("PUT", "/accounts/7/primaryCustomer"),
    ]
    assert spoken(wire)[0][2]["billingAddress"]["address4"] == "Ely"
    assert spoken(wire)[1][2] == {"phoneNumber1": "1", "name": "Ann"}


def test_only_the_calls_that_carry_something_are_made(junifer, wire):
    wire.answers = [DONE]

    assert junifer.write("account", "A1", {"primary_customer_fax": None}, known=KNOWN) == 1
    assert junifer.write("account", "A1", {}) == 0
    assert spoken(wire) == [("PUT", "/accounts/7/primaryCustomer", {"faxNumber": None})]


def test_junifers_internal_id_is_looked_up_where_it_is_not_known(junifer, wire):
    wire.answers = [ok(number="A1", id=7), DONE]

    assert junifer.write("account", "A1", {"trading_name": "Acme"}, known={"account_number": "A1"}) == 2
    assert spoken(wire)[0] == ("GET", "/accounts/accountNumber/A1", None)
    assert spoken(wire)[1] == ("PUT", "/accounts/7", {"tradingName": "Acme"})


def test_a_junifer_relation_is_found_by_its_two_numbers(junifer, wire):
    wire.answers = [results({"id": 9, "accountNumber": "A1", "customerNumber": "C2"}), DONE]
    changes = {"roles": ["Billing Contact"], "active": False, "start_date": None, "end_date": "2026-07-01"}

    assert junifer.write("account_customer", "A1:C2", changes) == 2
    assert spoken(wire)[0][1] == "/accountCustomers?accountNumber=A1&customerNumber=C2"
    body = {"roles": ["Billing Contact"], "activeFl": False, "fromDt": None, "toDt": "2026-07-01"}
    assert spoken(wire)[1] == ("PUT", "/accountCustomers/9", body)


def test_a_velocity_record_is_patched_by_its_number_in_one_call(velocity, wire):
    wire.answers = [ok(AccountNumber="A1")]

    assert velocity.write("account", "A1", {"trading_name": "T", "primary_customer_fax": None, **ADDRESS}) == 1
    address = {"Line1": "1 High St", "Line2": None, "Suburb": "", "City": "Ely"}
    body = {"TradingName": "T", "PrimaryCustomer": {"Fax": None}, "PostalAddress": address}
    assert spoken(wire) == [("PATCH", "/Accounts/A1", body)]


def test_velocitys_relation_has_a_joined_key_in_its_path(velocity, wire):
    wire.answers = [ok()]
    velocity.write("account_customer", "A/1:C 2", {"roles": []})

    assert spoken(wire) == [("PATCH", "/AccountCustomers/A%2F1:C%202", {"Roles": []})]


@pytest.mark.parametrize(
    ("product", "sent"),
    [
        ("junifer", ("PUT", "/orders/7/status", {"status": "ready"})),
        ("velocity", ("POST", "/Orders/O1/Status", {"Status": "ready"})),
    ],
)
def test_an_orders_status_has_a_call_of_its_own(wire, product, sent):
    billing = wire.open(product, "https://bill.example")
    wire.answers = [DONE]
    billing.write("order", "O1", {"status": "ready"}, known=KNOWN)

    assert [(method, path.removeprefix("/rest/v1"), body) for method, path, body in spoken(wire)] == [sent]


@given(st.data(), st.sampled_from(sorted(DIALECTS)), st.sampled_from(["customer", "account", "account_customer"]))
def test_what_is_written_is_what_would_be_read(data, product, kind):
    dialect = DIALECTS[product]
    call, keys = dialect.writes.changes[kind][0], KEYS[kind]
    names = st.sampled_from([name for name in call.attributes if f"{kind}.attr.{name}" in dialect.paths])
    row = data.draw(st.dictionaries(names, st.none() | st.text() | st.booleans() | st.lists(st.text())))
    body = body_of(kind, call, row, dialect.paths)
    body.update({dialect.paths[f"{kind}.attr.{name}"].path: "K" for name in keys})

    assert reader(kind, dialect.paths)(body) == {**row, **dict.fromkeys(keys, "K")}


@pytest.mark.parametrize("product", DIALECTS)
@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("customer", "customer_number"),
        ("account", "primary_customer_number"),
        ("account_customer", "primary"),
        ("product", "name"),
        ("agreement", "end_date"),
        ("service_point", "supply_status"),
        ("customer", "last_modified"),
        ("customer", "shoe_size"),
    ],
)
def test_what_no_call_carries_is_refused_by_name_before_anything_is_sent(wire, product, kind, attribute):
    billing = wire.open(product)
    key = "A1:C2" if kind == "account_customer" else "K"
    with pytest.raises(BillingError, match=attribute) as caught:
        billing.write(kind, key, {"title": "Dr", attribute: "x"} if kind == "customer" else {attribute: "x"})

    assert (caught.value.kind, caught.value.code) == ("permanent", "NOT_WRITABLE")
    native = billing.paths.get(f"{kind}.attr.{attribute}")
    assert caught.value.fields == (native.path if native else attribute,)
    assert wire.requests == []


@pytest.mark.parametrize("product", DIALECTS)
def test_writable_is_what_a_write_takes_and_has_a_member_for_each(wire, product):
    billing = wire.open(product, "https://bill.example")
    wire.answers = [DONE]

    for kind in KINDS:
        key = "A1:C2" if kind == "account_customer" else "K"
        names = billing.writable(kind)
        assert (billing.write(kind, key, dict.fromkeys(names), known=KNOWN) > 0) == bool(names)
    assert billing.writable("product") == frozenset()
    assert billing.writable("account") >= {"primary_customer_name", "trading_name", "address_country"}
    assert billing.writable("account_customer") == {"roles", "active", "start_date", "end_date"}


def test_half_a_write_tells_which_half_and_can_be_repeated(junifer, wire):
    wire.answers = [DONE, REFUSED, DONE, DONE]
    changes = {"trading_name": "Acme", "primary_customer_name": "A" * 300}
    with pytest.raises(
        BillingError, match="Already written: trading_name; not written: primary_customer_name"
    ) as caught:
        junifer.write("account", "A1", changes, known=KNOWN)

    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own
    assert (error.kind, error.code, error.unknown_outcome) == ("permanent", "TooLong", False)
    assert error.written == ("trading_name",)
    assert error.fields == ("primaryCustomer.name",)
    assert "without harm" in error.mend
    assert junifer.write("account", "A1", changes, known=KNOWN) == 2


def test_a_write_refused_at_its_first_call_has_written_nothing(junifer, wire):
    wire.answers = [REFUSED]
    with pytest.raises(BillingError) as caught:
        junifer.write("account", "A1", {"trading_name": "A", "primary_customer_name": "B"}, known=KNOWN)

    assert caught.value.written == ()
    assert "Already" not in caught.value.message
    assert len(wire.requests) == 1


@pytest.mark.parametrize("trouble", [httpx2.ReadTimeout("slow"), httpx2.Response(500), httpx2.Response(429)])
@pytest.mark.parametrize("product", DIALECTS)
def test_whole_values_are_sent_again_after_a_passing_trouble(wire, product, trouble):
    billing = wire.open(product)
    wire.answers = [trouble, trouble, DONE]

    assert billing.write("customer", "C1", {"title": "Dr"}, known=KNOWN) == 1
    assert len({(request.method, request.content) for request in wire.requests}) == 1
    assert len(wire.requests) == 3


def test_a_lasting_trouble_with_whole_values_leaves_no_doubt(junifer, wire):
    wire.answers = [httpx2.ReadTimeout("slow")]
    with pytest.raises(BillingError) as caught:
        junifer.write("customer", "C1", {"title": "Dr"}, known=KNOWN)

    assert (caught.value.kind, caught.value.unknown_outcome) == ("transient", False)
    assert len(wire.requests) == 4


def test_a_status_that_is_posted_is_sent_once_and_leaves_doubt(velocity, wire):
    wire.answers = [httpx2.ReadTimeout("slow")]
    with pytest.raises(BillingError) as caught:
        velocity.write("order", "O1", {"status": "ready"})

    assert caught.value.unknown_outcome
    assert len(wire.requests) == 1


def test_a_record_that_is_not_there_cannot_be_written(junifer, velocity, wire):
    wire.answers = [GONE, GONE, VELOCITY_GONE]
    with pytest.raises(BillingError, match="no account A1") as looked_up:
        junifer.write("account", "A1", {"trading_name": "T"})
    with pytest.raises(BillingError, match="exists") as known:
        junifer.write("account", "A1", {"trading_name": "T"}, known=KNOWN)
    with pytest.raises(BillingError, match="exists") as by_number:
        velocity.write("account", "A1", {"trading_name": "T"})

    assert {error.value.kind for error in (looked_up, known, by_number)} == {"permanent"}


def test_a_system_that_tells_no_internal_id_is_to_be_mended_in_the_settings(junifer, wire):
    wire.answers = [ok(number="A1")]
    with pytest.raises(BillingError, match=r"account\.attr\.internal_id"):
        junifer.write("account", "A1", {"trading_name": "T"})


def test_a_tenants_paths_and_members_are_written_to(wire):
    overrides = {
        "account.write.primary_customer": "/v2/accounts/{internal_id}/payer",
        "account.attr.primary_customer_name": "payer.name",
        "account.attr.trading_name": "names.trading",
        "account.attr.loyalty_tier": "loyalty.tier",
        "account.attr.company_number": "",
    }
    billing = wire.open("junifer", overrides=overrides)
    wire.answers = [DONE]
    billing.write("account", "A1", {"trading_name": "T", "loyalty_tier": 3, "primary_customer_name": "N"}, known=KNOWN)

    assert spoken(wire) == [
        ("PUT", "/accounts/7", {"names": {"trading": "T"}, "loyalty": {"tier": 3}}),
        ("PUT", "/v2/accounts/7/payer", {"payer": {"name": "N"}}),
    ]
    assert "company_number" not in billing.writable("account")


def test_a_tenant_can_take_a_call_away(wire):
    overrides = {"account.write.primary_customer": "", "customer.write": "", "account_customer.delete": ""}
    billing = wire.open("junifer", overrides=overrides)

    assert "primary_customer_name" not in billing.writable("account")
    assert billing.writable("customer") == frozenset()
    with pytest.raises(BillingError) as caught:
        billing.delete("account_customer", "A1:C2")
    assert caught.value.code == "NOT_DELETED"


def test_members_that_contradict_each_other_are_told(wire):
    billing = wire.open("junifer", overrides={"account.attr.trading_name": "billingAddress"})
    with pytest.raises(BillingError, match="contradict"):
        billing.write("account", "A1", {"trading_name": "T", "address_city": "Ely"}, known=KNOWN)

    assert wire.requests == []


@pytest.mark.parametrize(("product", "status"), [("junifer", 204), ("velocity", 200)])
def test_a_relation_is_deleted_and_gone_already_is_fine(wire, product, status):
    billing = wire.open(product, "https://bill.example")
    row = {"id": 9, "accountNumber": "A1", "customerNumber": "C2"}
    gone = GONE if product == "junifer" else VELOCITY_GONE
    look_up = [results(row)] if product == "junifer" else []
    wire.answers = [*look_up, httpx2.ReadTimeout("slow"), gone]
    billing.delete("account_customer", "A1:C2")

    last = "/rest/v1/accountCustomers/9" if product == "junifer" else "/AccountCustomers/A1:C2"
    assert [sent for sent in spoken(wire) if sent[0] != "GET"] == [("DELETE", last, None)] * 2
    wire.answers = [*look_up, httpx2.Response(status)]
    billing.delete("account_customer", "A1:C2")


def test_a_junifer_relation_that_is_not_found_need_not_be_deleted(junifer, wire):
    wire.answers = [results()]
    junifer.delete("account_customer", "A1:C2")

    assert [method for method, _, _ in spoken(wire)] == ["GET"]


def test_a_path_that_cannot_delete_is_not_taken_for_a_deletion(velocity, wire):
    wire.answers = [httpx2.Response(404, html="<h1>Not here</h1>"), httpx2.Response(405)]
    for _ in range(2):
        with pytest.raises(BillingError) as caught:
            velocity.delete("account_customer", "A1:C2")
        assert caught.value.kind == "permanent"
        assert "set account_customer.delete" in caught.value.mend


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"account_customer"}))
def test_nothing_else_is_ever_deleted(junifer, wire, kind):
    with pytest.raises(BillingError) as caught:
        junifer.delete(kind, "K")

    assert (caught.value.kind, caught.value.code) == ("permanent", "NOT_DELETED")
    assert wire.requests == []


def test_an_extract_refuses_every_write_and_says_what_to_do(tmp_path):
    extract = open_extract(tmp_path)
    attempts = [
        lambda: extract.write("customer", "C1", {"title": "Dr"}),
        lambda: extract.create("customer", {"title": "Dr"}, idempotency_key="i"),
        lambda: extract.delete("account_customer", "A1:C2"),
    ]
    for attempt in attempts:
        with pytest.raises(BillingError, match="an extract is only read") as caught:
            attempt()
        assert (caught.value.kind, caught.value.code) == ("permanent", "READ_ONLY")
    assert extract.writable("customer") == frozenset()
    assert extract.write("customer", "C1", {}) == 0


def test_an_extracts_record_is_read_by_key(tmp_path):
    records = [{"account_number": "A1", "customer_number": number} for number in ("C1", "C2")]
    lines = b"\nnonsense\n".join(map(orjson.dumps, records))
    (tmp_path / "account_customers.ndjson").write_bytes(lines)
    extract = open_extract(tmp_path)

    assert extract.read("account_customer", "A1:C2") == {"account_number": "A1", "customer_number": "C2"}
    assert extract.read("account_customer", "A1:C3") is None
    assert extract.read("order", "O1") is None
