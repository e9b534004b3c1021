"""Going live, pausing and resuming, each by a person's word and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from salesbridge.engine import connections
from salesbridge.engine.doctor.triggers import trigger_findings
from salesbridge.engine.instances import describes_of
from salesbridge.engine.live.site import TOPIC, Site
from salesbridge.engine.live.states import LOADED, live_of, mark_gap, move
from salesbridge.engine.load.preflight import Check, check_of, guarded, same_org
from salesbridge.model import check
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance, Live
from salesbridge.sync.life import InstanceState

#: Objects whose saves Salesforce must tell us of (the triggers of the package).
TRIGGERED = ("Account", "Contact", "AccountContactRelation")


class NotReadyError(Exception):
    """An instance cannot go live yet.

    Args:
        checks: What was checked; those that failed say what to do.
    """

    def __init__(self, checks: list[Check]) -> None:
        failed = [c for c in checks if c.state == "failed"]
        super().__init__("; ".join(f"{c.name}: {c.message}" for c in failed))
        self.checks = checks


def go_live(door: Door, instance: Instance, by: str, *, confirmed: bool) -> list[Check]:
    """Begin to keep an instance in step.

    Args:
        door: Door of its tenant.
        instance: The instance.
        by: Who says so.
        confirmed: Whether that person says that triggers and event publishing are on again; it is checked all the same.

    Returns:
        What was checked.

    Raises:
        NotReadyError: Something stands against it.
        TransitionError: The instance is live already, or is being loaded.
    """
    where = Site(door, instance, door.tenant)
    checks = readiness(where, confirmed=confirmed)
    if any(c.state == "failed" for c in checks):
        raise NotReadyError(checks)
    begun = _loaded_from(where)
    with transaction.atomic():
        live_of(door, instance.pk)
        rows = door.rows(Live).filter(instance=instance)
        rows.update(polled_until=Coalesce("polled_until", begun), held_until=None, held_reason="", outages=0)
        # What happened between the load and the first event heard is found by comparing everything once.
        move(door, instance.pk, InstanceState.RECOVERING)
        mark_gap(door, instance.pk, begun, "going live")
        record(door, "live:started", actor=by, instance_id=instance.pk, subject=instance.name)
    return checks


def pause(door: Door, instance: Instance, by: str) -> None:
    """Stop delivering; what happens meanwhile is heard when it is resumed.

    Raises:
        TransitionError: The instance is not live.
    """
    _move(door, instance, InstanceState.PAUSED, "live:paused", by)


def resume(door: Door, instance: Instance, by: str) -> None:
    """Go on where it was paused.

    Raises:
        TransitionError: The instance is not paused.
    """
    waiting = live_of(door, instance.pk).gap_since is not None
    _move(door, instance, InstanceState.RECOVERING if waiting else InstanceState.LIVE, "live:resumed", by)


def _move(door: Door, instance: Instance, to: InstanceState, tag: str, by: str) -> None:
    with transaction.atomic():
        move(door, instance.pk, to)
        record(door, tag, actor=by, instance_id=instance.pk, subject=instance.name)


def _loaded_from(where: Site) -> datetime:
    """Since when both sides are to be compared: the beginning of the load that succeeded last."""
    runs = where.door.runs.filter(instance=where.instance, state__in=LOADED).order_by("-number")
    begun = runs.values_list("started_at", flat=True).first()
    return begun or datetime.now(UTC)


def readiness(where: Site, *, confirmed: bool) -> list[Check]:
    """Everything that must be so before an instance goes live."""
    checks: list[Check] = []
    for name, probe in _PROBES.items():
        checks += guarded(name, probe, where)
    said = "passed" if confirmed else "failed"
    mend = "" if confirmed else "Switch triggers and event publishing on again, then confirm it (--switched-on)."
    message = "triggers and event publishing are on again, " + ("as confirmed" if confirmed else "nobody has confirmed")
    return [*checks, Check("Confirmation", said, message, mend)]  # type: ignore[arg-type]


def _load(where: Site) -> Iterator[Check]:
    runs = where.door.runs.filter(instance=where.instance)
    if runs.filter(finished_at=None).exists():
        yield Check("Initial load", "failed", "a run is under way", "Wait for it to end.")
    elif runs.filter(state__in=LOADED).exists() and _turned_since(where):
        message = "the instance has turned to another org since it was loaded"
        mend = "Load, or go live if that org holds the same data: what it lacks is created record by record."
        yield Check("Initial load", "warning", message, mend)
    elif runs.filter(state__in=LOADED).exists():
        yield Check("Initial load", "passed", "an initial data synchronisation has completed")
    else:
        yield Check("Initial load", "failed", "no initial data synchronisation has completed", "Load first.")


def _turned_since(where: Site) -> bool:
    turned = where.door.activities.filter(instance_id=where.instance.pk, tag="org:confirmed").order_by("-at").first()
    later = where.door.runs.filter(instance=where.instance, state__in=LOADED)
    return turned is not None and not later.filter(started_at__gt=turned.at).exists()


def _org(where: Site) -> Iterator[Check]:
    return same_org(where.door, where.salesforce, where.instance)


def _data_model(where: Site) -> Iterator[Check]:
    findings = check(where.table, describes_of(where.salesforce, where.entities.values(), fresh=True), initial=True)
    errors = [finding for finding in findings if finding.severity == "error"]
    for finding in errors:
        yield check_of("Data model", finding)
    if not errors:
        yield Check("Data model", "passed", f"{len(where.entities)} objects have every field that is needed")


def _triggers(where: Site) -> Iterator[Check]:
    found = [finding for finding in trigger_findings(where.salesforce, where.table) if finding.entity in TRIGGERED]
    for finding in found:
        yield check_of("Salesforce triggers", finding)
    if not any(finding.severity == "error" for finding in found):
        yield Check("Salesforce triggers", "passed", f"active on {', '.join(TRIGGERED)}")


def _events(where: Site) -> Iterator[Check]:
    with connections.events(where.instance, where.salesforce) as bus:
        topic = bus.topic(TOPIC)
    if topic.can_subscribe:
        yield Check("Salesforce events", "passed", f"{TOPIC} can be heard")
    else:
        mend = "Give the connector's user read access to Gentrack Object Event (Setup > Permission Sets)."
        yield Check("Salesforce events", "failed", f"{TOPIC} cannot be heard by the connector's user", mend)


def _publishing(where: Site) -> Iterator[Check]:
    publishing = where.billing.publishing()
    if publishing is False:
        mend = "Switch event publishing on (salesbridge tenant publishing TENANT on)."
        yield Check("Billing events", "failed", "the billing system does not publish events", mend)
    elif publishing and where.tenant.hook_keys:
        yield Check("Billing events", "passed", "published to us, and signed with a key that we know")
    else:
        mend = "Set a webhook up for changes to arrive at once (salesbridge tenant hook TENANT)."
        yield Check("Billing events", "warning", "not sent to us: billing is asked for changes instead", mend)


_PROBES: dict[str, Callable[[Site], Iterator[Check]]] = {
    "Initial load": _load,
    "Salesforce": _org,
    "Data model": _data_model,
    "Salesforce triggers": _triggers,
    "Salesforce events": _events,
    "Billing events": _publishing,
}
