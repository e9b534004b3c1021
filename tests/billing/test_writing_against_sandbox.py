"""Reads by key and writes against the simulated billing system, over loopback HTTP."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from salesbridge.billing import KINDS, BillingError, connect
from salesbridge.billing.keys import key_of
from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread

SEED = Seed(accounts=40, awkward=0.0)


@pytest.fixture(params=["junifer", "velocity"])
def running(request):
    with start_in_thread(Billing(SEED), Settings(product=request.param)) as running:
        yield running


@pytest.fixture
def billing(running):
    product = running.service.settings.product
    key = SecretStr("sandbox-key")
    with connect(product, running.url, username="sandbox", api_key=key, allow_loopback=True) as billing:
        yield billing


def first(billing, kind):
    return next(billing.pages(kind)).records[0]


def changed(before, after):
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {name: after.get(name) for name in names - {"last_modified"}}


@pytest.mark.parametrize("kind", KINDS)
def test_each_record_is_read_by_its_key_as_in_its_list(billing, kind):
    listed = first(billing, kind)

    assert billing.read(kind, key_of(kind, listed)) == listed


@pytest.mark.parametrize("kind", ["customer", "account", "account_customer", "service_point"])
def test_a_record_that_is_not_there_is_none(billing, kind):
    assert billing.read(kind, "X:Y" if kind == "account_customer" else "X") is None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("customer", {"email": "new@example.org", "address_line1": "1 New Road", "preferred_name": None}),
        ("account", {"primary_customer_name": "Ann New", "trading_name": "New", "address_city": "Hull"}),
        ("account_customer", {"roles": ["Decision Maker"], "active": False, "end_date": "2026-01-01"}),
    ],
)
def test_only_what_is_written_changes_and_writing_it_again_changes_nothing(billing, kind, changes):
    before = first(billing, kind)
    key = key_of(kind, before)
    billing.write(kind, key, changes, known=before)
    after = billing.read(kind, key)
    billing.write(kind, key, changes)

    assert changed(before, after) == {name: value for name, value in changes.items() if before.get(name) != value}
    assert changed(after, billing.read(kind, key)) == {}


def test_a_refused_value_is_told_with_its_field(billing):
    before = first(billing, "customer")
    with pytest.raises(BillingError, match="longer than") as caught:
        billing.write("customer", key_of("customer", before), {"email": "x" * 300}, known=before)

    assert caught.value.kind == "permanent"
    assert changed(before, first(billing, "customer")) == {}


def test_a_customer_an_account_and_a_relation_are_created(billing):
    person = billing.create("customer", {"customer_type": "Person", "surname": "New"}, idempotency_key="k1")
    payer = {"primary_customer_number": person["customer_number"], "account_class": "Residential"}
    account = billing.create("account", payer, idempotency_key="k2")
    other = first(billing, "customer")["customer_number"]
    relation = {"account_number": account["account_number"], "customer_number": other, "roles": ["Billing Contact"]}
    made = billing.create("account_customer", {**relation, "active": True}, idempotency_key="k3")

    assert person["surname"] == "New"
    assert account["primary_customer_number"] == person["customer_number"]
    assert billing.read("account_customer", key_of("account_customer", relation)) == made
    assert made["roles"] == ["Billing Contact"]


def test_a_repeated_creation_creates_once(billing):
    account, customer = first(billing, "account"), billing.create("customer", {"surname": "New"}, idempotency_key="k1")
    relation = {
        "account_number": account["account_number"],
        "customer_number": customer["customer_number"],
        "active": True,
    }
    made = [billing.create("account_customer", relation, idempotency_key="k2") for _ in range(2)]

    assert made[0] == made[1]


@pytest.mark.parametrize("running", ["junifer"], indirect=True)
def test_a_relation_is_deleted_once_and_again(billing):
    key = key_of("account_customer", first(billing, "account_customer"))
    billing.delete("account_customer", key)
    billing.delete("account_customer", key)

    assert billing.read("account_customer", key) is None
