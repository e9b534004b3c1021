"""tap-salesforce, the Singer extractor, against the simulated org: discovery of all objects, then an incremental sync.

Its log-in host is fixed, so it runs in a network of its own. It logs in with a refresh token and reads by ``queryAll``.
It only reads. Its other mode speaks Bulk API 1.0, which the simulated org leaves out on purpose (Bulk 2.0 replaced it).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
RUN = Path(__file__).parent / "clients" / "tap_salesforce_run.py"


@pytest.fixture(scope="module")
def facts(private_network):
    return private_network(sys.executable, str(RUN), "refresh-token", accounts=2100)


def test_it_discovers_the_standard_objects(facts):
    assert {"Account", "Contact", "Opportunity", "Order", "User"} <= set(facts["discovered"])


def test_it_syncs_every_row_over_several_pages(facts):
    assert facts["rows"] == {"Account": 2100, "Contact": 2100}


def test_its_rows_fit_the_schema_it_made_of_the_describe(facts):
    assert facts["first"]["BillingCity"] == "Dunedin"
    assert facts["first"]["BillingAddress"]["city"] == "Dunedin"


def test_it_keeps_a_bookmark_for_each_object(facts):
    assert facts["bookmarks"] == ["Account", "Contact"]
