"""Which events a change raises, by the table of the page on the billing systems' APIs."""

import pathlib
import re

import pytest

from salesbridge.sandbox.billing import Billing, Seed
from salesbridge.sandbox.billing.events import EVENT_TYPES, events_of

ORDER_LINE = {"quantity": 1, "service_point": None, "from_date": None, "to_date": None, "unit_price": None}
PAGE = pathlib.Path(__file__).parents[3] / "docs" / "billing-dialects.md"


@pytest.fixture
def billing():
    return Billing(Seed(40, awkward=0))


def raised(billing, after):
    return [event for change in billing.changes(after) for event in events_of(change, billing.accounts_of)]


def events_after(billing, do):
    before = billing.last_change
    do()
    return raised(billing, before)


def types_after(billing, do):
    return [event_type for event_type, _ in events_after(billing, do)]


def first(billing, kind):
    return billing.page(kind, limit=1)[0]


def point(billing, **values):
    """The first service point, brought to a state."""
    at = first(billing, "service_points")["id"]
    billing.update("service_points", at, values)
    return at


def test_the_types_are_those_of_the_documentation():
    table = PAGE.read_text(encoding="utf-8").partition("| Event | Raised when |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert set(re.findall(r"`([a-z-]+)`", "".join(cells))) == EVENT_TYPES


def test_a_new_account_is_told_with_its_account_customer(billing):
    number = first(billing, "customers")["number"]
    values = {"account_class": "Residential", "primary_customer_number": number}
    events = events_after(billing, lambda: billing.create("accounts", values))
    account = events[0][1]["accountNumber"]
    assert billing.find("accounts", account)
    assert events == [
        ("account-created", {"accountNumber": account}),
        ("account-customer-created", {"accountNumber": account, "customerNumber": number}),
    ]


def test_a_customer_is_told_when_created_and_changed(billing):
    made = []
    assert types_after(billing, lambda: made.append(billing.create("customers", {"surname": "New"}))) == [
        "customer-created"
    ]
    events = events_after(billing, lambda: billing.update("customers", made[0]["id"], {"phone": "1"}))
    assert events == [("customer-updated", {"customerNumber": made[0]["number"]})]


@pytest.mark.parametrize("changes", [{"surname": "Other"}, {"phone": "0"}, {"fax": "0"}])
def test_name_phone_and_fax_of_a_primary_customer_are_told_for_each_of_its_accounts(billing, changes):
    holder = next(one for one in billing.records("customers") if len(billing.accounts_of(one["number"])) > 1)
    accounts = [account["number"] for account in billing.accounts_of(holder["number"])]
    if holder["type"] == "Organisation" and "surname" in changes:
        changes = {"company_name": "Other"}
    events = events_after(billing, lambda: billing.update("customers", holder["id"], changes))
    assert events[0] == ("customer-updated", {"customerNumber": holder["number"]})
    assert events[1:] == [("account-updated", {"accountNumber": number}) for number in accounts]


def test_what_no_account_shows_is_told_of_the_customer_only(billing):
    customer = first(billing, "customers")["id"]
    assert types_after(billing, lambda: billing.update("customers", customer, {"mobile": "0"})) == ["customer-updated"]


def test_a_customer_who_is_no_primary_customer_touches_no_account(billing):
    other = next(one for one in billing.records("customers") if not billing.accounts_of(one["number"]))
    assert types_after(billing, lambda: billing.update("customers", other["id"], {"phone": "0"})) == [
        "customer-updated"
    ]


def test_account_customers_are_told_with_both_numbers_also_when_deleted(billing):
    account = first(billing, "accounts")["number"]
    customer = billing.create("customers", {"surname": "New"})["number"]
    data = {"accountNumber": account, "customerNumber": customer}
    made = []

    def live():
        made.append(billing.create("account_customers", {"account_number": account, "customer_number": customer}))
        billing.update("account_customers", made[0]["id"], {"roles": ["Decision Maker"]})
        billing.delete("account_customers", made[0]["id"])

    assert events_after(billing, live) == [
        ("account-customer-created", data),
        ("account-customer-updated", data),
        ("account-customer-deleted", data),
    ]


def test_products_and_agreements_are_told(billing):
    product, agreement = first(billing, "products"), first(billing, "agreements")

    def change():
        billing.update("products", product["id"], {"unit_price": "1.0000"})
        billing.update("agreements", agreement["id"], {"cancelled": True})

    data = {"agreementNumber": agreement["number"], "accountNumber": agreement["account_number"]}
    assert events_after(billing, change) == [
        ("product-updated", {"productCode": product["code"]}),
        ("agreement-updated", data),
    ]


def placed(billing):
    line = {**ORDER_LINE, "product_code": first(billing, "products")["code"]}
    account = first(billing, "accounts")["number"]
    return billing.create("orders", {"account_number": account, "lines": [line]})


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (
            ["ready", "accepted", "provisioning", "active", "completed"],
            ["quote-ready", "quote-accepted", "contract-created", "contract-active", "contract-completed"],
        ),
        (["ready", "draft"], ["quote-ready", "quote-updated"]),
        (["cancelled"], ["quote-cancelled"]),
        (["ready", "cancelled"], ["quote-ready", "quote-cancelled"]),
        (["ready", "accepted", "cancelled"], ["quote-ready", "quote-accepted", "contract-cancelled"]),
    ],
)
def test_an_order_is_told_as_quote_and_then_as_contract(billing, statuses, told):
    orders = []
    events = events_after(billing, lambda: orders.append(placed(billing)))
    order = orders[0]
    data = {"orderNumber": order["number"], "accountNumber": order["account_number"], "status": "draft"}
    assert events == [("quote-created", data)]
    for status, event_type in zip(statuses, told, strict=True):
        moved = events_after(billing, lambda status=status: billing.update("orders", order["id"], {"status": status}))
        assert moved[0] == (event_type, {**data, "status": status})
        assert {told for told, _ in moved[1:]} <= {"agreement-created", "agreement-updated"}


