"""A tenant's overrides: they change what they name, and nothing else."""

from dataclasses import fields as dataclass_fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model import TABLE, Field, OverrideError, columns, merge
from salesbridge.model.kinds import MultiPicklist, Number, Picklist, Side, Text

KINDS = st.sampled_from(
    (
        {"type": "Text", "length": 80},
        {"type": "Text", "length": 3000, "lines": True},
        {"type": "Boolean"},
        {"type": "Date"},
        {"type": "DateTime"},
        {"type": "Number", "precision": 6, "scale": 0},
        {"type": "Money"},
        {"type": "Picklist", "values": ["a", "b"], "restricted": True},
        {"type": "MultiPicklist", "values": ["a", "b"]},
        {"type": "Phone"},
        {"type": "Email"},
        {"type": "Url"},
    )
)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=9)
MASTERS = st.sampled_from(("billing", "salesforce"))
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "master": MASTERS,
        "label": WORDS,
        "help": WORDS,
        "billing": st.just("other"),
    },
)
NEW = st.fixed_dictionaries(
    {"kind": KINDS, "billing": st.sampled_from(("alpha", "beta"))},
    optional={"master": MASTERS, "label": WORDS, "required": st.booleans()},
)


def overrides():
    """Overrides that the table accepts: settings of its fields, and new ones."""

    def of(entity):
        known = {field.name: SETTINGS for field in entity.fields}
        new = dict.fromkeys(("Extra_One__c", "Extra_Two__c"), NEW)
        return st.fixed_dictionaries({"fields": st.fixed_dictionaries({}, optional=known | new)})

    return st.fixed_dictionaries({}, optional={name: of(TABLE[name]) for name in ("Account", "Contract", "OrderItem")})


def settings_of(field):
    return {each.name: getattr(field, each.name) for each in dataclass_fields(Field)}


def test_no_override_changes_nothing():
    assert merge(TABLE, {}) == TABLE
    assert merge(TABLE, {"Account": {}, "Contact": {"fields": {}}}) == TABLE


@given(overrides())
def test_merging_twice_is_merging_once(changes):
    merged = merge(TABLE, changes)
    assert merge(merged, changes) == merged


@given(overrides())
def test_nothing_but_what_is_named_changes(changes):
    merged = merge(TABLE, changes)
    assert [entity.name for entity in merged.entities] == [entity.name for entity in TABLE.entities]
    for before, after in zip(TABLE.entities, merged.entities, strict=True):
        named = changes.get(before.name, {}).get("fields", {})
        assert {field.name for field in after.fields} == {field.name for field in before.fields} | set(named)
        for field in before.fields:
            old, new = settings_of(field), settings_of(after.field(field.name))
            assert {key for key in old if old[key] != new[key]} <= set(named.get(field.name, {}))


@given(overrides(), overrides())
def test_later_settings_win_and_earlier_ones_stay_where_nothing_is_said_later(first, second):
    merged = merge(merge(TABLE, first), second)
    for entity in merged.entities:
        later = second.get(entity.name, {}).get("fields", {})
        earlier = first.get(entity.name, {}).get("fields", {})
        for field in entity.fields:
            for key in ("master", "label", "help", "billing"):
                said = [change[field.name][key] for change in (earlier, later) if key in change.get(field.name, {})]
                if said:
                    assert getattr(field, key) == said[-1]


def test_a_field_can_change_its_master():
    merged = merge(TABLE, {"Account": {"fields": {"Phone": {"master": "billing"}}}})
    assert merged["Account"].field("Phone").master is Side.BILLING
    assert TABLE["Account"].field("Phone").master is Side.SALESFORCE


def test_a_field_can_be_left_out_but_not_one_that_salesforce_needs():
    merged = merge(TABLE, {"Account": {"fields": {"Fax": None}}})
    assert "Fax" not in {column.name for column in columns(merged["Account"])}
    with pytest.raises(OverrideError, match=r"Account\.Name: Salesforce needs this field"):
        merge(TABLE, {"Account": {"fields": {"Name": None}}})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"type": "Text", "length": 12}, Text(12)),
        ({"type": "Number", "precision": 5, "scale": 1}, Number(5, 1)),
        ({"type": "Money"}, Number(15, 2, currency=True)),
        ({"type": "MultiPicklist", "values": ["b", "a", "b"]}, MultiPicklist(("b", "a"))),
        (
            {"type": "Picklist", "values": ["Card"], "restricted": True, "codes": {"C": "Card"}},
            Picklist(values=("Card",), restricted=True, codes=(("C", "Card"),)),
        ),
    ],
)
def test_a_new_field_has_the_kind_that_its_settings_spell(kind, expected):
    merged = merge(TABLE, {"Contact": {"fields": {"Extra__c": {"kind": kind, "billing": "extra"}}}})
    field = merged["Contact"].field("Extra__c")
    assert (field.kind, field.billing, field.master, field.published) == (expected, "extra", Side.SALESFORCE, False)


