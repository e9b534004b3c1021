"""What both sides hold of a record now, such as that of a problem, field by field, and what is proposed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from salesbridge.billing import BillingError
from salesbridge.engine.live.look import View, facts_of, look
from salesbridge.engine.live.problems import OF_RECORDS
from salesbridge.engine.live.site import Site, site
from salesbridge.engine.live.words import reason_words
from salesbridge.model import Side
from salesbridge.salesforce import SalesforceError
from salesbridge.store.changes import Heard, behind
from salesbridge.store.door import Door
from salesbridge.store.models import Parked, Problem
from salesbridge.sync.change import Gone, Op, Origin, Seen
from salesbridge.sync.decide import decide
from salesbridge.sync.decision import Decision
from salesbridge.sync.merge import slots

#: How a side is said to hold the record, and not to.
THERE, NOT_THERE = "there", "not there"


@dataclass(frozen=True, slots=True)
class Held:
    """One field as both sides hold it.

    Args:
        field: Column.
        master: The side whose value wins.
        agreed: What both last agreed on.
        billing: What billing has.
        salesforce: What Salesforce has.
        rule: Why it is written, or is not although the sides differ; empty where they agree.
    """

    field: str
    master: str
    agreed: str | None
    billing: str | None
    salesforce: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class Sides:
    """A record as it is now.

    Args:
        parked: How it waits, if it does.
        waiting: Changes that wait behind it.
        salesforce: ``there``, ``deleted``, ``merged into ...`` or ``not there``.
        billing: ``there`` or ``not there``.
        salesforce_id: Its Salesforce id, as far as it is known.
        fields: What each side holds; nothing where neither could be read.
        now: What would be decided now, in plain words; empty where nothing could be read.
        unread: Why the sides could not be read; empty if they could.
    """

    parked: Parked | None
    waiting: tuple[Heard, ...]
    salesforce: str = ""
    billing: str = ""
    salesforce_id: str = ""
    fields: tuple[Held, ...] = ()
    now: str = ""
    unread: str = ""


def sides(door: Door, problem: Problem, now: datetime) -> Sides | None:
    """Both sides of a problem's record, read now; None for a problem that is not about one record."""
    if problem.kind not in OF_RECORDS or problem.instance_id is None:
        return None
    return record_sides(door, problem.instance_id, (problem.entity, problem.key), now)


def record_sides(door: Door, instance_id: uuid.UUID, name: tuple[str, str], now: datetime) -> Sides:
    """Both sides of a record, read now.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        name: Entity, and external id or, before it has one, Salesforce id.
        now: The moment.
    """
    where = site(door, instance_id)
    parked = door.rows(Parked).filter(instance=where.instance, entity=name[0], record=name[1]).first()
    waiting = tuple(behind(door, where.instance.pk, [name]))
    if name[0] not in where.entities:
        return Sides(parked, waiting, unread=f"{name[0]} is no longer kept in step.")
    asked = waiting or (Heard(Side.BILLING, *name, Op.SAVE, origin=Origin.PERSON),)
    try:
        views = look(where, asked, now)
        view = next((view for view in views if view.record == name), views[0])
        decision = decide(where.entities[name[0]], facts_of(where, [view], now)[0])
    except (SalesforceError, BillingError) as error:
        return Sides(parked, waiting, unread=error.message)
    return _sides(where, parked, waiting, view, decision)


def _sides(where: Site, parked: Parked | None, waiting: tuple[Heard, ...], view: View, decision: Decision) -> Sides:
    refused = f"{view.refused.message} ({view.refused.code})" if view.refused is not None else ""
    return Sides(
        parked, waiting, _salesforce(view), THERE if view.raw is not None else NOT_THERE,
        view.link.salesforce_id if view.link is not None else getattr(view.salesforce, "id", ""),
        tuple(_held(where, view, decision)), refused or reason_words(decision.reason.name),
    )  # fmt: skip


def _salesforce(view: View) -> str:
    match view.salesforce:
        case Gone(merged_into=survivor) if survivor:
            return f"merged into {survivor}"
        case Gone():
            return "deleted"
        case Seen():
            return THERE
    return NOT_THERE


def _held(where: Site, view: View, decision: Decision) -> Iterator[Held]:
    salesforce = view.salesforce.cells if isinstance(view.salesforce, Seen) else {}
    billing = view.billing.cells if view.billing is not None else {}
    agreed = view.link.agreed if view.link is not None else {}
    rules = {move.name: move.rule.value for move in decision.moves}
    for slot in slots(where.entities[view.record[0]]):
        name = slot.name
        if name in salesforce or name in billing:
            values = (agreed.get(name), billing.get(name), salesforce.get(name))
            yield Held(name, slot.master.value, *values, rules.get(name, ""))
