"""Context linking: templates that can be used, addresses that fit, and a model whose link fields are filled."""

from datetime import UTC, date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, TABLE, BillingForm, OverrideError, Transform, cells, columns, header
from salesbridge.model.context import (
    ASSUMED,
    EVERY,
    LINK_FIELD,
    Place,
    base_of,
    checked,
    checked_templates,
    linked,
    place,
)

URL = "https://billing.example:8443/rest/v1"
FORM = BillingForm(UTC)
TODAY = date(2026, 1, 1)
TEMPLATES = {"Account": "{base}/ui/{record}/{key}", EVERY: "https://crm.example/{tenant}/{entity}/{number}"}


def test_an_address_is_filled_and_encoded():
    where = place(TABLE["Account"], TEMPLATES, URL, "Acme & Sons")
    assert where.of("A/1 ü") == "https://billing.example:8443/ui/account/A%2F1%20%C3%BC"


def test_the_template_for_every_entity_counts_where_there_is_no_own_one():
    where = place(TABLE["AccountContactRelation"], TEMPLATES, URL, "Acme & Sons")
    assert where.of("A1:C2") == "https://crm.example/Acme%20%26%20Sons/AccountContactRelation/A1"
    assert place(TABLE["Asset"], {}, URL, "Acme") is None


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{base}/accounts", "needs {key}"),
        ("{base}/{name}/{key}", "name is no placeholder"),
        ("{base}/{key!r}", "no placeholder"),
        ("{base}/{key", "cannot be read"),
        ("http://billing.example/{key}", "begins with https"),
        ("javascript:alert({key})", "begins with https"),
        ("/accounts/{key}", "begins with https"),
        ("https://{key}.example/", "host"),
        ("https://x.example/{base}/{key}", ""),
        ("{base}/a b/{key}", "spaces"),
        ("{base}/" + "x" * 250 + "/{key}", "255"),
        ("{base}@evil.example/{key}", "host"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(template, why):
    if not why:
        assert checked(template) == template
        return
    with pytest.raises(OverrideError, match="(?i)" + why.replace("{", r"\{")):
        checked(template)


def test_a_template_on_this_machine_may_be_plain_http():
    assert checked(" http://127.0.0.1:8080/{key} ") == "http://127.0.0.1:8080/{key}"


def test_a_template_of_an_object_outside_the_model_is_refused():
    with pytest.raises(OverrideError, match="Lead is no object"):
        checked_templates(TABLE, {"Lead": "{base}/{key}"})


@pytest.mark.parametrize("product", sorted(ASSUMED))
def test_what_is_assumed_can_be_used(product):
    assert checked_templates(TABLE, ASSUMED[product]) == ASSUMED[product]


@given(st.text(max_size=161))
def test_no_key_makes_an_address_that_the_column_cannot_hold_or_that_leaves_its_place(key):
    address = Place("{base}/accounts/{key}", base_of(URL), "Acme", "Account", "account").of(
        key.encode("utf-8", "ignore").decode()
    )
    assert len(address) <= 255
    assert not address or address.startswith("https://billing.example:8443/accounts/")
    assert address.isascii()
    assert "/" not in address.removeprefix("https://billing.example:8443/accounts/")


def test_without_templates_the_model_is_the_same_and_the_link_is_never_written():
    assert linked(TABLE, {}, URL, "Acme") is TABLE
    assert LINK_FIELD not in header(TABLE["Account"])


def account(**values):
    return {"account_number": "A1", "primary_customer_name": "Ada", **values}


def test_with_a_template_rows_hold_the_link_both_ways_of_reading_them():
    entity = linked(TABLE, TEMPLATES, URL, "Acme")["Account"]
    transform = Transform(entity, FORM)
    row = transform.row(account(), TODAY)
    assert row.values[LINK_FIELD] == "https://billing.example:8443/ui/account/A1"
    _, _, save, _ = transform.csv_row(account(), TODAY)
    names = [name for name in header(entity) if name != EXTERNAL_ID]
    assert dict(zip(names, save, strict=True))[LINK_FIELD] == row.values[LINK_FIELD]
    assert save == cells(entity, row.values)


def test_an_address_that_is_too_long_leaves_the_column_alone():
    templates = {"Account": "{base}/" + "x" * 215 + "/{key}"}
    transform = Transform(linked(TABLE, templates, URL, "Acme")["Account"], FORM)
    record = account(account_number="ü" * 40)
    assert LINK_FIELD not in transform.row(record, TODAY).values
    _, _, save, _ = transform.csv_row(record, TODAY)
    names = [name for name in header(transform.entity) if name != EXTERNAL_ID]
    assert dict(zip(names, save, strict=True))[LINK_FIELD] == ""


def test_a_link_is_never_written_back_to_billing():
    entity = linked(TABLE, TEMPLATES, URL, "Acme")["Account"]
    attributes = Transform(entity, FORM).record({LINK_FIELD: "https://x.example/", "Trading_Name__c": "Lovelace"})
    assert attributes == {"trading_name": "Lovelace"}


def test_the_link_field_keeps_its_salesforce_type():
    plain = next(c for c in columns(TABLE["Account"]) if c.name == LINK_FIELD)
    filled = next(c for c in columns(linked(TABLE, TEMPLATES, URL, "Acme")["Account"]) if c.name == LINK_FIELD)
    assert filled.kind.salesforce_type == plain.kind.salesforce_type
