"""Checks before a run: everything that would make it fail half-way is found before anything is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from salesbridge.billing import BillingError, Extract, supported
from salesbridge.engine.doctor.expected import expected_of
from salesbridge.engine.doctor.gather import read_assigned, read_triggers
from salesbridge.engine.instances import describes_of, facts_of
from salesbridge.engine.load.context import LoadStopped, Work
from salesbridge.engine.load.parts import PART_ROWS
from salesbridge.engine.pinning import verify
from salesbridge.model import Finding, check
from salesbridge.package import BYPASS, ONGOING
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.sync.load import size

#: Bytes of work folder that a record needs, spool and CSV together; measured on the seeded data, rounded up.
_BYTES_PER_RECORD = 1_500
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the list that people see before a run.

    Args:
        name: What is checked.
        state: ``passed``, ``warning`` or ``failed``; a failed one stops the run.
        message: What was found.
        mend: What to do.
    """

    name: str
    state: Literal["passed", "warning", "failed"]
    message: str
    mend: str = ""


def preflight(work: Work) -> dict[str, Any]:
    """Check everything and size the run.

    Returns:
        ``checks``, ``sizes`` of the stages, ``facts`` of the org, and totals, all as JSON values.
    """
    checks: list[Check] = []
    for probe in (_salesforce, _billing, _extract):
        checks += guarded(probe.__name__.strip("_").capitalize(), probe, work)
    plan: dict[str, Any] = {"sizes": [], "facts": {}}
    if not _failed(checks):
        for name, further in _PROBES.items():
            checks += guarded(name, further, work)
        plan |= _sizes(work)
        checks += [*_budget(work, plan), *_disk(plan, work)]
        plan["facts"] = {} if _failed(checks) else _facts(work)
    return {**plan, "checks": [asdict(c) for c in checks], "passed": not _failed(checks)}


def _failed(checks: list[Check]) -> bool:
    return any(c.state == "failed" for c in checks)


def guarded(name: str, probe: Callable[[S], Iterator[Check]], subject: S) -> list[Check]:
    """What a probe finds; a system that refuses or does not answer is a failed check."""
    try:
        return list(probe(subject))
    except (SalesforceError, BillingError) as error:
        return [Check(name, "failed", error.message, error.mend)]


def same_org(door: Door, salesforce: Salesforce, instance: Instance) -> Iterator[Check]:
    """Whether the credentials still lead to the org that the instance was set up for.

    Raises:
        SalesforceError: They do not (code ``ANOTHER_ORG``), or Salesforce does not answer.
    """
    verify(door, instance, salesforce)
    org = salesforce.org()
    yield Check("Salesforce", "passed", f"signed in to org {org.org_id} as {org.username}")


def _salesforce(work: Work) -> Iterator[Check]:
    return same_org(work.door, work.salesforce, work.instance)


def _billing(work: Work) -> Iterator[Check]:
    system = work.billing.system()
    reason = supported(system)
    named = f"{system.product} {system.version}".strip()
    yield (
        Check("Billing", "failed", f"{named} is not supported", reason) if reason else Check("Billing", "passed", named)
    )


def _extract(work: Work) -> Iterator[Check]:
    if not isinstance(work.billing, Extract):
        return
    findings = work.billing.check()
    for finding in findings[:20]:
        yield Check("Extract", "failed", f"{finding.file}:{finding.line}: {finding.message}", "Correct the file.")
    if len(findings) > 20:  # noqa: PLR2004 - the list must stay readable
        yield Check("Extract", "failed", f"and {len(findings) - 20} more", "Correct the files, then start again.")
    if not findings:
        yield Check("Extract", "passed", "every file was read whole and is well-formed")


def _data_model(work: Work) -> Iterator[Check]:
    describes = describes_of(work.salesforce, work.entities)
    findings = [finding for finding in check(work.table, describes, initial=True) if finding.severity != "note"]
    for finding in findings:
        yield check_of("Data model", finding)
    if not findings:
        yield Check("Data model", "passed", f"{len(describes)} objects have every field that is needed")


def check_of(name: str, finding: Finding) -> Check:
    """A finding of Validate Data Model as a check; an error fails it."""
    state: Literal["warning", "failed"] = "failed" if finding.severity == "error" else "warning"
    return Check(name, state, f"{finding.place} {finding.message}", f"{finding.mend} ({finding.where})")


