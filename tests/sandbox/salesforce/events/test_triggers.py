from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from sample_package import event_package, install_events

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.bulk import ingest_jobs
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.schema import Field

KEY = "Gentrack_External_Id__c"
TOPIC = "/event/Gentrack_Object_Event__e"
LONG = "Story__c"


@pytest.fixture
def told(heard):
    """Operation and object of every event so far."""
    return lambda: [each[:2] for each in heard()]


def test_an_insert_tells_the_new_record(save, heard, user):
    id_ = save("insert", "Account", Name="Acme")
    [(operation, sobject, old, new)] = heard()
    assert (operation, sobject, old) == ("insert", "Account", None)
    assert new["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{id_}"}
    assert (new["Id"], new["Name"], new["LastModifiedById"]) == (id_, "Acme", user)


def test_moments_are_written_as_salesforce_does(save, heard):
    save("insert", "Account", Name="Acme")
    new = heard()[0][3]
    for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", new[name])
        assert datetime.fromisoformat(new[name])


def test_an_update_tells_the_record_before_and_after(save, heard):
    id_ = save("insert", "Account", Name="Acme", Phone="1")
    save("update", "Account", Id=id_, Phone="2")
    operation, _, old, new = heard()[1]
    assert (operation, old["Phone"], new["Phone"]) == ("update", "1", "2")


def test_a_null_field_is_left_out_as_apex_leaves_it_out(save, heard):
    id_ = save("insert", "Account", Name="Acme", Phone="1")
    save("update", "Account", Id=id_, Phone=None)
    _, _, old, new = heard()[1]
    assert old["Phone"] == "1"
    assert "Phone" not in new


def test_a_delete_tells_the_old_record_and_an_undelete_the_new(save, heard):
    id_ = save("insert", "Account", Name="Acme")
    save("delete", "Account", Id=id_)
    save("undelete", "Account", Id=id_)
    (_, _, old, nothing), (_, _, none, new) = heard()[1:]
    assert (nothing, none) == (None, None)
    assert old["IsDeleted"] is False
    assert new["IsDeleted"] is False
    assert [each[0] for each in heard()] == ["insert", "delete", "undelete"]


def test_the_event_is_created_by_whoever_saved(demo, save, org, bus):
    id_ = save("insert", "Account", Name="Acme")
    org.save("delete", "Account", [{"Id": id_}], user=demo.person.id)
    assert [each["CreatedById"] for each in bus.values(TOPIC)] == [demo.integration.id, demo.person.id]


def test_an_upsert_is_an_insert_or_an_update(org, user, told):
    org.schema.add_field("Account", Field(KEY, "Key", "string", length=20, external_id=True, unique=True))
    for name in ("one", "two"):
        org.save("upsert", "Account", [{KEY: "k", "Name": name}], user=user, external_id=KEY)
    assert told() == [("insert", "Account"), ("update", "Account")]


def test_a_new_contacts_relation_is_told_before_the_contact(save, told):
    account = save("insert", "Account", Name="Acme")
    save("insert", "Contact", LastName="Doe", AccountId=account)
    assert told()[1:] == [("insert", "AccountContactRelation"), ("insert", "Contact")]


def test_moving_a_contact_tells_what_becomes_of_its_relations(save, told):
    first, second = (save("insert", "Account", Name=name) for name in "ab")
    contact = save("insert", "Contact", LastName="Doe", AccountId=first)
    before = len(told())
    save("update", "Contact", Id=contact, AccountId=second)
    relation = "AccountContactRelation"
    assert told()[before:] == [("update", relation), ("insert", relation), ("update", "Contact")]


def test_what_a_delete_takes_along_is_not_told(save, told):
    account = save("insert", "Account", Name="Acme")
    save("insert", "Contact", LastName="Doe", AccountId=account)
    save("delete", "Account", Id=account)
    assert [each for each in told() if each[0] == "delete"] == [("delete", "Account")]


def test_a_refused_record_is_not_told(org, user, heard):
    org.save("insert", "Account", [{"Name": "good"}, {}], user=user)
    assert [each[3]["Name"] for each in heard()] == ["good"]


