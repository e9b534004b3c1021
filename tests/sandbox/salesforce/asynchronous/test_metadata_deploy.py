from __future__ import annotations

import datetime as dt

import pytest

from salesbridge.sandbox.salesforce.metadata_store import metadata_store

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
TEXT = "<fullName>Code__c</fullName><label>Code</label><type>Text</type><length>80</length>"
CLASS = "public class Hello { /* { */ String s = '}'; }"
CLASS_META = f"<ApexClass {XMLNS}><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
TRIGGER = "trigger Watch on Account (after insert, before update) { System.debug('x'); }"
TRIGGER_META = f"<ApexTrigger {XMLNS}><apiVersion>66.0</apiVersion><status>{{}}</status></ApexTrigger>"

NO_TYPE = "The file is in no directory, or has no suffix, of a metadata type this org deploys"
MISSING = (
    "An object 'Account.Gone__c' of type CustomField was named in package.xml, but was not found in zipped directory"
)
UNKNOWN = (
    "Error parsing file: Element {http://soap.sforce.com/2006/04/metadata}colour invalid at this location in type "
    "CustomObject"
)


def test_a_deployment_starts_pending_and_succeeds(deploy, org):
    answer = deploy.post(
        deploy.zip(
            {
                "objects/Account.object": f"<CustomObject {XMLNS}><fields>{TEXT}</fields></CustomObject>",
                "package.xml": deploy.manifest({"CustomField": ["Account.Code__c"]}),
            }
        )
    )
    body = answer.json()
    assert answer.status_code == 201
    assert body["id"].startswith("0Af")
    assert (body["deployResult"]["status"], body["deployResult"]["done"]) == ("Pending", False)
    assert body["deployOptions"]["singlePackage"] is True
    result = deploy.wait(body["id"])
    assert (result["status"], result["success"], result["done"]) == ("Succeeded", True, True)
    (made,) = result["details"]["componentSuccesses"]
    assert (made["componentType"], made["fullName"], made["created"]) == ("CustomField", "Account.Code__c", True)
    assert made["fileName"] == "objects/Account.object"
    field = org.schema.sobject("Account").field("code__c")
    assert (field.type, field.length, field.custom, field.label) == ("string", 80, True, "Code")


def test_a_deployed_field_is_hidden_until_a_permission_set_grants_it(caller, deploy, org):
    deploy.fields(TEXT)
    assert "Field name not found : Code__c" in caller.load("Name,Code__c\nA,1\n", operation="insert")["errorMessage"]
    grants = (
        "<fieldPermissions><editable>true</editable><field>Account.Code__c</field><readable>true</readable>"
        "</fieldPermissions><label>Grants</label>"
    )
    files = {"permissionsets/Grants.permissionset": f"<PermissionSet {XMLNS}>{grants}</PermissionSet>"}
    assert deploy(files, {"PermissionSet": ["Grants"]})["status"] == "Succeeded"
    (row,) = org.find("PermissionSet", "Name", "Grants")
    assignment = {"PermissionSetId": row["Id"], "AssigneeId": caller.user.id}
    (saved,) = org.save("insert", "PermissionSetAssignment", [assignment], user=caller.user.id)
    assert saved.success
    assert caller.load("Name,Code__c\nA,1\n", operation="insert")["state"] == "JobComplete"
    (again,) = org.save("insert", "PermissionSetAssignment", [assignment], user=caller.user.id)
    assert again.errors[0].code == "DUPLICATE_VALUE"
    org.save("delete", "PermissionSetAssignment", [{"Id": saved.id}], user=caller.user.id)
    assert caller.load("Name,Code__c\nA,1\n", operation="insert")["state"] == "Failed"


def test_a_field_that_may_only_be_read_is_described_as_one_that_cannot_be_written(caller, deploy, org):
    deploy.fields(TEXT)
    grants = (
        "<fieldPermissions><editable>false</editable><field>Account.Code__c</field><readable>true</readable>"
        "</fieldPermissions><label>Reads</label>"
    )
    files = {"permissionsets/Reads.permissionset": f"<PermissionSet {XMLNS}>{grants}</PermissionSet>"}
    assert deploy(files, {"PermissionSet": ["Reads"]})["status"] == "Succeeded"
    (row,) = org.find("PermissionSet", "Name", "Reads")
    assignment = {"PermissionSetId": row["Id"], "AssigneeId": caller.user.id}
    org.save("insert", "PermissionSetAssignment", [assignment], user=caller.user.id)
    described = caller("GET", "/sobjects/Account/describe").json()
    rights = {each["name"]: (each["createable"], each["updateable"]) for each in described["fields"]}
    assert (rights["Code__c"], rights["Name"]) == ((False, False), (True, True))


