"""Which records an event type says have changed: the product's table, a tenant's own rules, and what these would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from salesbridge.billing import BillingError
from salesbridge.billing.events import EVENTS, PING, BillingEvent, Rule, Touch, rules, touched
from salesbridge.store.door import Door
from salesbridge.store.models import HeardEvent

#: Events that a preview and the list look at: the last ones.
LAST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An event type and its rule.

    Args:
        type: The event type.
        rule: As it is written; empty where the type touches nothing.
        origin: ``tenant``, or how sure we are of the product's own: ``documented`` or ``assumed``.
    """

    type: str
    rule: str
    origin: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that was heard, with what it touches.

    Args:
        event: The event.
        at: When it was heard.
        touches: Kind and key of each record, in words.
        problem: Why that cannot be told; empty where it can.
        after: The same by rules that are being tried; None where none are.
        after_problem: The same.
    """

    event: BillingEvent
    at: datetime
    touches: tuple[str, ...]
    problem: str = ""
    after: tuple[str, ...] | None = None
    after_problem: str = ""

    @property
    def changes(self) -> bool:
        """Whether rules that are being tried make a difference."""
        return self.after is not None and (self.after, self.after_problem) != (self.touches, self.problem)


def written(found: Iterable[Rule]) -> str:
    """Rules as people write them: ``account:accountNumber``."""
    return " ".join(f"{r.kind}:{','.join(r.members)}{':deleted' if r.deleted else ''}" for r in found)


def table(overrides: Mapping[str, str]) -> list[Line]:
    """Every event type that is known, the tenant's own first."""
    found = [
        Line(name, written(of), "tenant" if name in overrides else of[0].mark if of else "tenant")
        for name, of in rules(overrides).items()
    ]
    return sorted(found, key=lambda line: (line.origin != "tenant", line.type))


def with_rule(overrides: Mapping[str, str], type_: str, kind: str, members: str, *, deleted: bool) -> dict[str, str]:
    """The rules with one more; without a kind the type touches nothing.

    Raises:
        BillingError: It is no rule.
    """
    names = ",".join(part for part in members.replace(",", " ").split())
    rule = f"{kind}:{names}{':deleted' if deleted else ''}" if kind else ""
    made = {**overrides, type_.strip(): rule}
    rules(made)
    return made


def heard(door: Door, overrides: Mapping[str, str], trial: Mapping[str, str] | None = None) -> list[Heard]:
    """The events heard last, with what each touches, and would touch by other rules; one query.

    Args:
        door: Door of the tenant.
        overrides: The tenant's rules as they are.
        trial: Rules that are being tried.
    """
    rows = door.rows(HeardEvent).order_by("-heard_at")[:LAST]
    return [_heard(row, overrides, trial) for row in rows]


def _heard(row: HeardEvent, overrides: Mapping[str, str], trial: Mapping[str, str] | None) -> Heard:
    event = BillingEvent(row.event_id, row.type, "", "", row.created_at, row.data)
    touches, problem = _touches(event, overrides)
    if trial is None:
        return Heard(event, row.heard_at, touches, problem)
    return Heard(event, row.heard_at, touches, problem, *_touches(event, trial))


def _touches(event: BillingEvent, overrides: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    try:
        return tuple(_words(touch) for touch in touched(event, overrides)), ""
    except BillingError as error:
        return (), error.message


def _words(touch: Touch) -> str:
    return f"{touch.kind.replace('_', ' ')} {touch.key}{' (deleted)' if touch.deleted else ''}"


def last_ping(door: Door) -> datetime | None:
    """When the platform's connectivity test came in last."""
    rows = door.rows(HeardEvent).filter(type=PING).order_by("-heard_at")
    return rows.values_list("heard_at", flat=True).first()


#: Event types of the product's table.
TYPES = tuple(sorted(EVENTS))
