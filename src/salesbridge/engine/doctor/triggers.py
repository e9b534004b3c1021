"""Whether Salesforce tells of what is saved in it: the triggers of the package."""

from __future__ import annotations

from dataclasses import replace

from salesbridge.engine.doctor.expected import expected_of
from salesbridge.engine.doctor.gather import read_triggers
from salesbridge.model import Finding, OrgFacts, Table
from salesbridge.model.check_package import check_apex
from salesbridge.package import ONGOING, Choices
from salesbridge.salesforce import Salesforce


def trigger_findings(salesforce: Salesforce, table: Table, choices: Choices = ONGOING) -> list[Finding]:
    """What Validate Data Model finds about triggers, and nothing else.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    expected = expected_of(table, choices)
    wanted = tuple(apex for apex in expected.apex if apex.type == "ApexTrigger")
    facts = OrgFacts(apex=tuple(read_triggers(salesforce, {apex.table for apex in wanted})))
    return list(check_apex(facts, replace(expected, apex=wanted)))