def test_a_second_identical_deployment_changes_nothing(deploy):
    deploy.fields(TEXT)
    (field, _) = sorted(deploy.fields(TEXT)["details"]["componentSuccesses"], key=lambda each: each["componentType"])
    assert (field["created"], field["changed"]) == (False, False)
    assert field["id"].startswith("00N")


def test_validation_only_leaves_the_org_as_it_was(deploy, org):
    result = deploy.fields(TEXT, checkOnly=True)
    assert (result["status"], result["checkOnly"]) == ("Succeeded", True)
    assert org.schema.sobject("Account").field("Code__c") is None


@pytest.mark.parametrize(("rollback", "status", "there"), [(True, "Failed", False), (False, "SucceededPartial", True)])
def test_rollback_on_error_decides_whether_the_good_parts_stay(deploy, org, rollback, status, there):
    result = deploy.fields(TEXT, TEXT.replace("Code__c", "Bad__c").replace("80", "999"), rollbackOnError=rollback)
    assert result["status"] == status
    assert result["numberComponentErrors"] == 1
    assert (org.schema.sobject("Account").field("Code__c") is not None) is there


def test_a_failure_names_its_file_and_place(deploy):
    (failure,) = deploy.fields(TEXT.replace("80", "999"))["details"]["componentFailures"]
    assert failure["problem"] == "length must be between 1 and 255, was 999"
    assert (failure["problemType"], failure["lineNumber"], failure["success"]) == ("Error", 1, False)
    assert failure["fileName"] == "objects/Account.object"


@pytest.mark.parametrize(
    ("files", "members", "problem"),
    [
        (
            {"objects/Account.object": f"<CustomObject {XMLNS}><fields>{TEXT}</fields></CustomObject>"},
            {},
            "Not in package.xml",
        ),
        ({"classes/Hello.cls": CLASS, "classes/Hello.cls-meta.xml": CLASS_META}, {}, "Not in package.xml"),
        (
            {"pages/x.page": "x"},
            {},
            NO_TYPE,
        ),
        (
            {},
            {"CustomField": ["Account.Gone__c"]},
            MISSING,
        ),
        ({}, {"Nonsense": ["X"]}, "Unknown type name 'Nonsense' specified in package.xml"),
        (
            {"objects/Account.object": f"<CustomObject {XMLNS}><colour>red</colour></CustomObject>"},
            {"CustomObject": ["Account"]},
            UNKNOWN,
        ),
        (
            {"objects/Account.object": "<CustomObject>"},
            {"CustomObject": ["Account"]},
            "Error parsing file: no element found",
        ),
        (
            {"objects/Account.object": f'<!DOCTYPE x [<!ENTITY a "b">]><CustomObject {XMLNS}/>'},
            {"CustomObject": ["Account"]},
            "Error parsing file: DOCTYPE is disallowed",
        ),
        (
            {"classes/Hello.cls": CLASS},
            {"ApexClass": ["Hello"]},
            "The required file classes/Hello.cls-meta.xml is missing from the zip file",
        ),
        (
            {"classes/Hello.cls": CLASS + "}", "classes/Hello.cls-meta.xml": CLASS_META},
            {"ApexClass": ["Hello"]},
            "Unexpected token '}'.",
        ),
        (
            {"classes/Other.cls": CLASS, "classes/Other.cls-meta.xml": CLASS_META},
            {"ApexClass": ["Other"]},
            "Class name is not the file's name: Hello",
        ),
        (
            {
                "triggers/Watch.trigger": TRIGGER.replace("Account", "Nope__e"),
                "triggers/Watch.trigger-meta.xml": TRIGGER_META.format("Active"),
            },
            {"ApexTrigger": ["Watch"]},
            "Invalid type: Nope__e",
        ),
    ],
)
def test_a_package_that_does_not_add_up_fails(deploy, files, members, problem):
    result = deploy(files, members)
    assert result["status"] == "Failed"
    assert deploy.problems(result) == [problem]


def test_manifest_trouble_fails_the_deployment(deploy):
    for data, problem in (
        (deploy.zip({"x/package.xml": deploy.manifest({})}), "No package.xml found"),
        (deploy.zip({"package.xml": deploy.manifest({}, "20.0")}), "Invalid version specified: 20.0"),
        (b"no zip", "The file is not a zip file that can be read"),
    ):
        result = deploy.wait(deploy.post(data).json()["id"])
        assert (result["status"], deploy.problems(result)) == ("Failed", [problem])


