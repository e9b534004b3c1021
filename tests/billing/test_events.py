from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing import KEYS, BillingError
from salesbridge.billing.events import EVENTS, PING, BillingEvent, Touch, parse, rules, touched

DIALECTS_PAGE = Path(__file__).parents[2] / "docs" / "billing-dialects.md"
DATA = {
    "accountNumber": "A1",
    "customerNumber": "C2",
    "productCode": "P3",
    "agreementNumber": "G4",
    "orderNumber": "O5",
    "identifier": "1200023305967",
    "status": "ready",
}
KEY = {
    "account": "A1",
    "customer": "C2",
    "account_customer": "A1:C2",
    "product": "P3",
    "agreement": "G4",
    "order": "O5",
    "service_point": "1200023305967",
}
ENVELOPE = {
    "appId": "e496f228-f957-4fb2-abb6-98653321cee4",
    "createdAt": "2026-07-01T10:00:00.250Z",
    "data": DATA,
    "eventId": "cedfa9aa-1775-46eb-8055-11e46235c78f",
    "eventType": "account-updated",
    "eventSource": "billing",
    "tenantId": "61890020",
    "version": 1,
}


def event(name: str, **data: object) -> BillingEvent:
    return BillingEvent("e1", name, "t", "a", None, data or DATA)


def body(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in {**ENVELOPE, **changes}.items() if value is not ...}).encode()


def documented_table() -> dict[str, set[str]]:
    """The events table of the page: type to the members that its row names."""
    section = DIALECTS_PAGE.read_text(encoding="utf-8").partition("\n## Events")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {name: set(re.findall(r"`(\w+)`", row[2])) for row in rows for name in re.findall(r"`([a-z-]+)`", row[0])}


def test_an_event_is_read():
    assert parse(body()) == BillingEvent(
        event_id="cedfa9aa-1775-46eb-8055-11e46235c78f",
        type="account-updated",
        tenant="61890020",
        app="e496f228-f957-4fb2-abb6-98653321cee4",
        created_at=datetime(2026, 7, 1, 10, 0, 0, 250_000, UTC),
        data=DATA,
    )


def test_what_need_not_be_there_may_be_missing_and_more_may_be_there():
    read = parse(body(appId=..., tenantId=61890020, createdAt=..., version=..., eventSource=..., novelty=[1]))

    assert (read.app, read.tenant, read.created_at) == ("", "61890020", None)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2023-06-02T14:22:22Z", datetime(2023, 6, 2, 14, 22, 22, tzinfo=UTC)),
        ("2023-06-02T14:22:22", datetime(2023, 6, 2, 14, 22, 22, tzinfo=UTC)),
        ("2023-06-02T15:22:22+01:00", datetime(2023, 6, 2, 14, 22, 22, tzinfo=UTC)),
        ("yesterday", None),
        (1693370036, None),
    ],
)
def test_the_time_of_an_event_is_read_where_it_can_be(text, instant):
    assert parse(body(createdAt=text)).created_at == instant


@pytest.mark.parametrize("member", ["eventId", "eventType", "data"])
@pytest.mark.parametrize("value", [..., None, "", " ", 5, [], "x" * 201, "a\x00b"])
def test_an_event_without_id_type_or_data_is_none(member, value):
    with pytest.raises(BillingError, match=member) as caught:
        parse(body(**{member: value}))

    assert (caught.value.kind, caught.value.code) == ("permanent", "BAD_EVENT")


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_a_body_that_is_no_event_is_refused(raw):
    with pytest.raises(BillingError) as caught:
        parse(raw)

    assert caught.value.code == "BAD_EVENT"


def test_every_event_of_the_documentation_is_known_and_no_other():
    assert EVENTS.keys() == documented_table().keys()
    assert sum(rule.mark == "documented" for (rule,) in EVENTS.values()) == 21


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_each_event_names_the_record_that_changed(name):
    (touch,) = touched(event(name))

    assert touch == Touch(touch.kind, KEY[touch.kind], name == "account-customer-deleted")
    assert name.startswith(("quote", "contract")) == (touch.kind == "order")
    assert {member for rule in EVENTS[name] for member in rule.members} <= documented_table()[name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("account-created", "account"),
        ("customer-updated", "customer"),
        ("account-customer-created", "account_customer"),
        ("product-updated", "product"),
        ("agreement-created", "agreement"),
        ("contract-active", "order"),
        ("switch-loss-finished", "service_point"),
        ("location-address-updated", "service_point"),
    ],
)
def test_each_family_of_events_is_about_its_kind_of_record(name, kind):
    assert touched(event(name))[0].kind == kind


@pytest.mark.parametrize("name", [PING, "junifer::AccountUpdated", "velocity::account-updated", "bill-ready", "data"])
def test_the_ping_native_and_unknown_events_touch_nothing(name):
    assert touched(event(name, message="hello")) == ()


def test_a_number_is_taken_as_the_text_of_a_key():
    assert touched(event("account-updated", accountNumber=40000000)) == (Touch("account", "40000000"),)


@pytest.mark.parametrize("value", [None, "", " ", True, 1.5, [], {}, "a\x00b"])
def test_a_known_event_that_does_not_name_its_record_is_refused(value):
    with pytest.raises(BillingError, match=r"data\.accountNumber") as caught:
        touched(event("account-updated", accountNumber=value))

    assert caught.value.code == "BAD_EVENT"


def test_a_colon_within_a_joined_key_is_refused():
    with pytest.raises(BillingError, match="colon"):
        touched(event("account-customer-updated", accountNumber="A:1", customerNumber="C"))


def test_a_tenant_can_add_change_and_take_away_events():
    overrides = {
        "junifer::AccountClosed": "account:account.number customer:account.owner",
        "account-customer-ended": "account_customer:accountNumber,customerNumber:deleted",
        "account-updated": "",
    }
    account = {"account": {"number": "A9", "owner": "C9"}}

    assert touched(event("junifer::AccountClosed", **account), overrides) == (
        Touch("account", "A9"),
        Touch("customer", "C9"),
    )
    assert touched(event("account-customer-ended"), overrides) == (Touch("account_customer", "A1:C2", deleted=True),)
    assert touched(event("account-updated"), overrides) == ()
    assert touched(event("customer-updated"), overrides) == (Touch("customer", "C2"),)
    assert rules(overrides)["junifer::AccountClosed"][0].mark == "tenant"
    assert rules(None) == EVENTS


@pytest.mark.parametrize(
    "spec", ["robot:x", "account", "account:a,b", "account_customer:a", "account:", None, 5, "a:b:c"]
)
def test_a_rule_that_cannot_be_is_refused_with_an_example(spec):
    with pytest.raises(BillingError) as caught:
        touched(event("customer-updated"), {"my-event": spec})

    assert caught.value.code == "BAD_OVERRIDE"
    assert "account:accountNumber" in caught.value.mend


def test_every_rule_has_as_many_members_as_its_key_has_parts():
    assert all(len(rule.members) == len(KEYS[rule.kind]) for found in EVENTS.values() for rule in found)
