"""Whole records: there and back is a fixed point, and the swift way says what the general one says."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from salesbridge.model import (
    TABLE,
    BillingForm,
    Phase,
    RecordRefusedError,
    Transform,
    cells,
    columns,
    from_json,
    header,
    merge,
    to_json,
    values_of_cells,
)
from salesbridge.model.kinds import Boolean, Date, DateTime, MultiPicklist, Number, Picklist, Side, settle

TODAY = date(2026, 6, 15)
EXTRA = {
    "Account": {
        "fields": {
            "Reviewed__c": {"kind": {"type": "DateTime"}, "billing": "reviewed_at"},
            "Credit__c": {"kind": {"type": "Money", "precision": 15, "scale": 2}, "billing": "credit"},
            "Notes__c": {"kind": {"type": "Text", "length": 300, "lines": True}, "billing": "notes"},
            "Paid_By__c": {
                "kind": {
                    "type": "Picklist",
                    "values": ["Direct Debit", "Card"],
                    "restricted": True,
                    "codes": {"DD": "Direct Debit"},
                },
                "billing": "paid_by",
            },
        }
    }
}
ENTITIES = merge(TABLE, EXTRA).entities
FORMS = (BillingForm(), BillingForm(datetimes="local", flags="yn", money="text", lists="text"))
MPRN = "3938424403"

EVERY_ENTITY = pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)


def good(kind, form):
    """Billing values that are mostly of the kind."""
    match kind:
        case Boolean():
            return st.sampled_from((True, False, "Y", "n"))
        case Date():
            return st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat)
        case DateTime():
            return st.datetimes().filter(lambda at: 1700 < at.year < 4000).map(lambda at: at.isoformat())
        case Number():
            whole = st.integers(-999, 999)
            return whole.map(str) if form.money == "text" else whole
        case MultiPicklist(values):
            return st.lists(st.sampled_from(values))
        case Picklist(values=[_, *_] as values, codes=codes):
            return st.sampled_from((*values, *(code for code, _ in codes)))
    return st.text(st.characters(codec="utf-8"), max_size=25) | st.integers(0, 99)


BAD = st.sampled_from((True, 1.5, "x" * 300, "#N/A", "\ud800", [], {}, "2026-02-30", "a;b", " ", "\n", "9" * 20, 0))


@st.composite
def records(draw, entity, form, bad=0):
    """Billing records of an entity; of `bad` values in ten, anything at all."""
    record = {}
    for column in columns(entity):
        for attribute in column.attributes:
            value = draw(good(column.kind, form) | BAD if draw(st.integers(1, 10)) <= bad else good(column.kind, form))
            state = draw(st.sampled_from(("present", "present", "present", "null", "empty", "absent")))
            if state == "empty" and not isinstance(column.kind, (Boolean, Date, DateTime, Number)):
                value = ""
            if state == "null" and not column.field.required:
                value = None
            if state != "absent" or column.field.required:
                record[attribute] = value
    for at, name in enumerate((*entity.key, *(parent.billing for parent in entity.parents))):
        record[name] = draw(st.text("ABC123 ", min_size=1, max_size=6).filter(str.strip)) if bad < 1 else f"K{at}"
    if entity.identifier:
        record |= dict(zip(entity.identifier, ("MPRN", MPRN), strict=True))
    return record


def outcome(call):
    try:
        return call()
    except RecordRefusedError as refusal:
        return refusal.code, refusal.message, refusal.fields


def general(transform, record):
    row = transform.row(record, TODAY)
    parents = tuple(row.parents[parent.field] for parent in transform.entity.parents)
    return row.key, parents, *(cells(transform.entity, row.values, phase) for phase in Phase)


SLOW_DATA = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=25)


@EVERY_ENTITY
@SLOW_DATA
@given(form=st.sampled_from(FORMS), data=st.data())
def test_the_swift_way_says_what_the_general_way_says(entity, form, data):
    transform = Transform(entity, form)
    record = data.draw(records(entity, form, bad=data.draw(st.sampled_from((0, 0, 1, 3)))))
    if data.draw(st.integers(0, 9)) == 0:
        record.pop(data.draw(st.sampled_from(sorted(record))))
    assert outcome(lambda: transform.csv_row(record, TODAY)) == outcome(lambda: general(transform, record))


def accepted(transform, data):
    record = data.draw(records(transform.entity, transform.form))
    row = outcome(lambda: transform.row(record, TODAY))
    assume(not isinstance(row, tuple))
    return record, row


@EVERY_ENTITY
@SLOW_DATA
@given(form=st.sampled_from(FORMS), data=st.data())
def test_a_record_that_went_through_salesforce_comes_back_as_it_was(entity, form, data):
    transform = Transform(entity, form)
    record, row = accepted(transform, data)
    again = transform.row({**record, **transform.record(row.values)}, TODAY)
    assert again == row
    assert transform.record(again.values) == transform.record(row.values)


@EVERY_ENTITY
@SLOW_DATA
@given(data=st.data())
def test_cells_read_back_as_what_salesforce_will_hold(entity, data):
    transform = Transform(entity, FORMS[0])
    _, row = accepted(transform, data)
    assume("#N/A" not in row.values.values())
    read = {}
    for phase in Phase:
        spelt, names = cells(entity, row.values, phase), header(entity, phase)
        read |= values_of_cells(entity, names[len(names) - len(spelt) :], spelt)
    assert read == {name: settle(value, Side.SALESFORCE) for name, value in row.values.items()}


@EVERY_ENTITY
@SLOW_DATA
@given(data=st.data())
def test_json_reads_back_as_it_was_said(entity, data):
    _, row = accepted(Transform(entity, FORMS[0]), data)
    read = from_json(entity, to_json(entity, row.values))
    assert read == {name: None if value == () else value for name, value in row.values.items()}


ACCOUNT = Transform(TABLE["Account"], BillingForm())
MINIMAL = {"account_number": "A1", "primary_customer_name": "Ada"}


def test_absent_null_and_empty_are_three_things_until_salesforce_makes_two_of_them():
    rows = [{}, {"trading_name": None}, {"trading_name": ""}]
    values = [ACCOUNT.row(MINIMAL | row, TODAY).values for row in rows]
    assert [value.get("Trading_Name__c", "absent") for value in values] == ["absent", None, ""]
    assert [ACCOUNT.record(value).get("trading_name", "absent") for value in values] == ["absent", None, ""]
    at = header(TABLE["Account"]).index("Trading_Name__c") - 1
    assert [ACCOUNT.csv_row(MINIMAL | row, TODAY)[2][at] for row in rows] == ["", "#N/A", "#N/A"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"account_number": None}, "MISSING_KEY", "Gentrack_External_Id__c"),
        ({"account_number": " "}, "MISSING_KEY", "Gentrack_External_Id__c"),
        ({"account_number": "#N/A"}, "UNREPRESENTABLE_VALUE", "Gentrack_External_Id__c"),
        ({"account_number": 1.5}, "INVALID_VALUE", "Gentrack_External_Id__c"),
        ({"account_number": "x" * 81}, "STRING_TOO_LONG", "Gentrack_External_Id__c"),
        ({"primary_customer_name": ""}, "REQUIRED_FIELD_MISSING", "Name"),
        ({"primary_customer_name": None}, "REQUIRED_FIELD_MISSING", "Name"),
        ({"primary_customer_name": "#N/A"}, "UNREPRESENTABLE_VALUE", "Name"),
        ({"trading_name": "#N/A"}, "UNREPRESENTABLE_VALUE", "Trading_Name__c"),
        ({"primary_customer_phone": " #N/A "}, "UNREPRESENTABLE_VALUE", "Phone"),
        ({"address_line1": "", "address_line2": "#N/A"}, "UNREPRESENTABLE_VALUE", "BillingStreet"),
        ({"trading_name": "x" * 256}, "STRING_TOO_LONG", "Trading_Name__c"),
        ({"address_city": "x" * 41}, "STRING_TOO_LONG", "BillingCity"),
    ],
)
def test_a_refusal_names_its_reason_and_its_field(change, code, field):
    with pytest.raises(RecordRefusedError) as refusal:
        ACCOUNT.csv_row(MINIMAL | change, TODAY)
    assert (refusal.value.code, refusal.value.fields) == (code, (field,))
    assert refusal.value.message


def test_a_price_of_nothing_is_a_price():
    price = Transform(TABLE["PricebookEntry"], BillingForm())
    assert price.csv_row({"product_code": "P", "unit_price": 0, "active": True}, TODAY)[2] == ["0", "true"]


def test_a_colon_in_a_part_of_a_joined_key_is_refused_since_two_records_could_share_it():
    relation = Transform(TABLE["AccountContactRelation"], BillingForm())
    assert relation.csv_row({"account_number": "A", "customer_number": "C"}, TODAY)[:2] == ("A:C", ("A", "C"))
    with pytest.raises(RecordRefusedError, match="a colon joins the parts") as refusal:
        relation.csv_row({"account_number": "A:B", "customer_number": "C"}, TODAY)
    assert refusal.value.code == "AMBIGUOUS_KEY"


def test_a_missing_parent_is_named():
    relation = Transform(TABLE["Asset"], BillingForm())
    with pytest.raises(RecordRefusedError, match="account_number is missing: the Account") as refusal:
        relation.csv_row({"identifier": MPRN, "identifier_type": "MPRN"}, TODAY)
    assert refusal.value.fields == ("AccountId",)


def test_a_service_point_is_known_by_its_normal_identifier_and_a_wrong_one_is_refused():
    asset = Transform(TABLE["Asset"], BillingForm())
    record = {"identifier": "39384 244 03", "identifier_type": "MPRN", "account_number": "A"}
    assert asset.csv_row(record, TODAY)[0] == MPRN
    with pytest.raises(RecordRefusedError, match="'3938424404', which is no valid MPRN"):
        asset.csv_row(record | {"identifier": "3938424404"}, TODAY)


@pytest.mark.parametrize(
    ("agreement", "status"),
    [
        ({"start_date": TODAY.isoformat()}, "Activated"),
        ({"start_date": (TODAY + timedelta(1)).isoformat()}, "Draft"),
        ({"start_date": None}, "Draft"),
        ({}, "Draft"),
        ({"start_date": "2026-01-01", "cancelled": "Y"}, "Draft"),
        ({"start_date": "2026-01-01", "cancelled": None}, "Activated"),
        ({"start_date": "2026-01-01", "active": True}, "Activated"),
        ({"start_date": "2026-01-01", "active": None}, "Activated"),
        ({"start_date": "2026-01-01", "active": False}, "Draft"),
        ({"start_date": "2020-01-01", "end_date": "2021-01-01"}, "Activated"),
    ],
)
def test_an_agreement_is_activated_from_its_first_day_unless_it_was_cancelled(agreement, status):
    contract = Transform(TABLE["Contract"], BillingForm())
    record = {"agreement_number": "G1", "account_number": "A1", **agreement}
    assert contract.csv_row(record, TODAY)[3] == [status]
    assert contract.row(record, TODAY).values["Status"] == status
    assert "contract_status" not in contract.record(contract.row(record, TODAY).values)


def test_an_unknown_cell_column_is_passed_over_and_a_wrong_cell_is_named():
    entity = TABLE["Contract"]
    assert values_of_cells(entity, ["Account.Gentrack_External_Id__c", "ContractTerm"], ["A", "12"]) == {
        "ContractTerm": 12
    }
    with pytest.raises(RecordRefusedError, match="ContractTerm"):
        values_of_cells(entity, ["ContractTerm"], ["a year"])


def test_a_wrong_member_of_a_salesforce_record_is_named():
    with pytest.raises(RecordRefusedError, match=r"StartDate \(start_date\) is 'soon', not a date"):
        from_json(TABLE["Contract"], {"StartDate": "soon", "Unmapped__c": 1})