def _triggers(work: Work) -> Iterator[Check]:
    triggers = read_triggers(work.salesforce, {entity.name for entity in work.entities})
    active = [trigger for trigger in triggers if trigger.active]
    if not active:
        yield Check("Salesforce triggers", "passed", "no active Apex trigger on the objects of the load")
        return
    passed_over = _passed_over(work)
    active = [trigger for trigger in active if trigger.text not in passed_over]
    if not active:
        yield Check(
            "Salesforce triggers", "passed", "the triggers pass over what the connector writes (Gentrack Bypass)"
        )
        return
    listed = ", ".join(f"{trigger.name} on {trigger.table}" for trigger in active)
    accepted = work.run.options.get("accept_triggers")
    yield Check(
        "Salesforce triggers",
        "warning" if accepted else "failed",
        f"active: {listed}",
        "Deactivate them for the load (Setup > Apex Triggers), or accept them knowingly: they run for every record.",
    )


def _passed_over(work: Work) -> frozenset[str]:
    """Texts of the package's triggers while the connector's user bypasses them; others run all the same."""
    user_id = work.salesforce.token.user_id
    if not read_assigned(work.salesforce, user_id, [BYPASS]):
        return frozenset()
    return frozenset(apex.text for apex in expected_of(work.table, ONGOING).apex if apex.table)


def _publishing(work: Work) -> Iterator[Check]:
    publishing = work.billing.publishing()
    if publishing:
        yield Check(
            "Billing events",
            "failed",
            "the billing system publishes events",
            "Switch event publishing off for the load; switch it on again afterwards.",
        )
    else:
        known = "event publishing is off" if publishing is False else "cannot be seen from an extract"
        yield Check("Billing events", "passed", known)


def _outage(work: Work) -> Iterator[Check]:
    if work.run.options.get("outage_acknowledged"):
        yield Check("Outage window", "passed", f"acknowledged by {work.run.started_by}")
    else:
        yield Check(
            "Outage window",
            "failed",
            "nobody has confirmed that both systems are closed for changes",
            "Plan the outage, then confirm it (--outage-acknowledged).",
        )


_PROBES: dict[str, Callable[[Work], Iterator[Check]]] = {
    "Data model": _data_model,
    "Salesforce triggers": _triggers,
    "Billing events": _publishing,
    "Outage window": _outage,
}


def _sizes(work: Work) -> dict[str, Any]:
    sizes = [size(e, work.billing.count(e.record), rows_per_part=PART_ROWS) for e in work.entities]
    return {
        "sizes": [asdict(s) for s in sizes],
        "records": sum(s.records or 0 for s in sizes),
        "jobs": sum(s.jobs for s in sizes),
        "calls": sum(s.calls for s in sizes) + 20,
        "seconds": round(sum(s.seconds for s in sizes)),
    }


def _budget(work: Work, plan: dict[str, Any]) -> Iterator[Check]:
    usage = work.salesforce.usage
    if usage.limit is None or usage.used is None:
        return
    free = usage.limit - usage.used
    message = f"about {plan['calls']} of {free} free Salesforce API calls are needed"
    enough = plan["calls"] <= free
    mend = "" if enough else "Wait until the allowance has recovered (24 hours rolling), or ask Salesforce for more."
    yield Check("API calls", "passed" if enough else "failed", message, mend)


def _disk(plan: dict[str, Any], work: Work) -> Iterator[Check]:
    work.folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(work.folder).free, plan["records"] * _BYTES_PER_RECORD
    if free < needed:
        yield Check(
            "Disk",
            "failed",
            f"{needed // 1_000_000} MB are needed in {work.folder}, {free // 1_000_000} MB are free",
            "Free space, or set SALESBRIDGE_WORKDIR to a larger disk.",
        )
    else:
        yield Check("Disk", "passed", f"about {needed // 1_000_000} MB of {free // 1_000_000} MB free are needed")


def _facts(work: Work) -> dict[str, str]:
    found = facts_of(work.salesforce, work.entities)
    if {fact for entity in work.entities for _, fact in entity.facts} - found.keys():
        raise LoadStopped(
            "The standard price book cannot be seen by the connector's user.",
            "Give the user read access to price books (Setup > Permission Sets > Object Settings).",
            "NO_STANDARD_PRICEBOOK",
        )
    return found