def test_more_can_be_loaded_initially_when_its_parents_are():
    merged = merge(TABLE, {"Order": {"initial": True}, "OrderItem": {"initial": True}})
    assert merged["OrderItem"].initial


def of_field(name, settings):
    return {"Account": {"fields": {name: settings}}}


def of_kind(**kind):
    return of_field("Extra__c", {"kind": kind, "billing": "extra"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Acount": {}}, "Acount: no such object"),
        ({"Account": {"field": {}}}, "Account: field cannot be overridden"),
        ({"Account": {"initial": "no"}}, "Account.initial: 'no' is not true or false"),
        ({"Account": {"initial": False}}, "Asset.initial: its records need their Account"),
        ({"OrderItem": {"initial": True}}, "OrderItem.initial: its records need their Order"),
        (of_field("Phone", {"mster": "billing"}), "Account.Phone: unknown setting mster"),
        (of_field("Phone", {"master": "both"}), "Account.Phone.master: 'both' is not one of billing, salesforce"),
        (of_field("Phone", {"phase": "later"}), "Account.Phone.phase: 'later' is not one of save, activate"),
        (of_field("Phone", {"required": "yes"}), "Account.Phone.required: 'yes' is not of type bool"),
        (of_field("Phone", {"label": 7}), "Account.Phone.label: 7 is not of type str"),
        (of_field("Phone", {"label": "x" * 41}), "Account.Phone.label: has more than 40 characters"),
        (of_field("Phone", {"help": "a\nb"}), "Account.Phone.help: .* or line breaks"),
        (of_field("Phone", {"billing": " "}), "Account.Phone.billing: is blank"),
        (of_field("Phone", {"published": True}), "unknown setting published"),
        (of_field("Phone", "billing"), "Account.Phone: needs settings"),
        (of_field("Phon", None), "Account.Phon: there is no such field to leave out"),
        (of_field("Extra__c", {"billing": "extra"}), "a new field needs a kind and a billing attribute"),
        (of_field("Extra__c", {"kind": {"type": "Date"}}), "a new field needs a kind and a billing attribute"),
        (of_field("Extra field", {"kind": {"type": "Date"}, "billing": "x"}), "no API name"),
        (of_field("Extra<__c", {"kind": {"type": "Date"}, "billing": "x"}), "no API name"),
        (of_field("phone", {"kind": {"type": "Phone"}, "billing": "x"}), "this name is taken"),
        (of_field("BillingCity", {"kind": {"type": "Phone"}, "billing": "x"}), "this name is taken"),
        (of_field("gentrack_external_id__c", {"kind": {"type": "Phone"}, "billing": "x"}), "this name is taken"),
        ({"Contact": {"fields": {"AccountId": {"kind": {"type": "Phone"}, "billing": "x"}}}}, "this name is taken"),
        (of_field("Billing", {"kind": {"type": "Phone"}}), "an address is written as its parts"),
        (of_kind(type="Txt"), "needs a type, one of Text"),
        (of_kind(length=7), "needs a type, one of Text"),
        (of_kind(type=["Text"]), "needs a type, one of Text"),
        (of_kind(type="Text"), "length: is missing"),
        (of_kind(type="Text", length=0), "length: 0 does not fit"),
        (of_kind(type="Text", length="80"), "length: '80' does not fit"),
        (of_kind(type="Text", length=True), "length: True does not fit"),
        (of_kind(type="Text", length=200_000), "length: 200000 does not fit"),
        (of_kind(type="Date", length=8), "Date has no setting length"),
        (of_kind(type="Number", precision=19), "precision: 19 does not fit"),
        (of_kind(type="Number", precision=4, scale=4), "scale: leaves no digit before the point"),
        (of_kind(type="Picklist", values=[]), "values: .* does not fit"),
        (of_kind(type="Picklist", values=["a;b"]), "values: .* does not fit"),
        (of_kind(type="Picklist", values="ab"), "values: 'ab' does not fit"),
        (of_kind(type="Picklist", restricted=True), "at least one value is needed"),
        (of_kind(type="MultiPicklist"), "at least one value is needed"),
        (of_kind(type="Picklist", values=["a"], codes={"x": "b"}), "'x' stands for 'b', which is none"),
        (of_kind(type="Picklist", values=["a", "b"], codes={"a": "b"}), "'a' is itself a value"),
    ],
)
def test_what_the_table_does_not_know_is_refused_with_its_place(changes, message):
    with pytest.raises(OverrideError, match=message):
        merge(TABLE, changes)
