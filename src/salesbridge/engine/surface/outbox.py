"""The outbox: what is to be published stands in it from the moment it is heard, by the same transaction.

An event is in one of four states: it waits, it is held until a person has given it a mapping or corrected one, it is
published, or a person has dismissed it. Nothing leaves the outbox silently.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count

from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE
from salesbridge.store.models import HeardEvent, Instance, Problem, Surfaced
from salesbridge.sync.subscriptions import Subscriptions

if TYPE_CHECKING:
    from salesbridge.billing.events import BillingEvent

#: Name of the instance's setting that holds its subscriptions and event mappings.
SETTING = "events"
#: Kinds of problems: events of a type cannot be published (``key`` is the type); nothing can be published at all.
UNSURFACED, UNPUBLISHED = "event not surfaced", "events cannot be published"
_WAITING, _HELD = Surfaced.State.WAITING, Surfaced.State.HELD


def subscriptions(instance: Instance) -> Subscriptions:
    """Which events an instance surfaces, and how."""
    return Subscriptions.parse(instance.settings.get(SETTING))


def keep(door: Door, instance: Instance, events: Iterable[BillingEvent]) -> int:
    """Put events that are heard for the first time into the outbox, within the caller's transaction.

    Whether an event is subscribed is decided by the subscriptions at this moment.

    Args:
        door: Door of the tenant.
        instance: The instance; the caller has changed its ``Live`` row, so that writers take turns.
        events: The events, in the order of hearing.

    Returns:
        How many are subscribed.
    """
    types = subscriptions(instance).types
    wanted = [event for event in events if event.type in types]
    if wanted:
        rows = door.rows(Surfaced)
        rows.bulk_create([rows.new(instance=instance, event_id=e.event_id, type=e.type) for e in wanted])
    return len(wanted)


def last(door: Door, instance_id: uuid.UUID) -> int | None:
    """Number of the newest event that waits; None where none does."""
    rows = door.rows(Surfaced).filter(instance_id=instance_id, state=_WAITING).order_by("-number")
    return rows.values_list("number", flat=True).first()


def due(door: Door, instance_id: uuid.UUID, now: datetime, most: int, *, upto: int | None = None) -> list[Surfaced]:
    """The oldest events that wait, up to the first one whose time has not come.

    Args:
        door: Door of the tenant.
        instance_id: The instance.
        now: The moment.
        most: How many at most.
        upto: Number of the last one to be looked at; None for no such limit.
    """
    rows = door.rows(Surfaced).filter(instance_id=instance_id, state=_WAITING).order_by("number")
    found: list[Surfaced] = []
    for row in (rows if upto is None else rows.filter(number__lte=upto))[:most]:
        if row.next_at is not None and row.next_at > now:
            break
        found.append(row)
    return found


def told(door: Door, rows: Iterable[Surfaced]) -> Mapping[str, HeardEvent]:
    """What the events told, by event id."""
    heard = door.rows(HeardEvent).filter(event_id__in=[row.event_id for row in rows])
    return {event.event_id: event for event in heard}


def with_work(instances: Iterable[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Instances for which there is something to publish: the first event that waits is due."""
    operator = Door.operator(reason="find instances with events to publish")
    waiting = operator.rows(Surfaced).filter(instance_id__in=list(instances), state=_WAITING)
    first = waiting.order_by("instance_id", "number").distinct("instance_id").values_list("instance_id", "next_at")
    return {instance_id for instance_id, next_at in first if next_at is None or next_at <= now}


def counts(door: Door, instance_id: uuid.UUID) -> dict[str, int]:
    """How many events wait or are held."""
    rows = door.rows(Surfaced).filter(instance_id=instance_id, state__in=(_WAITING, _HELD))
    return dict(rows.values_list("state").annotate(count=Count("number")).order_by("state"))


def release(door: Door, instance_id: uuid.UUID, event_type: str) -> int:
    """Let held events of a type be tried again at once, in the caller's transaction; how many."""
    held = _of(door, instance_id, event_type).filter(state=_HELD)
    count = held.update(state=_WAITING, next_at=None, code="", message="", attempts=0)
    problems(door, instance_id, event_type).update(state=Problem.State.RETRYING if count else Problem.State.SOLVED)
    return count


def dismiss(door: Door, instance_id: uuid.UUID, event_type: str, *, waiting: bool = False) -> int:
    """Let go of held events of a type, in the caller's transaction; how many.

    Args:
        door: Door of the tenant.
        instance_id: The instance.
        event_type: The type.
        waiting: Also of those that wait.
    """
    states = (_HELD, _WAITING) if waiting else (_HELD,)
    count = _of(door, instance_id, event_type).filter(state__in=states).update(state=Surfaced.State.DISMISSED)
    problems(door, instance_id, event_type).update(state=Problem.State.DISMISSED)
    return count


def again(door: Door, instance_id: uuid.UUID) -> None:
    """Let everything that waits be tried at once, after a person has mended what stood in the way of all of it."""
    door.rows(Surfaced).filter(instance_id=instance_id, state=_WAITING).update(next_at=None)


def problems(door: Door, instance_id: uuid.UUID, event_type: str) -> Rows[Problem]:
    """The problem that events of a type cannot be published, if it is live."""
    return door.problems.filter(instance_id=instance_id, kind=UNSURFACED, key=event_type, state__in=LIVE)


def _of(door: Door, instance_id: uuid.UUID, event_type: str) -> Rows[Surfaced]:
    return door.rows(Surfaced).filter(instance_id=instance_id, type=event_type)
