"""*Fix it*: deploy what is missing, assign what is not assigned, and look again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from salesbridge.engine import connections, prepare
from salesbridge.engine.doctor.validate import Report, validate
from salesbridge.engine.instances import describes_of
from salesbridge.engine.prepare.access import grant
from salesbridge.model import TABLE, Finding, Table, merge
from salesbridge.model.check import features_off
from salesbridge.package import EVENT, ONGOING, Choices, listing
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.salesforce.deploy_result import Deployment
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance

#: Findings after which nothing must be written to the org.
_STOPS = frozenset({"org-changed"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What *Fix it* is going to do.

    Args:
        deploy: Components, each as ``Type:FullName``.
        assign: Permission sets to assign to the connector's user.
        left: Findings that a person must mend.
        stopped: Why nothing may be done; empty if it may.
    """

    deploy: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    left: tuple[Finding, ...] = ()
    stopped: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing that can be done without a person."""
        return bool(self.stopped) or not (self.deploy or self.assign)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What *Fix it* did.

    Args:
        plan: What was to be done.
        report: What a validation found afterwards.
        deployment: The deployment; None where nothing was deployed.
    """

    plan: Plan
    report: Report
    deployment: Deployment | None = None


def plan(findings: Iterable[Finding]) -> Plan:
    """What mends some findings without a person."""
    found = list(findings)
    stops = next((finding.message for finding in found if finding.code in _STOPS), "")
    fixes = [finding.fix for finding in found if finding.fix is not None]
    deploy = dict.fromkeys(name for fix in fixes for name in fix.deploy)
    assign = dict.fromkeys(name for fix in fixes for name in fix.assign)
    left = tuple(finding for finding in found if finding.fix is None and finding.severity != "note")
    return Plan(tuple(sorted(deploy)), tuple(assign), left, stops)


def fix(
    door: Door, instance: Instance, findings: Iterable[Finding], *, by: str, initial: bool = False,
    choices: Choices = ONGOING, going: prepare.Going | None = None,
) -> Fixed:  # fmt: skip
    """Deploy the missing parts only, assign the permission set, and validate again.

    Args:
        door: Door of the tenant.
        instance: The connector instance.
        findings: What a validation found.
        by: Who says so.
        initial: Validate afterwards only what the initial data synchronisation needs.
        choices: What of the package the customer wants.
        going: How the deployment goes about its work.

    Raises:
        ForeignApexError: Apex of the customer's own would be replaced.
        SalesforceError: Salesforce refuses the call; component errors are in the deployment instead.
    """
    found = list(findings)
    planned = plan(found)
    if planned.empty:
        return Fixed(planned, validate(door, instance, initial=initial, choices=choices))
    salesforce = connections.salesforce(door, instance)
    table = merge(TABLE, door.tenant.model_overrides)
    possible = _possible(salesforce, table, choices, initial=initial)
    listed = {f"{kind}:{name}" for kind, names in listing(table, possible).items() for name in names}
    only = [name for name in planned.deploy if name in listed]
    deployment = (
        prepare.deploy_package(salesforce, door.tenant, possible, only=only, going=going or prepare.Going())
        if only
        else None
    )
    if deployment is None or deployment.success:
        for name in planned.assign:
            grant(salesforce, name)
    detail = {"deployed": only, "assigned": list(planned.assign)}
    record(door, "instance:fixed", actor=by, subject=instance.name, instance_id=instance.pk, detail=detail)
    return Fixed(planned, validate(door, instance, initial=initial, choices=choices), deployment)


def _possible(salesforce: Salesforce, table: Table, choices: Choices, *, initial: bool) -> Choices:
    """The choices without objects whose feature is off; without the event where only a load is prepared."""
    describes = describes_of(salesforce, table.entities)
    off = {name for names in features_off(table.entities, describes).values() for name in names}
    live = choices.live and not (initial and not _has_event(salesforce))
    return replace(choices, leave_out=choices.leave_out | off, live=live)


def _has_event(salesforce: Salesforce) -> bool:
    try:
        return bool(salesforce.describe(EVENT))
    except SalesforceError as error:
        if error.code in {"NOT_FOUND", "INVALID_TYPE"}:
            return False
        raise
