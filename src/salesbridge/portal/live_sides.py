"""Both sides of a record, read while somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from salesbridge.engine.live.problem_sides import Sides, record_sides
from salesbridge.engine.live.words import rule_words
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.store.secrets import NoSecret


@dataclass(frozen=True, slots=True)
class Line:
    """A field as both sides hold it, in words.

    Args:
        field: Column.
        master: The side whose value wins.
        agreed: What both last agreed on.
        billing: What billing has.
        salesforce: What Salesforce has.
        differs: Whether they differ.
        rule: What would be done about it, and why.
    """

    field: str
    master: str
    agreed: str | None
    billing: str | None
    salesforce: str | None
    differs: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Both sides as they were at a moment.

    Args:
        at: The moment at which the reading was complete.
        took_s: How long it took.
        sides: What was read.
        lines: The fields, those that differ first.
    """

    at: datetime
    took_s: float
    sides: Sides
    lines: tuple[Line, ...]


def read(door: Door, instance: Instance, entity: str, key: str) -> Reading:
    """Read both sides of a record now; what stands in the way is told in ``sides.unread``."""
    began = datetime.now(UTC)
    try:
        found = record_sides(door, instance.pk, (entity, key), began)
    except NoSecret:
        found = Sides(None, (), unread="Credentials are missing: enter them in the settings.")
    at = datetime.now(UTC)
    told = [
        Line(f.field, f.master, f.agreed, f.billing, f.salesforce, f.billing != f.salesforce,
             rule_words(f.rule, f.master) if f.rule else "")
        for f in found.fields
    ]  # fmt: skip
    told.sort(key=lambda line: not line.differs)
    return Reading(at, (at - began).total_seconds(), replace(found), tuple(told))
