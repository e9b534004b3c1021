"""aiosalesforce, an asynchronous Python client, against the simulated org.

It insists on ``https://*.my.salesforce.com``, so it runs in a network of its own. It logs in with client credentials.
It has no Bulk 2.0 queries. Its composite batches are left out: they name their parts by absolute paths, where the REST
guide has ``vXX.X/...``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
TOUR = Path(__file__).parent / "clients" / "aiosalesforce_tour.py"


@pytest.fixture(scope="module")
def facts(private_network):
    return private_network(sys.executable, str(TOUR))


def test_it_describes_the_org_and_an_object(facts):
    assert {"Account", "Contact"} <= set(facts["describe"]["objects"])
    assert facts["describe"]["label"] == "Contact"


def test_its_own_calls_are_counted_in_the_limits(facts):
    assert facts["describe"]["calls_left"] is True


def test_it_creates_reads_updates_and_deletes(facts):
    assert facts["records"]["name"] == "Aroha Te Rangi"
    assert facts["records"]["gone"] == "ENTITY_IS_DELETED"


def test_it_is_told_of_a_missing_required_field(facts):
    assert facts["records"]["refused"] == "REQUIRED_FIELD_MISSING"


def test_it_upserts_by_external_id(facts):
    assert facts["upserts"] == {"created": [True, False], "same": True}


def test_it_reads_back_the_failures_of_a_bulk_job(facts):
    bulk = facts["bulk"]
    assert (bulk["state"], bulk["good"], bulk["unprocessed"]) == ("JobComplete", 2099, 0)
    assert bulk["errors"] == ["REQUIRED_FIELD_MISSING"]


def test_it_pages_through_a_query(facts):
    assert facts["queries"]["rows"] == 2099


def test_it_links_the_parts_of_a_composite_request(facts):
    assert facts["composites"]["linked"] == ["Linked"]


def test_a_composite_request_with_all_or_none_leaves_nothing_behind(facts):
    assert facts["composites"]["broken"] == [
        [400, "PROCESSING_HALTED"],
        [400, "REQUIRED_FIELD_MISSING"],
    ]
    assert facts["composites"]["undone"] == 0
