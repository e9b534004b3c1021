from __future__ import annotations

import pytest

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
TRIGGER = "trigger Watch on Account (after insert, before update) { /* nothing */ }"


@pytest.fixture
def ask(caller):
    def query(soql):
        answer = caller("GET", "/tooling/query", params={"q": soql})
        return answer.json()["records"] if answer.status_code == 200 else answer.json()[0]

    return query


@pytest.fixture
def apex(deploy):
    def put(status):
        meta = "<apiVersion>66.0</apiVersion><status>{}</status>"
        files = {
            "triggers/Watch.trigger": TRIGGER,
            "triggers/Watch.trigger-meta.xml": f"<ApexTrigger {XMLNS}>{meta.format(status)}</ApexTrigger>",
            "classes/Hello.cls": "public class Hello {}",
            "classes/Hello.cls-meta.xml": f"<ApexClass {XMLNS}>{meta.format('Active')}</ApexClass>",
        }
        assert deploy(files, {"ApexTrigger": ["*"], "ApexClass": ["*"]})["status"] == "Succeeded"

    return put


def test_a_trigger_s_status_follows_the_last_deployment(apex, ask):
    soql = "SELECT Id, Name, TableEnumOrId, Status, UsageAfterInsert, UsageBeforeInsert FROM ApexTrigger"
    apex("Active")
    (row,) = ask(soql + " WHERE Status = 'Active'")
    url = f"/services/data/v66.0/tooling/sobjects/ApexTrigger/{row['Id']}"
    assert row.pop("attributes") == {"type": "ApexTrigger", "url": url}
    assert row.pop("Id").startswith("01q")
    assert row == {
        "Name": "Watch",
        "TableEnumOrId": "Account",
        "Status": "Active",
        "UsageAfterInsert": True,
        "UsageBeforeInsert": False,
    }
    apex("Inactive")
    assert ask(soql + " WHERE Status = 'Active'") == []
    assert [each["Status"] for each in ask(soql)] == ["Inactive"]


def test_a_record_is_read_whole_and_can_not_be_changed(caller, apex, ask):
    apex("Active")
    (row,) = ask("SELECT Id FROM ApexTrigger")
    url = f"/tooling/sobjects/ApexTrigger/{row['Id']}"
    assert caller("GET", url).json()["Body"] == TRIGGER
    assert caller("GET", url[:-3]).json()["Name"] == "Watch"
    answer = caller("PATCH", url, json={"Status": "Inactive"})
    assert answer.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert caller("GET", "/tooling/sobjects/ApexTrigger/01q000000000000AAA").status_code == 404
    assert caller("GET", "/tooling/sobjects/Nope/01q000000000000AAA").status_code == 404


def test_classes_are_found_by_name(apex, ask):
    apex("Active")
    (row,) = ask("SELECT Name, ApiVersion, LengthWithoutComments FROM ApexClass WHERE Name = 'Hello'")
    assert (row["ApiVersion"], row["LengthWithoutComments"]) == (66.0, 21)


def test_entities_tell_what_may_be_done_with_them(ask):
    (row,) = ask(
        "SELECT QualifiedApiName, KeyPrefix, IsCustomizable FROM EntityDefinition WHERE QualifiedApiName = 'Account'"
    )
    assert (row["KeyPrefix"], row["IsCustomizable"]) == ("001", True)
    assert ask("SELECT Id FROM EntityDefinition WHERE QualifiedApiName = 'Nope__e'") == []


def test_field_definitions_are_asked_per_object(ask):
    refused = ask("SELECT QualifiedApiName FROM FieldDefinition")
    assert "a filter on a reified column is required" in refused["message"]
    soql = "SELECT QualifiedApiName, DataType, IsIndexed, EntityDefinition.Label FROM FieldDefinition WHERE "
    by_name = ask(soql + "EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName IN ('Ext__c', 'Name')")
    shown = {row["QualifiedApiName"]: (row["DataType"], row["IsIndexed"]) for row in by_name}
    assert shown["Ext__c"] == ("Text(80) (External ID) (Unique Case Insensitive)", True)
    assert by_name[0]["EntityDefinition"]["Label"] == "Account"
    assert len(ask("SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Account'")) > 40


def test_custom_fields_are_listed_by_developer_name(ask):
    rows = ask("SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Contact' ORDER BY DeveloperName")
    assert [row["DeveloperName"] for row in rows] == ["Ext", "Hidden"]
    assert ask("SELECT Nope FROM CustomField")["errorCode"] == "INVALID_FIELD"
