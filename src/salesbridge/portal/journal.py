"""Finding changes in the journal: by record, object, side, outcome and time, a page at a time.

Pages are told apart by numbers, not counted, and none looks at more than ``WINDOW`` changes: a search for what is rare
goes on where the last one stopped, however long the journal is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from salesbridge.engine.live.names import called, links_of, long_id
from salesbridge.engine.live.site import site
from salesbridge.store.door import Door, Rows
from salesbridge.store.hours import next_number, number_at
from salesbridge.store.models import Change, Instance, Link

A_PAGE = 50
#: Changes that one page looks at where no record is asked for.
WINDOW = 25_000
#: The outcome that stands for changes which are not decided.
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty means all.

    Args:
        text: External id or Salesforce id of a record, an object's name, or both as ``Object:id``.
        entity: Object.
        side: Who told it.
        outcome: What became of it, or ``open``.
        since: Heard at that moment or later.
        until: Heard before.
    """

    text: str = ""
    entity: str = ""
    side: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of changes, the latest first.

    Args:
        changes: The changes.
        older: Number before which the next page begins; 0 where there is none.
        newer: Number after which the page before ends; 0 where there is none.
        stopped: Whether the search stopped before the journal's beginning without filling the page.
    """

    changes: tuple[Change, ...]
    older: int = 0
    newer: int = 0
    stopped: bool = False


def found(door: Door, instance: Instance, wanted: Wanted, before: int = 0, after: int = 0) -> Slice:
    """A page of what is wanted.

    Args:
        door: Door of the tenant.
        instance: The instance.
        wanted: What to look for.
        before: Only changes with smaller numbers; 0 for the latest.
        after: Instead, the page that ends just above this number.
    """
    low, high = _bounds(door, instance, wanted)
    rows, by_record = _matching(door, instance, wanted)
    if after:
        return _upwards(rows, max(after + 1, low), high, limited=not by_record)
    top = min(before, high) if before else high
    bottom = low if by_record else max(low, top - WINDOW)
    page = list(rows.filter(number__gte=bottom, number__lt=top).order_by("-number")[: A_PAGE + 1])
    more = len(page) > A_PAGE
    shown = tuple(page[:A_PAGE])
    older = shown[-1].number if more else bottom if bottom > low else 0
    newer = (shown[0].number if shown else top) if top < high else 0
    return Slice(shown, older, newer, stopped=not more and bottom > low)


def _upwards(rows: Rows[Change], low: int, high: int, *, limited: bool) -> Slice:
    top = min(high, low + WINDOW) if limited else high
    page = list(rows.filter(number__gte=low, number__lt=top).order_by("number")[: A_PAGE + 1])
    shown = tuple(reversed(page[:A_PAGE]))
    newer = shown[0].number if len(page) > A_PAGE else top - 1 if top < high else 0
    return Slice(shown, shown[-1].number if shown else low, newer)


def _bounds(door: Door, instance: Instance, wanted: Wanted) -> tuple[int, int]:
    """The first number to look at, and the one behind the last."""
    low = number_at(door, instance.pk, wanted.since) if wanted.since else 1
    high = number_at(door, instance.pk, wanted.until) if wanted.until else next_number(door, instance.pk)
    return low, high


def _matching(door: Door, instance: Instance, wanted: Wanted) -> tuple[Rows[Change], bool]:
    """The changes that match, and whether they are those of a record, which an index finds."""
    rows = door.rows(Change).filter(instance=instance)
    entity, names = _names(door, instance, wanted)
    if entity:
        rows = rows.filter(entity=entity)
    if names:
        rows = rows.filter(Q(key__in=names) | Q(record__in=names))
    if wanted.side:
        rows = rows.filter(side=wanted.side)
    if wanted.outcome:
        rows = rows.filter(outcome=None if wanted.outcome == OPEN else wanted.outcome)
    return rows, bool(names)


def _names(door: Door, instance: Instance, wanted: Wanted) -> tuple[str, set[str]]:
    """The object and every name of the record that somebody asks for."""
    text = wanted.text.strip()
    if not text:
        return wanted.entity, set()
    where = site(door, instance.pk)
    if text in where.entities:
        return text, set()
    entities, names = called(where, text)
    if wanted.entity:
        entities &= {wanted.entity}
    for link in links_of(where, entities, names):
        names |= {link.billing_key, link.salesforce_id}
    return next(iter(entities)) if len(entities) == 1 else wanted.entity, names


def links_named(door: Door, instance: Instance, entity: str, name: str) -> list[Link]:
    """The links of one record by its external id or its Salesforce id."""
    where = site(door, instance.pk)
    return list(links_of(where, frozenset({entity}), {name, long_id(name)}))
