from __future__ import annotations

import base64
import hashlib

import pytest

DATA = b"a,b\r\n\x00\xff\r\n"
VERSION = {"PathOnClient": "reports/failed rows.csv", "VersionData": base64.b64encode(DATA).decode()}


@pytest.fixture
def select(caller):
    def query(soql):
        return caller("GET", "/query", params={"q": soql}).json()["records"]

    return query


def test_a_version_makes_a_document_and_links_it_to_its_owner(caller, select):
    answer = caller("POST", "/sobjects/ContentVersion", json=VERSION)
    assert answer.status_code == 201
    fields = "Title, FileExtension, FileType, ContentSize, Checksum, VersionNumber, IsLatest, ContentDocumentId"
    (row,) = select(f"SELECT {fields} FROM ContentVersion WHERE Id = '{answer.json()['id']}'")
    document = row.pop("ContentDocumentId")
    del row["attributes"]
    assert row == {
        "Title": "failed rows",
        "FileExtension": "csv",
        "FileType": "CSV",
        "ContentSize": len(DATA),
        "Checksum": hashlib.new("md5", DATA, usedforsecurity=False).hexdigest(),
        "VersionNumber": "1",
        "IsLatest": True,
    }
    (kept,) = select(f"SELECT Title, LatestPublishedVersionId FROM ContentDocument WHERE Id = '{document}'")
    assert kept["LatestPublishedVersionId"] == answer.json()["id"]
    links = select(f"SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE ContentDocumentId = '{document}'")
    assert [(each["LinkedEntityId"], each["ShareType"]) for each in links] == [(caller.user.id, "I")]


def test_the_bytes_come_back_as_they_went(caller):
    files = {
        "entity_content": (None, '{"PathOnClient": "x.bin"}', "application/json"),
        "VersionData": ("x.bin", DATA, "application/octet-stream"),
    }
    made = caller("POST", "/sobjects/ContentVersion", files=files)
    assert made.status_code == 201
    answer = caller("GET", f"/sobjects/ContentVersion/{made.json()['id']}/VersionData")
    assert (answer.content, answer.headers["content-type"]) == (DATA, "application/octet-stream")


def test_a_first_location_gets_a_link_too(caller, org, select):
    caller.load("Ext__c,Name\nA1,Acme\n")
    account = next(org.rows("Account"))["Id"]
    caller("POST", "/sobjects/ContentVersion", json=VERSION | {"FirstPublishLocationId": account})
    (link,) = select(
        f"SELECT ShareType, ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '{account}'"
    )
    assert (link["ShareType"], link["ContentDocument"]["Title"]) == ("V", "failed rows")


def test_a_second_version_supersedes_the_first(caller, org, select):
    caller("POST", "/sobjects/ContentVersion", json=VERSION)
    (document,) = org.rows("ContentDocument")
    caller("POST", "/sobjects/ContentVersion", json=VERSION | {"ContentDocumentId": document["Id"]})
    rows = select("SELECT VersionNumber, IsLatest FROM ContentVersion ORDER BY VersionNumber")
    assert [(row["VersionNumber"], row["IsLatest"]) for row in rows] == [("1", False), ("2", True)]
    assert len(select("SELECT Id FROM ContentDocument")) == 1


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"PathOnClient": "x.csv"}, "REQUIRED_FIELD_MISSING"),
        ({"VersionData": "YQ=="}, "REQUIRED_FIELD_MISSING"),
        ({"PathOnClient": "x.csv", "VersionData": "no base64!"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (VERSION | {"Nope": 1}, "INVALID_FIELD"),
    ],
)
def test_an_incomplete_version_is_refused(caller, org, record, code):
    answer = caller("POST", "/sobjects/ContentVersion", json=record)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert list(org.rows("ContentDocument")) == []


def test_the_bytes_of_a_version_are_never_replaced(caller):
    made = caller("POST", "/sobjects/ContentVersion", json=VERSION).json()["id"]
    answer = caller("PATCH", f"/sobjects/ContentVersion/{made}", json={"VersionData": "YQ=="})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_multipart_request_needs_fields_and_bytes(caller):
    files = {"VersionData": ("x.bin", DATA, "application/octet-stream")}
    assert caller("POST", "/sobjects/ContentVersion", files=files).status_code == 400