def test_a_zip_of_several_packages_needs_single_package_false(deploy, org):
    files = {
        "unpackaged/package.xml": deploy.manifest({"CustomObject": ["Account"]}),
        "unpackaged/objects/Account.object": f"<CustomObject {XMLNS}><fields>{TEXT}</fields></CustomObject>",
    }
    result = deploy.wait(deploy.post(deploy.zip(files), singlePackage=False).json()["id"])
    assert result["details"]["componentSuccesses"][0]["fileName"] == "unpackaged/objects/Account.object"
    assert org.schema.sobject("Account").field("Code__c")


def test_apex_is_kept_with_its_status_and_not_run(deploy, org):
    files = {
        "classes/Hello.cls": CLASS,
        "classes/Hello.cls-meta.xml": CLASS_META,
        "triggers/Watch.trigger": TRIGGER,
        "triggers/Watch.trigger-meta.xml": TRIGGER_META.format("Inactive"),
    }
    assert deploy(files, {"ApexClass": ["*"], "ApexTrigger": ["Watch"]})["status"] == "Succeeded"
    trigger = metadata_store(org).triggers["Watch"]
    assert (trigger.status, trigger.table) == ("Inactive", "Account")
    assert trigger.events == {"after insert", "before update"}
    assert metadata_store(org).classes["Hello"].body == CLASS


def test_unknown_options_and_parts_are_refused(deploy, caller):
    assert deploy.post(b"", colour=True).status_code == 400
    assert deploy.post(b"", checkOnly="yes").status_code == 400
    assert deploy.post(b"", testLevel="Some").status_code == 400
    assert deploy.post(b"", testLevel="RunSpecifiedTests").status_code == 400
    assert (
        caller("POST", "/metadata/deployRequest", files={"file": ("a.zip", b"", "application/zip")}).status_code == 400
    )
    assert caller("POST", "/metadata/deployRequest", content=b"x").status_code == 415
    assert caller("GET", "/metadata/deployRequest/0Af000000000000AAA").status_code == 404


def test_a_production_org_demands_rollback_and_tests(deploy, org):
    org.settings.sandbox = False
    assert deploy.post(b"", rollbackOnError=False).status_code == 400
    assert deploy.post(b"", testLevel="NoTestRun").status_code == 400
    assert deploy.post(b"").status_code == 201


def test_deploying_needs_the_permission(deploy, caller):
    caller.user.permissions.clear()
    answer = deploy.post(b"")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")


def test_a_running_deployment_can_be_canceled_once(deploy, caller, org):
    metadata_store(org).settings.pending_seconds = 60
    data = deploy.zip({"package.xml": deploy.manifest({})})
    url = f"/metadata/deployRequest/{deploy.post(data).json()['id']}"
    assert caller("PATCH", url, json={"deployResult": {"status": "Failed"}}).status_code == 400
    answer = caller("PATCH", url, json={"deployResult": {"status": "Canceling"}})
    assert (answer.status_code, answer.json()["deployResult"]["status"]) == (202, "Canceling")
    result = deploy.wait(answer.json()["id"])
    assert (result["status"], result["canceledBy"]) == ("Canceled", caller.user.id)
    assert caller("PATCH", url, json={"deployResult": {"status": "Canceling"}}).status_code == 400


def test_a_recent_tested_validation_can_be_deployed_quickly(deploy, caller, org):
    files = {
        "objects/Account.object": f"<CustomObject {XMLNS}><fields>{TEXT}</fields></CustomObject>",
        "package.xml": deploy.manifest({"CustomObject": ["Account"]}),
    }
    untested = deploy.post(deploy.zip(files), checkOnly=True).json()["id"]
    deploy.wait(untested)
    quick = {"validatedDeployRequestId": untested}
    assert caller("POST", "/metadata/deployRequest", json=quick).status_code == 404
    tested = deploy.post(deploy.zip(files), checkOnly=True, testLevel="RunLocalTests").json()["id"]
    deploy.wait(tested)
    answer = caller("POST", "/metadata/deployRequest", json={"validatedDeployRequestId": tested})
    assert answer.status_code == 201
    assert answer.json()["id"] != tested
    assert deploy.wait(answer.json()["id"])["status"] == "Succeeded"
    assert org.schema.sobject("Account").field("Code__c")
    now = org.clock()
    org.clock = lambda: now + dt.timedelta(days=11)
    org.settings.session_timeout = 1e9
    assert caller("POST", "/metadata/deployRequest", json={"validatedDeployRequestId": tested}).status_code == 404
