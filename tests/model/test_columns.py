"""Columns, headers and select lists follow from the table, in its order."""

import pytest

from salesbridge.model import EXTERNAL_ID, TABLE, Phase, Side, columns, header, select_list
from salesbridge.model.kinds.address import PARTS

EVERY_ENTITY = pytest.mark.parametrize("entity", TABLE.entities, ids=lambda entity: entity.name)


@EVERY_ENTITY
def test_every_field_is_one_column_and_an_address_is_its_parts(entity):
    names = []
    for field in entity.fields:
        names += [field.name + part.suffix for part in PARTS] if field.address else [field.name]
    assert [column.name for column in columns(entity)] == names
    for column in columns(entity):
        assert column.field in entity.fields
        assert (column.master, column.phase) == (column.field.master, column.field.phase)
        assert (column.part is not None) == column.field.address


@EVERY_ENTITY
def test_the_two_phases_share_out_the_columns_that_billing_knows(entity):
    save, activate = header(entity), header(entity, Phase.ACTIVATE)
    assert save == header(entity, Phase.SAVE)
    assert save[0] == activate[0] == EXTERNAL_ID
    above = [parent.column for parent in entity.parents] + [name for name, _ in entity.facts]
    assert list(save[1 : 1 + len(above)]) == above
    own = [*save[1 + len(above) :], *activate[1:]]
    assert sorted(own) == sorted(column.name for column in columns(entity) if column.attributes)
    assert all(column.phase is Phase.ACTIVATE for column in columns(entity) if column.name in activate)


@EVERY_ENTITY
def test_a_whole_record_is_read_back_with_its_parents_and_with_what_billing_does_not_know(entity):
    parents = [f"{parent.relationship}.{EXTERNAL_ID}" for parent in entity.parents]
    assert list(select_list(entity)) == ["Id", EXTERNAL_ID, *parents, *(column.name for column in columns(entity))]


def test_the_parts_of_an_account_address_and_what_billing_calls_them():
    parts = {column.name: column.attributes for column in columns(TABLE["Account"]) if column.part}
    assert parts == {
        "BillingStreet": ("address_line1", "address_line2", "address_locality"),
        "BillingCity": ("address_city",),
        "BillingState": ("address_region",),
        "BillingPostalCode": ("address_postcode",),
        "BillingCountry": ("address_country",),
    }


def test_only_contracts_and_orders_are_activated_by_themselves():
    activated = {entity.name: header(entity, Phase.ACTIVATE)[1:] for entity in TABLE.entities}
    assert {name: own for name, own in activated.items() if own} == {"Contract": ("Status",), "Order": ("Status",)}


def test_a_field_without_a_billing_attribute_has_no_attributes_and_no_place_in_the_header():
    (link,) = (column for column in columns(TABLE["Account"]) if column.name == "Gentrack_Link__c")
    assert (link.attributes, link.master) == ((), Side.BILLING)
    assert "Gentrack_Link__c" not in header(TABLE["Account"])
