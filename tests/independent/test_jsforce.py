"""jsforce, the JavaScript client, against the simulated org: log-in by two flows, REST, collections,
Bulk 2.0, and deployment over REST (as the Salesforce CLI does it)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
TOUR = Path(__file__).parent / "clients" / "jsforce_tour.mjs"


PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types><members>Account.Tariff__c</members><name>CustomField</name></types>
    <types><members>Tariffs</members><name>PermissionSet</name></types>
    <version>60.0</version>
</Package>"""
ACCOUNT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
    <fields>
        <fullName>Tariff__c</fullName>
        <externalId>true</externalId>
        <label>Tariff</label>
        <length>20</length>
        <type>Text</type>
        <unique>true</unique>
    </fields>
</CustomObject>"""
PERMISSIONS = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
    <fieldPermissions>
        <editable>true</editable>
        <field>Account.Tariff__c</field>
        <readable>true</readable>
    </fieldPermissions>
    <label>Tariffs</label>
</PermissionSet>"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.xml", PACKAGE)
        archive.writestr("objects/Account.object", ACCOUNT)
        archive.writestr("permissionsets/Tariffs.permissionset", PERMISSIONS)
    return path


@pytest.fixture(scope="module")
def facts(run_node, org_url, package):
    return run_node(TOUR, org_url, str(package))


def test_it_logs_in_by_client_credentials_and_by_password(facts, org_url):
    login = facts["login"]
    assert login["sameUser"] is True
    assert login["instance"] == org_url
    assert login["username"] == "client@acme.example"


def test_it_is_refused_with_a_wrong_password(facts):
    assert facts["login"]["refused"] == "invalid_grant"


def test_it_describes_the_org_and_an_object(facts):
    assert {"Account", "Contact"} <= set(facts["describe"]["objects"])
    assert (facts["describe"]["prefix"], facts["describe"]["contacts"]) == ("001", "Contacts")


def test_it_creates_reads_updates_and_deletes(facts):
    assert facts["records"]["read"] == ["Kākāpō Energy", "Invercargill"]
    assert facts["records"]["deleted"] is True
    assert facts["records"]["missing"] == "ENTITY_IS_DELETED"


def test_it_saves_collections_with_partial_success(facts):
    assert facts["records"]["several"] == [True, False]
    assert facts["records"]["why"] == ["REQUIRED_FIELD_MISSING"]


def test_it_upserts_by_external_id(facts):
    assert facts["upserts"] == {"created": [True, False], "same": True}


def test_it_reads_back_the_failures_of_a_bulk_job(facts):
    assert facts["bulk"] == {"good": 2099, "errors": ["REQUIRED_FIELD_MISSING"], "unprocessed": 0}


def test_it_pages_through_a_query(facts):
    assert facts["queries"]["total"] == 2099
    assert facts["queries"]["pages"] == [2000, 99, True]


def test_it_streams_a_bulk_query(facts):
    assert facts["queries"]["bulk"] == 2099


def test_it_is_told_of_an_unknown_field(facts):
    assert facts["queries"]["wrong"] == "INVALID_FIELD"


def test_it_reads_the_use_of_the_api(facts):
    assert facts["usage"]["limit"] > facts["usage"]["used"] > 0


def test_it_creates_children_by_their_parents_external_id_in_several_collections(facts):
    assert facts["graph"]["made"] == 450
    assert facts["graph"]["parent"] == "Second"


def test_its_query_builder_reads_parents_and_children(facts):
    assert facts["graph"]["owner"] == "client@acme.example"
    assert facts["graph"]["children"] == ["Many 199", "Many 198", "Many 197"]


def test_it_deletes_in_bulk_and_asks_what_was_deleted(facts):
    assert facts["cleaning"] == {"deleted": 450, "reported": 450}


def test_it_deploys_a_key_field_and_sees_it_once_the_permission_set_is_assigned(facts):
    deploy = facts["deploy"]
    assert (deploy["status"], deploy["count"], deploy["assigned"]) == ("Succeeded", 2, True)
    assert (deploy["tariff"]["externalId"], deploy["tariff"]["length"]) == (True, 20)
    assert deploy["created"] is True
