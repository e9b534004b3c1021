"""Validate Data Model: ask the org and the billing system for everything, and tell every finding at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salesbridge.engine import connections
from salesbridge.engine.doctor.billing_probe import billing_facts
from salesbridge.engine.doctor.expected import expected_of
from salesbridge.engine.doctor.gather import SETTINGS, Asked, read_facts
from salesbridge.engine.instances import describes_of
from salesbridge.engine.pinning import CODE, pin_of, pinned_of
from salesbridge.model import TABLE, Entity, Expected, Finding, OrgFacts, Table, check, columns, load_order, merge
from salesbridge.model.check_finding import SEVERITIES
from salesbridge.model.check_org import check_pin
from salesbridge.package import ONGOING, Choices
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.models import Instance


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found, and how much it looked at.

    Args:
        findings: The gravest first, then in the order of the data model.
        org_id: The org.
        username: The connector's user.
        billing: Product and version of the billing system.
        objects: How many objects were checked.
        fields: How many fields.
        settings: How many settings of the org, its user, the billing system and this machine.
    """

    findings: tuple[Finding, ...]
    org_id: str
    username: str
    billing: str
    objects: int
    fields: int
    settings: int

    def of(self, severity: str) -> tuple[Finding, ...]:
        """The findings of a severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.of("error")

    @property
    def summary(self) -> str:
        """How much was looked at, in a sentence."""
        return f"{self.objects} objects, {self.fields} fields and {self.settings} settings were checked."


def validate(door: Door, instance: Instance, *, initial: bool = False, choices: Choices = ONGOING) -> Report:
    """Validate Data Model.

    Args:
        door: Door of the tenant.
        instance: The connector instance.
        initial: Check only what the initial data synchronisation needs.
        choices: What of the package is installed in this org.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
    """
    try:
        return _report(door, instance, initial=initial, choices=choices)
    except SalesforceError as error:
        if error.code != CODE:
            raise
        refused = error
    with connections.unpinned(door, instance) as salesforce:
        info = salesforce.org()
    findings = tuple(check_pin(pinned_of(instance), pin_of(info)))
    if not findings:  # its token names another org than the org itself does
        raise refused
    # nothing else is asked of an org that may be somebody else's
    return Report(findings, info.org_id, info.username, "", 0, 0, 1)


def _report(door: Door, instance: Instance, *, initial: bool, choices: Choices) -> Report:
    table = merge(TABLE, door.tenant.model_overrides)
    entities = [e for e in load_order(table, initial=initial) if e.name not in choices.leave_out]
    salesforce = connections.salesforce(door, instance)
    billing = connections.billing(door, door.tenant)
    expected = expected_of(table, choices, load_only=initial)
    info = salesforce.org()
    salesforce.forget_described()
    asked = Asked(salesforce, info, tuple(entities), expected, instance.api_version)
    facts = read_facts(asked, pinned_of(instance), billing_facts(billing, (e.record for e in entities if e.initial)))
    findings = _found(salesforce, table, entities, facts, expected)
    told = facts.billing.name if facts.billing is not None else ""
    return Report(tuple(findings), info.org_id, info.username, told, len(entities), _fields(entities), _settings(facts))


def _found(
    salesforce: Salesforce, table: Table, entities: Sequence[Entity], facts: OrgFacts, expected: Expected
) -> list[Finding]:
    describes = describes_of(salesforce, entities, fresh=True)
    wanted = {entity.name for entity in entities}
    narrowed = Table(tuple(entity for entity in table.entities if entity.name in wanted), table.version)
    findings = check(narrowed, describes, facts=facts, expected=expected)
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _fields(entities: Sequence[Entity]) -> int:
    return sum(1 + len(e.parents) + len(e.facts) + len(columns(e)) for e in entities)


def _settings(facts: OrgFacts) -> int:
    """Everything that was answered; edition, org and version of the billing system are asked for anyway."""
    return SETTINGS + 3 - len(facts.unread)
