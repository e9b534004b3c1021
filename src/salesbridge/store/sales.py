"""Sales in the store: finding the one that a record belongs to, waking it, and writing its timeline."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from salesbridge.store.door import Door, Rows
from salesbridge.store.models import Sale, SaleStep

#: Columns of a sale that name a record of either side.
NAMES = ("order_id", "quote_id", "opportunity_id", "order_number")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a sale, to be written down.

    Args:
        state: State of the sale then.
        step: What was done or awaited.
        outcome: One of ``SaleStep.Outcome``.
        message: The same in a sentence for people.
        side: The side that was written to or is awaited.
        detail: Ids and values worth keeping.
    """

    state: str
    step: str
    outcome: str
    message: str
    side: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def sales_of(door: Door, instance_id: uuid.UUID) -> Rows[Sale]:
    """The sales of an instance."""
    return door.rows(Sale).filter(instance_id=instance_id)


def awake(door: Door, instance_id: uuid.UUID, now: datetime, limit: int) -> list[Sale]:
    """Sales that are to be looked at now, those that wait longest first."""
    return list(sales_of(door, instance_id).filter(wake_at__lte=now).order_by("wake_at")[:limit])


def overdue(door: Door, instance_id: uuid.UUID, now: datetime) -> list[Sale]:
    """Sales that are in a state for longer than they should be."""
    return list(sales_of(door, instance_id).filter(due_at__lte=now).order_by("due_at"))


def named(door: Door, instance_id: uuid.UUID, names: Mapping[str, Collection[str]]) -> list[Sale]:
    """Sales that have one of some names, by column (:data:`NAMES`)."""
    asked = Q()
    for column, values in names.items():
        if values:
            asked |= Q(**{f"{column}__in": list(values)})
    return list(sales_of(door, instance_id).filter(asked)) if asked else []


def wake(door: Door, instance_id: uuid.UUID, column: str, values: Collection[str], at: datetime) -> int:
    """Have the sales that have one of some names looked at from a moment on, or earlier where that is settled."""
    if not values:
        return 0
    there = sales_of(door, instance_id).filter(**{f"{column}__in": list(values)})
    return there.filter(Q(wake_at=None) | Q(wake_at__gt=at)).update(wake_at=at)


def supplied(door: Door, instance_id: uuid.UUID, points: Iterable[str], *, but: uuid.UUID) -> list[Sale]:
    """Open sales, other than one, that supply any of some service points."""
    asked = Q()
    for point in points:
        asked |= Q(supplies__contains=[{"point": point}])
    if not asked:
        return []
    return list(sales_of(door, instance_id).filter(asked, ended_at=None).exclude(pk=but))


def write_steps(door: Door, sale: Sale, entries: Iterable[Entry], *, by: str, at: datetime) -> None:
    """Add to a sale's timeline; the caller holds the sale, so numbers follow one another."""
    waiting = list(entries)
    if not waiting:
        return
    steps = door.rows(SaleStep)
    first = (steps.filter(sale=sale).aggregate(last=Max("number"))["last"] or 0) + 1
    steps.bulk_create(
        steps.new(
            sale=sale, number=number, at=at, by=by, state=entry.state, step=entry.step, side=entry.side,
            outcome=entry.outcome, message=entry.message, detail=dict(entry.detail),
        )
        for number, entry in enumerate(waiting, start=first)
    )  # fmt: skip


def timeline(door: Door, sale: Sale) -> list[SaleStep]:
    """What happened to a sale, in order."""
    return list(door.rows(SaleStep).filter(sale=sale).order_by("number"))
