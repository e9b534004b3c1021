"""What is measured of an instance that is live. Times are those of the journal: by the database's clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bench.live.world import USERNAME, World, until

#: Seconds between two looks at the journal while one edit is waited for.
_LOOK_S = 0.01
#: Nothing undecided for so long means that everything has been heard.
_QUIET_S = 3.0
#: Seconds a change at which catching up is given up, on a busy machine.
_SLOWEST_S = 0.05
_SUPPLY = ("De-energised", "Registered")
_PERCENT = 100


def latency(world: World, count: int) -> dict[str, Any]:
    """Single edits on each side while nothing else happens; seconds from before the edit until it is written down."""
    contacts, points = world.keys("Contact", count), world.keys("Asset", count)
    towards_billing = [
        _one(world, key, lambda s=sfid, n=number: world.edit_salesforce([s], Preferred_Name__c=f"Latency {n}"))
        for number, (key, sfid) in enumerate(contacts)
    ]
    settle(world)
    towards_salesforce = [
        _one(world, key, lambda k=key: world.edit_billing([k], supply_status=_other(world, k))) for key, _ in points
    ]
    settle(world)
    return {"to billing": _spread(towards_billing), "to Salesforce": _spread(towards_salesforce)}


def _one(world: World, key: str, edit: Callable[[], object]) -> float:
    number, began = _next_number(world), datetime.now(UTC)
    edit()
    applied = _changes(world, number).filter(record=key, outcome="applied")
    until(applied.exists, _LOOK_S)
    decided: datetime = applied.values_list("decided_at", flat=True).order_by("number")[0]
    return (decided - began).total_seconds()


def _other(world: World, key: str) -> str:
    """A supply status that the service point does not have."""
    agreed = world.door.links(world.instance).get(entity="Asset", billing_key=key).agreed
    return next(status for status in _SUPPLY if status != agreed.get("Gentrack_Supply_Status__c"))


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=_PERCENT, method="inclusive") if len(seconds) > 1 else seconds * _PERCENT
    return {"p50": statistics.median(seconds), "p99": cuts[-1], "most": max(seconds), "edits": len(seconds)}


def burst_in_salesforce(world: World, count: int, name: str) -> dict[str, Any]:
    """So many contacts edited at once."""
    ids = [sfid for _, sfid in world.keys("Contact", count)]
    return _burst(world, len(ids), "salesforce", lambda: world.edit_salesforce(ids, Preferred_Name__c=name))


def burst_in_billing(world: World, count: int, status: str) -> dict[str, Any]:
    """So many service points edited at once; those that have the status already are passed over."""
    links = world.door.links(world.instance).filter(entity="Asset").order_by("billing_key")
    held = links.values_list("billing_key", "agreed")
    keys = [key for key, agreed in held if agreed.get("Gentrack_Supply_Status__c") != status][:count]
    return _burst(world, len(keys), "billing", lambda: world.edit_billing(keys, supply_status=status))


def _burst(world: World, count: int, side: str, edit: Callable[[], object]) -> dict[str, Any]:
    number = _next_number(world)
    with _used(world) as told:
        edit()
        edited_at = time.monotonic()
        until(lambda: _changes(world, number).filter(side=side, outcome="applied").count() >= count, 0.2)
        told["after_edit_s"] = time.monotonic() - edited_at
        told["burst_calls"] = world.calls() - told["calls"]
        settle(world)
        # before the wait for the poll, in which every process would only be seen to idle
        told["cpu"] = {name: seconds - told["cpu"][name] for name, seconds in world.cpu().items()}
        _polled(world)
        settle(world)
    return {**told, "records": count, **_journal(world, number, side)}


@contextmanager
def _used(world: World) -> Iterator[dict[str, Any]]:
    """API calls and writes while something happens; ``cpu`` is where its CPU seconds begin."""
    last = int(world.billing.ask({"kind": "service_points", "keys": [], "values": {}})["after"])
    number, began = _next_number(world), time.monotonic()
    told: dict[str, Any] = {"calls": world.calls(), "cpu": world.cpu()}
    yield told
    told["wall_s"] = time.monotonic() - began
    told["calls"] = world.calls() - told["calls"]
    writes = world.billing.ask({"writes_after": last})["writes"]
    told["billing_writes"] = sum(n for source, n in writes.items() if source != "people")
    told["sources"] = writes
    changes = _changes(world, number)
    told["ours"] = changes.filter(side="salesforce", ours=True).count()
    told["applied"] = changes.filter(outcome="applied").count()


def _journal(world: World, number: int, side: str) -> dict[str, Any]:
    """When the changes of a burst were heard and carried over."""
    if not _changes(world, number).filter(side=side, outcome="applied").exists():
        raise SystemExit("There was nothing to edit: choose more --accounts.")
    from django.db.models import Max, Min  # noqa: PLC0415 - needs Django set up

    applied = _changes(world, number).filter(side=side, outcome="applied")
    told = applied.aggregate(first=Min("heard_at"), heard=Max("heard_at"), last=Max("decided_at"))
    lasted = (told["last"] - told["first"]).total_seconds()
    return {
        "heard_s": (told["heard"] - told["first"]).total_seconds(),
        "carried_s": lasted,
        "changes_per_s": applied.count() / lasted if lasted else 0.0,
        "changes": _changes(world, number).count(),
    }


def own_writes(told: dict[str, Any], side: str) -> int:
    """Writes beyond one for each edited record."""
    written = told["billing_writes"] if side == "salesforce" else told["applied"]
    return int(written) - int(told["records"])


def outage(world: World, count: int, share_of_webhooks: float) -> dict[str, Any]:
    """The worker is away while so many changes happen, then catches up."""
    webhooks = int(count * share_of_webhooks)
    contacts = [sfid for _, sfid in world.keys("Contact", count - webhooks)]
    points = [key for key, _ in world.keys("Asset", webhooks)]
    world.edit_salesforce(contacts[:1], Preferred_Name__c="Before the outage")  # events are heard from a place on
    settle(world)
    world.worker.stop()
    number = _next_number(world)
    edited = _edit_contacts(world, contacts, count - webhooks) + _edit_points(world, points, webhooks)
    until(lambda: world.billing.ask({"writes_after": 10**12})["waiting"] == 0, 0.5, _SLOWEST_S * edited)
    before, began = world.calls(), time.monotonic()
    cpu = {**world.cpu(), "worker": 0.0}
    last = int(world.billing.ask({"kind": "service_points", "keys": [], "values": {}})["after"])
    world.start_worker()
    until(lambda: _changes(world, number).exclude(outcome=None).count() >= edited, 0.5, _SLOWEST_S * edited)
    settle(world)
    took = time.monotonic() - began - _QUIET_S
    writes = world.billing.ask({"writes_after": last})["writes"]
    records = len(contacts) + len(points)
    to_salesforce = _changes(world, number).filter(side="billing", outcome="applied").count()
    return {
        "changes": edited, "records": records, "wall_s": took, "changes_per_s": edited / took,
        "writes": sum(n for source, n in writes.items() if source != "people") + to_salesforce,
        "calls": world.calls() - before, "peak_mb": world.worker.peak_mb,
        "cpu": {name: seconds - cpu[name] for name, seconds in world.cpu().items()},
    }  # fmt: skip


def _edit_contacts(world: World, ids: list[str], count: int) -> int:
    left, round_ = count, 0
    while left > 0:
        world.edit_salesforce(ids[:left], Preferred_Name__c=f"Outage {round_}")
        left, round_ = left - len(ids), round_ + 1
    return count


def _edit_points(world: World, keys: list[str], count: int) -> int:
    left, round_ = count, 0
    while left > 0:
        world.edit_billing(keys[:left], supply_status=_SUPPLY[round_ % 2], meter_type=f"{round_}")
        left, round_ = left - len(keys), round_ + 1
    return count


def settle(world: World) -> None:
    """Wait until nothing is left to deliver, and no more is heard for a while."""
    quiet_since = last = 0.0
    while True:
        number, undecided = _next_number(world), _changes(world, 0).filter(outcome=None).exists()
        waiting = world.billing.ask({"writes_after": 10**12})["waiting"]
        if undecided or waiting or number != last:
            quiet_since, last = time.monotonic(), number
        elif time.monotonic() - quiet_since >= _QUIET_S:
            return
        time.sleep(0.3)


def _polled(world: World) -> None:
    """Wait for the next question to billing, so that what it costs to hear everything again is counted."""
    from salesbridge.engine.live.states import live_of  # noqa: PLC0415 - needs Django set up

    since = datetime.now(UTC)
    until(lambda: (live_of(world.door, world.instance.pk).polled_until or since) > since, 0.5)


def _next_number(world: World) -> int:
    from salesbridge.engine.live.states import live_of  # noqa: PLC0415 - needs Django set up

    return int(live_of(world.door, world.instance.pk).next_number)


def _changes(world: World, number: int) -> Any:
    from salesbridge.store.models import Change  # noqa: PLC0415 - needs Django set up

    return world.door.rows(Change).filter(instance=world.instance, number__gte=number)


__all__ = ["USERNAME", "burst_in_billing", "burst_in_salesforce", "latency", "outage", "own_writes", "settle"]
