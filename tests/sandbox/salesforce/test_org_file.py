from __future__ import annotations

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.demo import demo_org

from .conftest import external_id


def test_an_org_in_a_file_survives_its_process(tmp_path):
    first = demo_org(tmp_path / "org.db")
    first.org.schema.add_field("Account", external_id())
    granted = {"Account.Ext__c": FieldPermission(readable=True, editable=True)}
    first.org.directory.add_permission_set(PermissionSet("Keys", "Keys", granted, custom=frozenset({"Quiet"})))
    first.org.directory.assign(first.integration.id, "Keys")
    user = first.integration.id
    kept, gone = first.org.save("insert", "Account", [{"Name": "a", "Ext__c": "1"}, {"Name": "b"}], user=user)
    contract = first.org.save("insert", "Contract", [{"AccountId": kept.id}], user=user)[0]
    first.org.save("delete", "Account", [{"Id": gone.id}], user=user)
    first.org.close()

    second = demo_org(tmp_path / "org.db")
    org = second.org
    assert second.integration.id == user
    assert org.find("Account", "Ext__c", "1")[0]["Id"] == kept.id
    assert org.count("Account") == 1
    assert org.count("User") == 2
    assert org.directory.permission_sets["Keys"].custom == {"Quiet"}
    new = org.save("insert", "Account", [{"Name": "c"}], user=user)[0]
    assert new.id > gone.id
    number = org.save("insert", "Contract", [{"AccountId": kept.id}], user=user)[0]
    assert org.get("Contract", contract.id)["ContractNumber"] == "00000001"
    assert org.get("Contract", number.id)["ContractNumber"] == "00000002"
    org.close()


def test_a_rolled_back_row_never_reaches_the_file(tmp_path):
    first = demo_org(tmp_path / "org.db")
    records = [{"Name": "a"}, {"Phone": "1"}]
    first.org.save("insert", "Account", records, user=first.integration.id, all_or_none=True)
    first.org.close()
    second = demo_org(tmp_path / "org.db")
    assert second.org.count("Account") == 0
    second.org.close()
