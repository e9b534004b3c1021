"""What Apex leans on has to be there, and cannot be deleted under it."""

from __future__ import annotations

import pytest

from .conftest import XMLNS

META = f"<{{kind}} {XMLNS}><apiVersion>66.0</apiVersion><status>Active</status></{{kind}}>"
TEXT = "<fullName>Code__c</fullName><label>Code</label><type>Text</type><length>80</length>"
READER = "public class Reader { static SObjectField code = Account.Code__c; /* Account.Nope__c */ }"
TRIGGER = "trigger Watch on Account (after insert) { List<Account> rows = Trigger.new; Reader.read(rows.size()); }"


def apex(**bodies):
    """Files and members of classes, and of triggers, by name."""
    files, members = {}, {}
    for name, body in bodies.items():
        kind = "ApexTrigger" if body.startswith("trigger") else "ApexClass"
        path = f"triggers/{name}.trigger" if kind == "ApexTrigger" else f"classes/{name}.cls"
        files |= {path: body, f"{path}-meta.xml": META.format(kind=kind)}
        members.setdefault(kind, []).append(name)
    return files, members


def deleting(deploy, *manifests, **options):
    return deploy({name: deploy.manifest(members) for name, members in manifests}, {}, **options)


@pytest.mark.parametrize(
    ("bodies", "problem", "line"),
    [
        ({"Reader": READER}, "Field does not exist: Code__c on Account", 1),
        ({"Maker": "class Maker {\n Object o = new Meter__c(); }"}, "Invalid type: Meter__c", 2),
        ({"Maker": "class Maker {\n List<Meter__e> all; }"}, "Invalid type: Meter__e", 2),
        ({"Watch": TRIGGER}, "Variable does not exist: Reader", 1),
    ],
)
def test_apex_that_leans_on_nothing_is_refused_where_it_does(deploy, bodies, problem, line):
    result = deploy(*apex(**bodies))
    (failure,) = result["details"]["componentFailures"]
    assert (result["status"], failure["problem"], failure["lineNumber"]) == ("Failed", problem, line)


def test_what_apex_leans_on_may_come_with_it_in_any_order(deploy):
    files, members = apex(Watch=TRIGGER, Reader=READER)
    files["objects/Account.object"] = f"<CustomObject {XMLNS}><fields>{TEXT}</fields></CustomObject>"
    assert deploy(files, members | {"CustomField": ["Account.Code__c"]})["status"] == "Succeeded"


def test_a_variable_goes_before_an_object_of_its_name(deploy):
    body = "class Maker { void take(Foo account) { Object o = account.Nope__c; } }"
    assert deploy(*apex(Maker=body))["status"] == "Succeeded"


def test_a_field_in_use_cannot_be_deleted_before_the_apex_that_uses_it(deploy, org):
    deploy.fields(TEXT)
    deploy(*apex(Reader=READER))
    field, reader = {"CustomField": ["Account.Code__c"]}, {"ApexClass": ["Reader"]}
    refused = deleting(deploy, ("destructiveChanges.xml", field))
    said = "This custom field is referenced elsewhere in salesforce.com. : Apex Class - Reader"
    assert deploy.problems(refused) == [said]
    late = deleting(deploy, ("destructiveChangesPre.xml", field), ("destructiveChangesPost.xml", reader))
    assert deploy.problems(late) == [said]
    done = deleting(deploy, ("destructiveChangesPre.xml", reader), ("destructiveChangesPost.xml", field))
    assert done["status"] == "Succeeded"
    assert org.schema.sobject("Account").field("Code__c") is None


def test_a_class_in_use_goes_only_together_with_what_uses_it(deploy):
    deploy.fields(TEXT)
    deploy(*apex(Reader=READER, Watch=TRIGGER))
    alone = deleting(deploy, ("destructiveChanges.xml", {"ApexClass": ["Reader"]}))
    assert deploy.problems(alone) == [
        "This apex class is referenced elsewhere in Salesforce. Remove the usage and try again. : Apex Trigger - Watch"
    ]
    both = deleting(deploy, ("destructiveChanges.xml", {"ApexClass": ["Reader"], "ApexTrigger": ["Watch"]}))
    assert both["status"] == "Succeeded"


def test_a_permission_set_that_somebody_holds_cannot_be_deleted(deploy, caller, org):
    files = {"permissionsets/P.permissionset": f"<PermissionSet {XMLNS}><label>P</label></PermissionSet>"}
    deploy(files, {"PermissionSet": ["P"]})
    org.directory.assign(caller.user.id, "P")
    refused = deleting(deploy, ("destructiveChanges.xml", {"PermissionSet": ["P"]}))
    assert deploy.problems(refused) == ["The permission set P is assigned to 1 users and can't be deleted"]
    assert "P" in org.directory.permission_sets


def test_deletions_without_pre_or_post_come_before_the_rest(deploy, org):
    deploy.fields(TEXT)
    changed = TEXT.replace("80", "20")
    files = {
        "objects/Account.object": f"<CustomObject {XMLNS}><fields>{changed}</fields></CustomObject>",
        "destructiveChanges.xml": deploy.manifest({"CustomField": ["Account.Code__c"]}),
    }
    assert deploy(files, {"CustomField": ["Account.Code__c"]})["status"] == "Succeeded"
    assert org.schema.sobject("Account").field("Code__c").length == 20