def test_a_changed_draft_is_told_and_an_unchanged_later_order_is_not(billing):
    order = placed(billing)
    change = {"valid_to": "2027-01-01"}
    assert types_after(billing, lambda: billing.update("orders", order["id"], change)) == ["quote-updated"]
    billing.update("orders", order["id"], {"status": "ready"})
    assert types_after(billing, lambda: billing.update("orders", order["id"], {})) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("Pending", "None"), ("Pending", "Gain Started"), ["switch-gain-started"]),
        (("Pending", "Gain Started"), ("Pending", "Gain Objected"), ["switch-gain-objected"]),
        (("Pending", "Gain Objected"), ("Pending", "Gain Started"), ["switch-gain-started"]),
        (("Pending", "Gain Started"), ("Pending", "None"), ["switch-gain-cancelled"]),
        (("Pending", "Gain Started"), ("Registered", "None"), ["service-point-updated", "switch-gain-finished"]),
        (("Registered", "None"), ("Registered", "Loss Started"), ["switch-loss-started"]),
        (("Registered", "Loss Started"), ("Registered", "None"), ["switch-loss-cancelled"]),
        (("Registered", "Loss Started"), ("Ceased", "None"), ["service-point-updated", "switch-loss-finished"]),
        (("Registered", "None"), ("De-energised", "None"), ["service-point-updated"]),
    ],
)
def test_a_switch_is_told_from_its_start_to_its_end(billing, before, after, told):
    at = point(billing, supply_status=before[0], switch_status=before[1])
    values = {"supply_status": after[0], "switch_status": after[1]}
    events = events_after(billing, lambda: billing.update("service_points", at, values))
    assert [event_type for event_type, _ in events] == told
    assert all(set(data) == {"identifier", "identifierType", "accountNumber"} for _, data in events)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"line1": "1 Other Street"}, ["location-address-updated", "service-address-updated"]),
        ({"city": "Elsewhere"}, ["service-location-updated", "service-address-updated"]),
    ],
)
def test_the_address_of_a_service_point_is_told(billing, address, told):
    at = first(billing, "service_points")["id"]
    assert types_after(billing, lambda: billing.update("service_points", at, {"address": address})) == told


def test_a_new_service_point_is_told(billing):
    seeded = first(billing, "service_points")
    values = {**seeded, "identifier": "0000000001AA000", "switch_status": "Gain Started"}
    told = types_after(billing, lambda: billing.create("service_points", values))
    assert told == ["service-created", "switch-gain-started"]
