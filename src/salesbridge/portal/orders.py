"""Orders of an instance: how many stand where, finding some, and the links and steps of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q

from salesbridge.engine.context import model_of
from salesbridge.engine.live.names import long_id
from salesbridge.engine.sales.standing import awaited
from salesbridge.model.context import place
from salesbridge.portal.standing import SALE_STATES, State
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Instance, Problem, Sale, SaleStep, Tenant
from salesbridge.store.sales import sales_of
from salesbridge.sync.sale_life import SaleState

#: Which orders to list, by what people choose: those of which something is awaited, late ones, the others, all.
OPEN, LATE, CLOSED, ALL = "", "late", "closed", "all"
_EXACT = ("order_id", "order_number", "quote_id", "opportunity_id", "account_id", "account_number", "customer_number")
_TONES = {
    SaleStep.Outcome.DONE: "decided", SaleStep.Outcome.WAITS: "waits", SaleStep.Outcome.REFUSED: "problem",
    SaleStep.Outcome.FAILED: "problem", SaleStep.Outcome.ENTERED: "heard",
}  # fmt: skip
#: What a step keeps that is told in words of its own.
_TOLD = frozenset({"owner", "mend", "code"})


@dataclass(frozen=True, slots=True)
class Standing:
    """The open orders in one state.

    Args:
        name: Name of the state.
        state: The state as people see it.
        count: How many there are.
        late: How many of them are late.
        since: When the one that is in it longest entered it.
    """

    name: str
    state: State
    count: int
    late: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of an order as its timeline shows it.

    Args:
        step: The step.
        tone: What kind of entry it is, a class of ``.timeline``.
        state: The order's state then.
        awaited: Who is to act after it; empty where nobody is.
        mend: What it said to do.
        facts: Ids and values that it kept.
    """

    step: SaleStep
    tone: str
    state: State
    awaited: str
    mend: str
    facts: dict[str, object]


def by_state(door: Door, instance: Instance, now: datetime) -> list[Standing]:
    """The open orders by state, in the order of the life cycle; one query."""
    late, longest = Count("pk", filter=Q(due_at__lte=now)), Min("since")
    told = sales_of(door, instance.pk).filter(ended_at=None).values("state").order_by("state")
    found = {
        each["state"]: Standing(
            each["state"], SALE_STATES[SaleState(each["state"])], each["count"], each["late"], each["longest"]
        )
        for each in told.annotate(count=Count("pk"), late=late, longest=longest)
    }
    return [found[state] for state in SaleState if state in found]


def open_and_late(door: Door, instance: Instance, now: datetime) -> tuple[int, int]:
    """How many orders are open and how many of them late: one query that touches no order of which nothing is awaited.

    An open order has a moment at which it is due, or one at which it is looked at (``engine.sales.book``); each has an
    index of its own, however many orders were completed.
    """
    awaiting = sales_of(door, instance.pk).filter(Q(due_at__isnull=False) | Q(wake_at__isnull=False), ended_at=None)
    counts = awaiting.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now)))
    return counts["open"], counts["late"]


def chosen(rows: Rows[Sale], now: datetime, *, text: str = "", state: str = "", which: str = OPEN) -> Rows[Sale]:
    """Orders that are asked for, those that are due first in front: late ones lead.

    Args:
        rows: The orders.
        now: The moment.
        text: Any name or number of the order or of its account; empty for all.
        state: State; empty for any.
        which: ``OPEN`` (ignored where a state is chosen), ``LATE``, ``CLOSED`` or ``ALL``.
    """
    if state:
        rows = rows.filter(state=state)
    if which == LATE:
        rows = rows.filter(due_at__lte=now)
    elif which == CLOSED:
        rows = rows.filter(ended_at__isnull=False)
    elif which == OPEN and not state:
        rows = rows.filter(ended_at=None)
    if text:
        exact = Q(*((f"{column}__in", {text, long_id(text)}) for column in _EXACT), _connector=Q.OR)
        rows = rows.filter(exact | Q(label__icontains=text) | Q(account_name__icontains=text))
    return rows.order_by(F("due_at").asc(nulls_last=True), "-since", "pk")


def in_billing(tenant: Tenant) -> frozenset[str]:
    """Objects of which somebody has said where they are in billing, so that a context link leads there."""
    table = model_of(tenant)
    return frozenset(
        entity.name for entity in table.entities if place(entity, tenant.link_templates, tenant.base_url, tenant.name)
    )


def happenings(steps: Iterable[SaleStep]) -> list[Happening]:
    """Steps as the timeline shows them."""
    return [
        Happening(
            step, _TONES[SaleStep.Outcome(step.outcome)], SALE_STATES[SaleState(step.state)], awaited(step),
            str(step.detail.get("mend", "")), {k: v for k, v in step.detail.items() if k not in _TOLD and v},
        )
        for step in steps
    ]  # fmt: skip


def entered(sale: Sale, steps: Iterable[SaleStep]) -> dict[SaleState, datetime]:
    """The states that an order has been in, each with when it entered it last."""
    found: dict[SaleState, datetime] = {}
    before = ""
    for step in steps:
        if step.state != before:
            found[SaleState(step.state)] = step.at
        before = step.state
    return {**found, SaleState(sale.state): sale.since}


def problem_of(door: Door, sale: Sale) -> Problem | None:
    """The problem of an order that needs somebody; None where there is none."""
    rows = door.problems.filter(instance_id=sale.instance_id, entity="Order", key=str(sale.pk), state__in=LIVE)
    return rows.order_by("-last_at").first()
