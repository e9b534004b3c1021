"""The last 24 hours of an instance in figures by hour, for small charts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count
from django.db.models.functions import TruncHour

from salesbridge.store.hours import Hour, by_hour
from salesbridge.store.models import Change, Conflict, Instance

if TYPE_CHECKING:
    from salesbridge.store.door import Door

HOURS = 24


@dataclass(frozen=True, slots=True)
class Trends:
    """Figures of the last 24 hours, oldest hour first; the last one is not over yet.

    Args:
        hours: Beginning of each hour.
        from_salesforce: Changes heard from Salesforce.
        from_billing: Changes heard from billing.
        to_billing: Changes of Salesforce that were written to billing.
        to_salesforce: Changes of billing that were written to Salesforce.
        slowest_s: Longest time from hearing to deciding, in seconds.
        conflicts: Values that did not prevail.
        cut: Whether there were more changes than are counted, so that the first hours lack some.
    """

    hours: tuple[datetime, ...]
    from_salesforce: tuple[int, ...]
    from_billing: tuple[int, ...]
    to_billing: tuple[int, ...]
    to_salesforce: tuple[int, ...]
    slowest_s: tuple[float, ...]
    conflicts: tuple[int, ...]
    cut: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The hours as people read them."""
        return tuple(f"{hour:%H:%M}" for hour in self.hours)


def trends(door: Door, instance: Instance, now: datetime) -> Trends:
    """The figures of an instance; the hours that are over are counted once in a while only."""
    this = now.replace(minute=0, second=0, microsecond=0)
    hours = tuple(this - timedelta(hours=back) for back in reversed(range(HOURS)))
    found, cut = by_hour(door, instance.pk, hours)
    applied = Change.Outcome.APPLIED

    def count(of: Callable[[Hour], bool]) -> tuple[int, ...]:
        return tuple(sum(row.count for row in found if row.at == hour and of(row)) for hour in hours)

    return Trends(
        hours,
        count(lambda row: row.side == "salesforce"),
        count(lambda row: row.side == "billing"),
        count(lambda row: row.side == "salesforce" and row.outcome == applied),
        count(lambda row: row.side == "billing" and row.outcome == applied),
        _slowest(found, hours),
        _conflicts(door, instance, hours),
        cut,
    )


def _slowest(found: Iterable[Hour], hours: tuple[datetime, ...]) -> tuple[float, ...]:
    longest = dict.fromkeys(hours, 0.0)
    for row in found:
        if row.slowest is not None and row.at in longest:
            longest[row.at] = max(longest[row.at], row.slowest.total_seconds())
    return tuple(longest.values())


def _conflicts(door: Door, instance: Instance, hours: tuple[datetime, ...]) -> tuple[int, ...]:
    rows = door.rows(Conflict).filter(instance=instance, at__gte=hours[0]).annotate(hour=TruncHour("at"))
    counts = dict(rows.values_list("hour").annotate(count=Count("pk")).order_by("hour"))
    return tuple(counts.get(hour, 0) for hour in hours)
