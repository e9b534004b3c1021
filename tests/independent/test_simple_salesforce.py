"""simple-salesforce, a synchronous Python client, against the simulated org.

It reads Bulk 2.0 jobs and queries, REST and describes. Its log-in hosts are fixed (``*.salesforce.com``), so the log-in
runs in a network of its own; everything else goes to the instance's real address over TLS.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.slow
TOUR = Path(__file__).parent / "clients" / "simple_salesforce_tour.py"


@pytest.fixture(scope="module")
def session_id(org_url, identity):
    trust = ssl.create_default_context(cafile=identity.trusted)
    app = {"client_id": "consumer-key", "client_secret": "consumer-secret"}
    with httpx2.Client(verify=trust, trust_env=False) as http:
        answer = http.post(f"{org_url}/services/oauth2/token", data={"grant_type": "client_credentials", **app})
    return answer.json()["access_token"]


@pytest.fixture(scope="module")
def facts(org_url, session_id, client_environment):
    command = [sys.executable, str(TOUR), org_url, session_id]
    done = subprocess.run(command, env=client_environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout)


def test_it_finds_the_standard_objects_in_the_global_describe(facts):
    assert {"Account", "Contact", "Opportunity", "Quote", "Order"} <= set(facts["describe"]["objects"])


def test_it_reads_from_the_describe_what_is_required_and_what_can_be_a_key(facts):
    assert facts["describe"]["required"] == ["Name"]
    assert "Legacy_Id__c" in facts["describe"]["keys"]


def test_it_creates_reads_updates_and_deletes(facts):
    records = facts["records"]
    assert records["made"] is True
    assert records["read"] == ["Māui Power", "Ōtepoti"]
    assert records["statuses"] == [204, 204]
    assert records["gone"] == [404, "ENTITY_IS_DELETED"]


def test_it_is_told_of_a_missing_required_field(facts):
    assert facts["records"]["refused"] == [400, "REQUIRED_FIELD_MISSING"]


def test_it_upserts_by_external_id(facts):
    assert facts["upserts"] == {"statuses": [201, 200], "name": "Second"}


def test_it_reads_back_the_failures_of_a_bulk_job(facts):
    bulk = facts["bulk"]
    assert bulk["job"] == [2100, 2]
    assert bulk["errors"] == [["B-7", "REQUIRED_FIELD_MISSING"], ["B-8", "STRING_TOO_LONG"]]
    assert bulk["created"] == 2098
    assert bulk["unprocessed"] == 0


def test_it_pages_through_a_query(facts):
    assert facts["queries"]["first_page"] == [2000, False]
    assert facts["queries"]["all"] == facts["queries"]["total"] == 2098


def test_it_pages_through_a_bulk_query(facts):
    assert facts["queries"]["bulk_pages"] == [1000, 1000, 98]


def test_it_is_told_of_an_unknown_field(facts):
    assert facts["queries"]["wrong"] == [400, "INVALID_FIELD"]


def test_it_deletes_in_bulk_and_finds_the_row_in_the_recycle_bin(facts):
    assert facts["changes"]["bulk_delete"] == [1, 0]
    assert facts["changes"]["left"] == [0, 1]


def test_it_asks_what_was_updated_and_deleted_meanwhile(facts):
    assert facts["changes"]["deleted"] is True
    assert facts["changes"]["updated"] == 2098


def test_it_reads_the_organization_and_its_limits(facts):
    assert facts["changes"]["sandbox"] is True
    assert facts["changes"]["limit"] is True


def test_it_reads_the_use_of_the_api(facts):
    assert facts["usage"] == ["api-usage"]


def test_it_logs_in_at_its_fixed_hosts(private_network):
    facts = private_network(sys.executable, str(TOUR), accounts=3)
    assert facts["instances"] == ["acme.my.salesforce.com", "acme.my.salesforce.com"]
    assert facts["counted"] == facts["accounts"] == 3
    assert "invalid_grant" in facts["refused"]
