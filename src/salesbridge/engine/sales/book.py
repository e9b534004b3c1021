"""Writing down what became of a sale: its row, its timeline and its problems, in one transaction under the lease."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.case import Case
from salesbridge.engine.sales.entities import ORDER
from salesbridge.engine.sales.faults import supplies_of
from salesbridge.engine.sales.words import stands
from salesbridge.store.journal import LIVE, raise_problem
from salesbridge.store.leases import Fence
from salesbridge.store.models import Problem, SaleStep
from salesbridge.store.sales import Entry, write_steps
from salesbridge.sync.parking import Hold, pause
from salesbridge.sync.sale_life import PROMPT, SETTLED, TURNS, Owner, SaleState
from salesbridge.sync.sale_step import Step, StepKind

#: Kinds of problems about a sale; they name it by the entity Order and the sale's id.
REFUSED_SALE, LATE_SALE = "sale refused", "sale waits too long"
BY = "connector"
#: How long a sale is left alone that waits for billing: an event that was lost is made up for by then.
_SAFETY = timedelta(hours=6)


def keep(site: Site, fence: Fence, case: Case, now: datetime) -> None:
    """Write a sale down in the middle of its way; it stays awake.

    Raises:
        FencedError: Another worker delivers for the instance; nothing was written.
    """
    _save(site, fence, case, now)


def settle(site: Site, fence: Fence, case: Case, step: Step, now: datetime) -> None:
    """Write down that a sale stops at a step, who is to act next and by when.

    Raises:
        FencedError: Another worker delivers for the instance; nothing was written.
    """
    sale = case.sale
    late = sale.due_at is not None and sale.due_at <= now and sale.state == step.state
    again = (sale.state, sale.step, sale.reason) == (step.state, step.kind, step.reason)
    sale.attempts = sale.attempts + 1 if again else 1
    if not again:
        case.written.append(_entry(step))
    _enter(case, step, now)
    sale.wake_at = _next_look(step, sale.attempts, now)
    if sale.due_at is not None and not late:
        sale.wake_at = min(sale.wake_at or sale.due_at, sale.due_at)
    _save(site, fence, case, now, lambda: _problems(site, case, step, late=late))


def _entry(step: Step) -> Entry:
    outcome = {StepKind.REFUSE: SaleStep.Outcome.REFUSED, StepKind.WAIT: SaleStep.Outcome.WAITS}.get(
        step.kind, SaleStep.Outcome.ENTERED
    )
    side = step.owner if step.owner in {Owner.SALESFORCE, Owner.BILLING} else ""
    detail = {"owner": str(step.owner or ""), "mend": step.mend, "code": step.code}
    return Entry(step.state, step.kind, outcome, stands(step), str(side or ""), detail)


def _enter(case: Case, step: Step, now: datetime) -> None:
    sale = case.sale
    if sale.state != step.state:
        sale.state, sale.since = str(step.state), now
        sale.due_at = None
    settled = step.state in SETTLED and step.kind is StepKind.REST
    sale.step, sale.owner = str(step.kind), "" if settled else str(step.owner or "")
    sale.reason, sale.mend = step.reason, step.mend
    sale.ended_at = (sale.ended_at or now) if settled else None
    if settled:
        sale.due_at = None
    elif sale.due_at is None:
        sale.due_at = sale.since + _within(step)
    open_lines = case.facts.order.lines if case.facts.order is not None else ()
    sale.supplies = [] if step.state in {SaleState.CANCELLED, SaleState.WITHDRAWN} else supplies_of(open_lines)


def _within(step: Step) -> timedelta:
    turn = TURNS[step.state]
    if step.owner is Owner.CONNECTOR or turn.within is None:
        return PROMPT
    return turn.within


def _next_look(step: Step, attempts: int, now: datetime) -> datetime | None:
    if step.kind is StepKind.REFUSE:
        return now + pause(Hold.PERMANENT, attempts)
    if step.again:
        return now + pause(Hold.TRANSIENT, attempts)
    return now + _SAFETY if step.kind is StepKind.WAIT and step.owner is Owner.BILLING else None


def _problems(site: Site, case: Case, step: Step, *, late: bool) -> None:
    sale, over = case.sale, []
    if step.kind is StepKind.REFUSE:
        _raise(site, case, REFUSED_SALE, step.reason, cause=step.code, mend=step.mend)
    else:
        over.append(REFUSED_SALE)
    if late:
        sale.remembered["late"] = str(step.state)
        since = f"{sale.since:%d %B %Y %H:%M} UTC"
        said = f"{step.state} since {since}; {step.owner or 'nobody'} is to act. {step.reason}".strip()
        _raise(site, case, LATE_SALE, said, cause=f"LATE_{step.state.name}", mend=step.mend)
    elif sale.remembered.get("late") != step.state:
        over.append(LATE_SALE)
    problems = site.door.problems.filter(instance=site.instance, entity=ORDER, key=str(sale.pk), state__in=LIVE)
    problems.filter(kind__in=over).update(state=Problem.State.SOLVED)


def _raise(site: Site, case: Case, kind: str, said: str, **why: str) -> None:
    sale = case.sale
    title = f"{sale.label or sale.order_number or sale.order_id} of {sale.account_name or '?'}: {said}"
    raise_problem(site.door, kind, title, instance_id=site.instance.pk, entity=ORDER, key=str(sale.pk), **why)


def _save(site: Site, fence: Fence, case: Case, now: datetime, beside: Callable[[], None] | None = None) -> None:
    point("before writing a sale down")
    with transaction.atomic():
        fence.hold()
        if beside is not None:
            beside()
        case.sale.save()
        write_steps(site.door, case.sale, case.written, by=BY, at=now)
    case.written.clear()
    point("after writing a sale down")
