"""How much went through by the hour, and where in the journal a moment is."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, F, Max

from salesbridge.store.models import Change

if TYPE_CHECKING:
    from salesbridge.store.door import Door

#: Most changes that are counted: the last ones heard.
MOST = 100_000

# Numbers grow with the time of hearing, so that halving finds the first of a moment in about twenty look-ups, however
# long the journal is; an index on the time would be written with every change.
_FIRST_SINCE = """
WITH RECURSIVE halves(low, high) AS (
    SELECT 1::bigint, %(next)s::bigint
    UNION ALL
    SELECT CASE WHEN earlier THEN middle + 1 ELSE low END, CASE WHEN earlier THEN high ELSE middle END
    FROM (
        SELECT low, high, (low + high) / 2 AS middle, coalesce((
            SELECT heard_at < %(at)s FROM store_change
            WHERE tenant_id = %(tenant)s AND instance_id = %(instance)s AND number = (low + high) / 2
        ), true) AS earlier
        FROM halves WHERE low < high
    ) AS looked
)
SELECT low FROM halves WHERE low = high
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """What was heard in one hour and came to one end.

    Args:
        at: Beginning of the hour.
        side: Who told it.
        outcome: What became of it; None while it is not decided.
        count: How many changes.
        slowest: The longest time from hearing to deciding.
    """

    at: datetime
    side: str
    outcome: str | None
    count: int
    slowest: timedelta | None


def next_number(door: Door, instance_id: uuid.UUID) -> int:
    """The number behind the last change in an instance's journal; 1 where it is empty."""
    rows = door.rows(Change).filter(instance_id=instance_id)
    return (rows.order_by("-number").values_list("number", flat=True).first() or 0) + 1


def number_at(door: Door, instance_id: uuid.UUID, at: datetime) -> int:
    """Number of the first change that was heard at a moment or later; the next number where none was.

    A record that is no longer in the journal counts as earlier.
    """
    values: dict[str, Any] = {"next": next_number(door, instance_id), "at": at}
    values |= {"tenant": door.tenant_id, "instance": instance_id}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_SINCE, values)
        return int(cursor.fetchone()[0])


def by_hour(door: Door, instance_id: uuid.UUID, hours: Sequence[datetime]) -> tuple[list[Hour], bool]:
    """What was heard by hour, side and outcome; and whether that are too many to be counted in full.

    Hours that are over are remembered by this process for some minutes: little of what was heard in them is still
    decided otherwise.

    Args:
        door: Door of the tenant.
        instance_id: The instance.
        hours: Beginnings of hours that follow each other; the last one goes on.
    """
    behind = next_number(door, instance_id)
    lowest = max(behind - MOST, 1)
    found: list[Hour] = []
    cut = False
    for hour in reversed(hours):
        counted = _remembered(door, instance_id, hour, behind, over=hour != hours[-1])
        cut = cut or (counted.first < lowest and counted.first < behind)
        found = [*counted.found, *found]
        behind = counted.first
        if cut:
            break
    return found, cut


@dataclass(frozen=True, slots=True)
class _Counted:
    first: int
    found: tuple[Hour, ...]
    until: float


_known: dict[tuple[uuid.UUID, uuid.UUID, datetime], _Counted] = {}
#: Seconds for which an hour that is over is not counted again, and how many hours are remembered.
_REMEMBERED_S, _MOST_KNOWN = 300.0, 10_000


def _remembered(door: Door, instance_id: uuid.UUID, hour: datetime, behind: int, *, over: bool) -> _Counted:
    name = (door.tenant_id, instance_id, hour)
    known = _known.get(name)
    if over and known is not None and known.until > time.monotonic():
        return known
    first = min(number_at(door, instance_id, hour), behind)
    made = _Counted(first, tuple(_count(door, instance_id, hour, first, behind)), time.monotonic() + _REMEMBERED_S)
    if over:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[name] = made
    return made


def _count(door: Door, instance_id: uuid.UUID, hour: datetime, first: int, behind: int) -> Iterator[Hour]:
    rows = door.rows(Change).filter(instance_id=instance_id, number__gte=first, number__lt=behind)
    counted = rows.values_list("side", "outcome").annotate(
        count=Count("number"), slowest=Max(F("decided_at") - F("heard_at"))
    )
    for side, outcome, count, slowest in counted.order_by("side", "outcome"):
        yield Hour(hour, side, outcome, count, slowest)
