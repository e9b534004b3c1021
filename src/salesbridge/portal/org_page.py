"""What *Salesforce Basic Information* shows, from our own tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salesbridge.engine.pinning import ANOTHER
from salesbridge.portal import findings as found
from salesbridge.portal import inspections
from salesbridge.portal.words import percent
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Inspection, Instance, Live

_LIMITS: Mapping[str, tuple[str, str]] = {
    "DailyApiRequests": ("API calls", "of the last 24 hours, by every program that uses the org"),
    "DailyDeliveredPlatformEvents": ("Event deliveries", "of the last 24 hours"),
    "HourlyPublishedPlatformEvents": ("Events published", "of the last hour"),
    "MonthlyPlatformEventsUsageEntitlement": ("Event entitlement", "of the month"),
}
_BUSY, _TIGHT = 70, 90


@dataclass(frozen=True, slots=True)
class Budget:
    """An allowance of the org as a bar.

    Attributes:
        label: What it is called.
        note: Over which time it counts.
        used: Used up.
        limit: Granted.
        at: When Salesforce told.
    """

    label: str
    note: str
    used: int
    limit: int
    at: datetime | None

    @property
    def tone(self) -> str:
        """Colour of the bar, by how tight it is."""
        share = percent(self.used, self.limit)
        return "bad" if share >= _TIGHT else "warn" if share >= _BUSY else "ok"


def shown(door: Door, instance: Instance) -> dict[str, Any]:
    """Everything of the page but the named credentials; five queries, whatever was found."""
    latest = inspections.latest(door, instance)
    asked = _answered(door, instance, latest.get(Inspection.Kind.ORG))
    validated = _answered(door, instance, latest.get(Inspection.Kind.DATA_MODEL))
    validation, fixing = latest.get(Inspection.Kind.DATA_MODEL), latest.get(Inspection.Kind.FIX)
    validated = _newer(validated, fixing)
    live = door.rows(Live).filter(instance=instance).first()
    facts = asked.result if asked else {}
    return {
        "asked": asked, "facts": facts, "sandbox": facts.get("sandbox", instance.org_sandbox),
        "org_look": latest.get(Inspection.Kind.ORG), "budgets": _budgets(asked, live),
        "validation": validation, "fixing": fixing, "another": _another(door, instance, facts),
        "busy": any(each.finished_at is None for each in latest.values() if each.state == Inspection.State.RUNNING),
        "paused_needed": live is not None and live.state in {"live", "recovering", "loading"},
        **report(validated),
    }  # fmt: skip


def _answered(door: Door, instance: Instance, latest: Inspection | None) -> Inspection | None:
    """The last one with a result; the one before stays on the page while another goes on or has failed."""
    if latest is None or latest.state == Inspection.State.DONE:
        return latest
    return inspections.last_done(door, instance, latest.kind)


def _newer(validated: Inspection | None, fixing: Inspection | None) -> Inspection | None:
    """*Fix it* ends with a validation of its own: that counts where it is the later one."""
    if fixing is None or "report" not in fixing.result:
        return validated
    return fixing if validated is None or fixing.started_at > validated.started_at else validated


def report(validated: Inspection | None) -> dict[str, Any]:
    """The findings of an inspection for the page."""
    if validated is None:
        return {"validated": None}
    result = validated.result.get("report", validated.result)
    findings = found.restored(result)
    return {
        "validated": validated, "passed": result.get("passed"), "summary": result.get("summary", ""),
        "groups": found.groups(findings), "counts": found.counts(findings), "findings": findings,
        "billing": result.get("billing", ""), "fixable": sum(1 for each in findings if each.fix is not None),
    }  # fmt: skip


def last_report(door: Door, instance: Instance) -> dict[str, Any]:
    """The findings that were found last."""
    rows = (inspections.last_done(door, instance, kind) for kind in (Inspection.Kind.DATA_MODEL, Inspection.Kind.FIX))
    validation, fixing = rows
    return report(_newer(validation, fixing))


def _another(door: Door, instance: Instance, facts: Mapping[str, Any]) -> str:
    """What is known of another org that the credentials lead to; empty where it is the right one."""
    if facts.get("another") and facts.get("org_id") != instance.org_id:
        return f"This is another org: {facts['another']}."
    problem = door.problems.filter(instance=instance, kind=ANOTHER, state__in=LIVE).first()
    return problem.title if problem else ""


def _budgets(asked: Inspection | None, live: Live | None) -> list[Budget]:
    """The API calls as they were told last, by a look at the org or with the replies to delivery, and the events."""
    told = {each["name"]: each for each in asked.result.get("limits", ())} if asked else {}
    budgets = [
        Budget(*_LIMITS[name], each["used"], each["limit"], asked.finished_at if asked else None)
        for name, each in told.items()
        if name in _LIMITS
    ]
    if live is None or live.api_used is None or not live.api_limit:
        return budgets
    if asked and asked.finished_at and live.api_at and asked.finished_at > live.api_at and budgets:
        return budgets
    first = Budget(*_LIMITS["DailyApiRequests"], live.api_used, live.api_limit, live.api_at)
    return [first, *(each for each in budgets if each.label != first.label)]
