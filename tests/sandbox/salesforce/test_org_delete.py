from __future__ import annotations


def test_a_deleted_row_leaves_the_live_ones_and_can_be_taken_back(org, make, save):
    id_ = make("Account", Name="n", Ext__c="A1")
    assert save("delete", "Account", {"Id": id_[:15]}).success
    assert org.get("Account", id_) is None
    assert [row["IsDeleted"] for row in org.rows("Account", deleted=True)] == [True]
    assert org.find("Account", "Ext__c", "A1") == []
    assert save("undelete", "Account", {"Id": id_}).success
    assert org.find("Account", "Ext__c", "A1")[0]["IsDeleted"] is False


def test_a_deleted_row_is_told_apart_from_one_that_never_was(make, save):
    id_ = make("Account", Name="n")
    save("delete", "Account", {"Id": id_})
    assert save("delete", "Account", {"Id": id_}).errors[0].code == "ENTITY_IS_DELETED"
    assert save("update", "Account", {"Id": id_}).errors[0].code == "ENTITY_IS_DELETED"
    assert save("delete", "Account", {"Id": "x"}).errors[0].code == "MALFORMED_ID"


def test_an_accounts_contacts_and_relations_go_with_it_and_come_back_with_it(org, make, save):
    account = make("Account", Name="n")
    make("Contact", LastName="Ng", AccountId=account)
    assert save("delete", "Account", {"Id": account}).success
    assert (org.count("Contact"), org.count("AccountContactRelation")) == (0, 0)
    assert save("undelete", "Account", {"Id": account}).success
    assert (org.count("Contact"), org.count("AccountContactRelation")) == (1, 1)


def test_a_child_that_may_live_alone_loses_its_parent(org, make, save):
    parent = make("Account", Name="p")
    child = make("Account", Name="c", ParentId=parent)
    assert save("delete", "Account", {"Id": parent}).success
    assert "ParentId" not in org.get("Account", child)


def test_a_unique_value_taken_meanwhile_stops_an_undelete(make, save):
    id_ = make("Account", Name="n", Ext__c="A1")
    save("delete", "Account", {"Id": id_})
    make("Account", Name="m", Ext__c="A1")
    assert save("undelete", "Account", {"Id": id_}).errors[0].code == "DUPLICATE_VALUE"


def test_a_refused_cascade_deletes_nothing(org, make, save):
    account = make("Account", Name="n")
    contract = make("Contract", AccountId=account)
    assert save("update", "Contract", {"Id": contract, "Status": "Activated"}).success
    assert save("delete", "Account", {"Id": account}).errors[0].code == "DELETE_FAILED"
    assert org.get("Account", account) is not None
