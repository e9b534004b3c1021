from __future__ import annotations

import pytest


@pytest.fixture
def accounts(make):
    return make("Account", Name="one"), make("Account", Name="two")


def relations(org):
    rows = org.rows("AccountContactRelation")
    return {(row["AccountId"], row["ContactId"]): row["IsDirect"] for row in rows}


def test_a_contact_with_an_account_gets_a_direct_relation_by_itself(org, make, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    assert relations(org) == {(accounts[0], contact): True}
    assert next(org.rows("AccountContactRelation"))["IsActive"] is True


def test_a_private_contact_gets_none(org, make):
    make("Contact", LastName="Ng")
    assert relations(org) == {}


def test_a_former_account_stays_as_an_indirect_relation(org, make, save, accounts):
    one, two = accounts
    contact = make("Contact", LastName="Ng", AccountId=one)
    assert save("update", "Contact", {"Id": contact, "AccountId": two}).success
    assert relations(org) == {(one, contact): False, (two, contact): True}


def test_or_goes_when_the_org_is_set_so(org, make, save, accounts):
    org.settings.keep_former_account_as_indirect = False
    one, two = accounts
    contact = make("Contact", LastName="Ng", AccountId=one)
    save("update", "Contact", {"Id": contact, "AccountId": two})
    assert relations(org) == {(two, contact): True}


def test_an_indirect_relation_turns_direct_when_its_account_becomes_the_contacts(org, make, save, accounts):
    one, two = accounts
    contact = make("Contact", LastName="Ng", AccountId=one)
    make("AccountContactRelation", AccountId=two, ContactId=contact)
    save("update", "Contact", {"Id": contact, "AccountId": two})
    assert relations(org) == {(one, contact): False, (two, contact): True}


def test_there_is_one_relation_a_pair(make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    result = save("insert", "AccountContactRelation", {"AccountId": accounts[0], "ContactId": contact})
    assert result.errors[0].code == "DUPLICATE_VALUE"


def test_a_private_contact_cannot_have_indirect_relations(make, save, accounts):
    contact = make("Contact", LastName="Ng")
    result = save("insert", "AccountContactRelation", {"AccountId": accounts[0], "ContactId": contact})
    assert result.errors[0].code == "FIELD_INTEGRITY_EXCEPTION"


def test_a_contact_with_indirect_relations_cannot_turn_private(org, make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    make("AccountContactRelation", AccountId=accounts[1], ContactId=contact)
    assert not save("update", "Contact", {"Id": contact, "AccountId": None}).success
    assert len(relations(org)) == 2


def test_a_contact_without_any_can_and_loses_the_direct_one(org, make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    assert save("update", "Contact", {"Id": contact, "AccountId": None}).success
    assert relations(org) == {}


@pytest.mark.parametrize("field", ["AccountId", "ContactId", "IsDirect"])
def test_ends_and_directness_cannot_be_updated(org, make, save, accounts, field):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    relation = make("AccountContactRelation", AccountId=accounts[1], ContactId=contact)
    value = {"AccountId": accounts[0], "ContactId": contact, "IsDirect": True}[field]
    result = save("update", "AccountContactRelation", {"Id": relation, field: value})
    assert result.errors[0].code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_direct_relation_cannot_be_deleted_but_an_indirect_one_can(org, make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    indirect = make("AccountContactRelation", AccountId=accounts[1], ContactId=contact)
    direct = next(row["Id"] for row in org.rows("AccountContactRelation") if row["IsDirect"])
    assert save("delete", "AccountContactRelation", {"Id": direct}).errors[0].code == "DELETE_FAILED"
    assert save("delete", "AccountContactRelation", {"Id": indirect}).success


def test_a_deleted_contact_takes_even_its_direct_relation_along(org, make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    assert save("delete", "Contact", {"Id": contact}).success
    assert relations(org) == {}


def test_an_automatic_relation_has_no_external_id_until_one_is_stamped_on(org, make, save, accounts):
    make("Contact", LastName="Ng", AccountId=accounts[0])
    direct = next(org.rows("AccountContactRelation"))
    assert "Ext__c" not in direct
    stamped = save("update", "AccountContactRelation", {"Id": direct["Id"], "Ext__c": "a:c", "Roles": "Other"})
    assert stamped.success
    again = save("upsert", "AccountContactRelation", {"Ext__c": "a:c", "IsActive": False}, external_id="Ext__c")
    assert again.id == direct["Id"]


def test_roles_are_a_restricted_list_kept_in_its_order(org, make, save, accounts):
    contact = make("Contact", LastName="Ng", AccountId=accounts[0])
    roles = {"AccountId": accounts[1], "ContactId": contact, "Roles": "Influencer;Business User"}
    row = org.get("AccountContactRelation", make("AccountContactRelation", **roles))
    assert row["Roles"] == "Business User;Influencer"


def test_an_org_without_the_feature_has_no_such_object_and_makes_no_relations(org, make, accounts):
    org.settings.contacts_to_multiple_accounts = False
    make("Contact", LastName="Ng", AccountId=accounts[0])
    assert "AccountContactRelation" not in org.visible_names()
    assert list(org.rows("AccountContactRelation")) == []