def test_a_record_too_long_for_the_field_is_told_by_its_keys(org, save, heard):
    org.schema.add_field("Account", Field(KEY, "Key", "string", length=20, external_id=True))
    org.schema.add_field("Account", Field(LONG, "Story", "textarea", length=131_072, custom=False))
    id_ = save("insert", "Account", **{"Name": "Acme", KEY: "k1", LONG: "x" * 40_000})
    assert heard()[0][3] == {
        "attributes": {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{id_}"},
        "Id": id_,
        KEY: "k1",
        "Truncated": True,
    }


# -- by every way in -------------------------------------------------------------------------------------------------


def test_rest_collections_and_composite_are_told(http, told):
    id_ = http.post("/sobjects/Account", json={"Name": "a"}).json()["id"]
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in "bc"]
    http.post("/composite/sobjects", json={"records": records})
    part = {"method": "PATCH", "url": f"/services/data/v66.0/sobjects/Account/{id_}", "referenceId": "r"}
    http.post("/composite", json={"compositeRequest": [{**part, "body": {"Phone": "1"}}]})
    http.delete(f"/sobjects/Account/{id_}")
    assert [each[0] for each in told()] == ["insert", "insert", "insert", "update", "delete"]


def test_bulk_rows_are_told_one_by_one(http, org, heard):
    job = http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    url = f"/jobs/ingest/{job['id']}"
    rows = "Name\n" + "".join(f"n{number}\n" for number in range(250))
    http.put(f"{url}/batches", content=rows.encode(), headers={"Content-Type": "text/csv"})
    http.patch(url, json={"state": "UploadComplete"})
    assert ingest_jobs(org).get(job["id"]).finished.wait(30)
    ingest_jobs(org).close()
    assert sorted(each[3]["Name"] for each in heard()) == sorted(f"n{number}" for number in range(250))


def test_what_a_rollback_undoes_is_not_told(http, told):
    records = [{"attributes": {"type": "Account"}, "Name": "a"}, {"attributes": {"type": "Account"}}]
    http.post("/composite/sobjects", json={"allOrNone": True, "records": records})
    assert told() == []


def test_events_come_out_when_the_whole_transaction_commits(org, user, told):
    with org.transaction(user):
        org.save("insert", "Account", [{"Name": "a"}], user=user)
        assert told() == []
    assert told() == [("insert", "Account")]


def test_an_abandoned_transaction_tells_nothing(org, user, told):
    def abandoned():
        with org.transaction(user):
            org.save("insert", "Account", [{"Name": "a"}], user=user)
            raise LookupError

    with pytest.raises(LookupError):
        abandoned()
    assert told() == []


def test_an_event_before_its_commit_outlives_the_failed_save(org, user, heard):
    org.faults.arm("event_before_commit")
    [result] = org.save("insert", "Account", [{"Name": "ghost"}], user=user)
    assert result.errors[0].code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert org.count("Account") == 0
    assert [each[3]["Name"] for each in heard()] == ["ghost"]
    assert org.save("insert", "Account", [{"Name": "real"}], user=user)[0].success


# -- on and off ------------------------------------------------------------------------------------------------------


def test_triggers_deployed_inactive_tell_nothing(org, save, told):
    install_events(org, active=False)
    save("insert", "Account", Name="quiet")
    install_events(org)
    save("insert", "Account", Name="loud")
    assert told() == [("insert", "Account")]


def test_a_deployment_over_rest_switches_triggers_off(http, org, save, told):
    data = event_package(["Account"], active=False)
    options = '{"deployOptions": {"singlePackage": true, "rollbackOnError": true}}'
    files = {"json": (None, options, "application/json"), "file": ("deploy.zip", data, "application/zip")}
    id_ = http.post("/metadata/deployRequest", files=files).json()["id"]
    assert metadata_store(org).deployments[id_].finished.wait(10)
    save("insert", "Account", Name="quiet")
    save("insert", "Contact", LastName="loud")
    assert told() == [("insert", "Contact")]


def test_the_header_of_a_trigger_says_what_it_hears(org, save, told):
    store = metadata_store(org)
    known = store.triggers["AccountTrigger"]
    store.triggers = store.triggers | {known.name: replace(known, events=frozenset({"after update"}))}
    id_ = save("insert", "Account", Name="a")
    save("update", "Account", Id=id_, Name="b")
    save("delete", "Account", Id=id_)
    assert told() == [("update", "Account")]


@pytest.mark.parametrize("missing", ["GentrackCallout", "event"])
def test_without_the_class_or_the_event_nothing_is_told(org, save, missing):
    if missing == "event":
        org.schema.remove_sobject("Gentrack_Object_Event__e")
    else:
        store = metadata_store(org)
        store.classes = {name: each for name, each in store.classes.items() if name != missing}
    save("insert", "Account", Name="a")
    assert not any(org.bus.values(each) for each in org.bus.topics())


