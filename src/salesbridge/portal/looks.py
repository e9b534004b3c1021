"""What the portal's inspections look at, each as the JSON that its row keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

from salesbridge.engine import connections, doctor, prepare
from salesbridge.engine.live import control as live
from salesbridge.engine.live.status import ALLOWANCES
from salesbridge.engine.load.control import Choices
from salesbridge.engine.load.planning import plan_only
from salesbridge.engine.pinning import pin_of, pinned_of
from salesbridge.model import Finding
from salesbridge.model.check_org import another_org, described
from salesbridge.portal.inspections import Refused, Tell
from salesbridge.salesforce import Salesforce
from salesbridge.salesforce.deploy_result import Deployment
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.sync.life import TransitionError

#: Checks of a plan that the page asks a person instead.
_ASKED_ON_THE_PAGE = "Outage window"


def org(door: Door, instance: Instance, tell: Tell) -> dict[str, Any]:
    """Which org answers, as whom, and what it still allows."""
    tell("Asking Salesforce")
    with connections.unpinned(door, instance) as salesforce:
        return org_facts(salesforce, instance)


def org_facts(salesforce: Salesforce, instance: Instance) -> dict[str, Any]:
    """The facts of an org that *Salesforce Basic Information* shows."""
    info = salesforce.org()
    pinned, found = pinned_of(instance), pin_of(info)
    other = another_org(pinned, found)
    facts = {
        "org_id": info.org_id, "name": info.name, "edition": info.edition, "sandbox": info.sandbox,
        "instance_name": info.instance_name, "host": found.host, "username": info.username, "user_id": info.user_id,
        "namespace": info.namespace or "", "another": described(found) if other else "",
        "versions": [], "limits": [],
    }  # fmt: skip
    if not other:  # nothing else is asked of an org that may be somebody else's
        told = salesforce.limits()
        facts["versions"] = list(salesforce.versions())
        facts["limits"] = [
            {"name": name, "used": told[name]["Max"] - told[name]["Remaining"], "limit": told[name]["Max"]}
            for name in ALLOWANCES
            if isinstance(told.get(name), dict)
        ]
    return facts


def data_model(door: Door, instance: Instance, tell: Tell) -> dict[str, Any]:
    """Validate Data Model."""
    tell("Comparing the org, the billing system and this machine with what the connector needs")
    return report_values(doctor.validate(door, instance))


def report_values(report: doctor.Report) -> dict[str, Any]:
    """A report of Validate Data Model as JSON."""
    return {
        "org_id": report.org_id, "username": report.username, "billing": report.billing, "passed": report.passed,
        "summary": report.summary, "findings": [{**asdict(each), "place": each.place} for each in report.findings],
    }  # fmt: skip


def fixing(by: str, *, replace: bool, only: Collection[str] = ()) -> Callable[[Door, Instance, Tell], dict[str, Any]]:
    """*Fix it*: validates, deploys and assigns what is missing, and validates again.

    Args:
        by: Who says so.
        replace: Replace Apex of the org's own that has the names of ours.
        only: Codes and places of the findings that are meant, as ``code place``; all of them when empty.
    """

    def carry(door: Door, instance: Instance, tell: Tell) -> dict[str, Any]:
        tell("Validating")
        findings = [each for each in doctor.validate(door, instance).findings if not only or key_of(each) in only]
        planned = doctor.plan(findings)
        if planned.stopped:
            raise Refused(planned.stopped, "Nothing is changed in an org that was not confirmed.")
        going = prepare.Going(replace=replace, on_progress=lambda deployed: tell(_deploying(deployed)))
        try:
            fixed = doctor.fix(door, instance, findings, by=by, going=going)
        except prepare.ForeignApexError as error:
            return {"foreign": [f"{each.type} {each.name}" for each in error.found]}
        return _fixed_values(fixed)

    return carry


def key_of(finding: Finding) -> str:
    """What tells a finding from the others of a report."""
    return f"{finding.code} {finding.place}"


def _deploying(deployment: Deployment) -> str:
    if deployment.tests_total:
        return f"Running Apex tests: {deployment.tests_done} of {deployment.tests_total}"
    return f"Deploying: {deployment.deployed} of {deployment.total} components" if deployment.total else "Deploying"


def _fixed_values(fixed: doctor.Fixed) -> dict[str, Any]:
    failed = fixed.deployment is not None and not fixed.deployment.success
    refused = fixed.deployment.findings if fixed.deployment and failed else ()
    return {
        "deployed": [] if failed else list(fixed.plan.deploy), "assigned": [] if failed else list(fixed.plan.assign),
        "failed": (fixed.deployment.message or fixed.deployment.status) if fixed.deployment and failed else "",
        "refused": [{"component": each.component, "problem": each.problem, "mend": each.mend} for each in refused],
        "report": report_values(fixed.report),
    }  # fmt: skip


def before_load(door: Door, instance: Instance, tell: Tell) -> dict[str, Any]:
    """The checks and sizes with which an initial data synchronisation would begin now."""
    tell("Asking both systems")
    plan = plan_only(door, instance, Choices(outage_acknowledged=True))
    plan["checks"] = [check for check in plan["checks"] if check["name"] != _ASKED_ON_THE_PAGE]
    return plan


def going_live(by: str) -> Callable[[Door, Instance, Tell], dict[str, Any]]:
    """Go live, if nothing stands against it."""

    def carry(door: Door, instance: Instance, tell: Tell) -> dict[str, Any]:
        tell("Checking what going live needs")
        try:
            checks, started = live.go_live(door, instance, by, confirmed=True), True
        except live.NotReadyError as error:
            checks, started = error.checks, False
        except TransitionError as error:
            raise Refused(f"The instance cannot go live now: {error}.", "Look at its state, then try again.") from error
        return {"started": started, "checks": [asdict(check) for check in checks]}

    return carry