def test_a_trigger_may_reach_the_class_through_others(save, told, rewrite):
    rewrite(TriggerHandler="public class TriggerHandler { Callouts.run(); }")
    save("insert", "Account", Name="quiet")
    rewrite(Callouts="class Callouts { GentrackCallout.x(); }")
    save("insert", "Account", Name="loud")
    assert told() == [("insert", "Account")]


def test_a_trigger_that_does_something_else_tells_nothing(org, save, told):
    store = metadata_store(org)
    body = "trigger AccountTrigger on Account (after insert) { Other.run(); } // TriggerHandler"
    known = store.triggers["AccountTrigger"]
    store.triggers = store.triggers | {known.name: replace(known, body=body)}
    save("insert", "Account", Name="a")
    assert told() == []


def test_objects_without_a_trigger_are_not_told(save, told):
    save("insert", "Product2", Name="Lamp")
    assert told() == []


HANDLER = """
public class TriggerHandler {
    // FeatureManagement.checkPermission('Nobody') is not asked
    public static void run() {
        if (!FeatureManagement.checkPermission(Named.BYPASS)) {
            GentrackCallout.publish();
        }
    }
}
"""
NAMED = "public class Named { public static final String BYPASS = 'Quiet'; }"
FIELDS = """
public class Fields {
    static final Map<SObjectType, List<SObjectField>> FIELDS = new Map<SObjectType, List<SObjectField>>{
        Account.SObjectType => new List<SObjectField>{
            Account.Name,
            Account.Phone
        }
    };
}
"""


@pytest.fixture
def rewrite(org):
    """Put other Apex in the place of what is deployed, by name."""

    def put(**bodies):
        store = metadata_store(org)
        model = store.classes["TriggerHandler"]
        store.classes = store.classes | {name: replace(model, name=name, body=body) for name, body in bodies.items()}

    return put


def hold(org, user, name, *custom):
    org.directory.add_permission_set(PermissionSet(name, custom=frozenset(custom)))
    org.directory.assign(user, name)


def test_who_holds_the_custom_permission_that_the_handler_asks_for_is_not_told(demo, org, save, told, rewrite):
    rewrite(TriggerHandler=HANDLER, Named=NAMED)
    save("insert", "Account", Name="before")
    hold(org, demo.integration.id, "Loader", "Quiet")
    save("insert", "Account", Name="quiet")
    org.save("insert", "Account", [{"Name": "loud"}], user=demo.person.id)
    assert told() == [("insert", "Account")] * 2


def test_another_custom_permission_or_a_comment_bypasses_nothing(org, user, save, told, rewrite):
    rewrite(TriggerHandler=HANDLER, Named=NAMED)
    hold(org, user, "Other", "Nobody")
    save("insert", "Account", Name="loud")
    assert told() == [("insert", "Account")]


def test_apex_that_asks_for_no_permission_tells_of_everybody(org, user, save, told):
    hold(org, user, "Loader", "Quiet", "Gentrack_Bypass")
    save("insert", "Account", Name="loud")
    assert told() == [("insert", "Account")]


def test_apex_that_lists_fields_tells_the_changed_ones_of_them_and_the_keys(save, heard, rewrite):
    rewrite(TriggerHandler=HANDLER + "// Fields", Named=NAMED)
    id_ = save("insert", "Account", Name="whole", Site="x")
    assert heard()[0][3]["Site"] == "x", "named in a comment only"
    rewrite(TriggerHandler=HANDLER.replace("public static void", "Fields mapped; public static void"), Fields=FIELDS)
    save("update", "Account", Id=id_, Site="y")
    save("update", "Account", Id=id_, Phone="1")
    [(operation, _, old, new)] = heard()[1:]
    assert (operation, old["Phone"], new["Phone"]) == ("update", None, "1")
    assert set(new) == {"Id", KEY, "SystemModstamp", "LastModifiedDate", "LastModifiedById", "Phone"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", new["LastModifiedDate"])


def test_fields_hidden_from_the_user_are_told_all_the_same(demo, org, save, heard):
    org.schema.add_field("Account", Field("Secret__c", "Secret", "string", length=9, custom=True))
    grant = PermissionSet("Secrets", fields={"Account.Secret__c": FieldPermission(readable=True, editable=True)})
    org.directory.add_permission_set(grant)
    org.directory.assign(demo.person.id, "Secrets")
    made = org.save("insert", "Account", [{"Name": "a", "Secret__c": "x"}], user=demo.person.id)[0]
    save("update", "Account", Id=made.id, Phone="1")
    assert heard()[1][3]["Secret__c"] == "x"
