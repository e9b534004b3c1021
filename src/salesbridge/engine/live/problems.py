"""Problems as people deal with them: the same cause together, what both sides hold now, trying again, letting go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import Now

from salesbridge.engine.live.book import ASKED, REFUSED
from salesbridge.engine.live.deliver import DOWN
from salesbridge.engine.live.relink import relink, revoke_delivery
from salesbridge.engine.live.site import site
from salesbridge.engine.live.states import DEAF, LOST
from salesbridge.engine.sales.book import LATE_SALE, REFUSED_SALE
from salesbridge.engine.sales.control import look_again
from salesbridge.engine.surface import outbox
from salesbridge.engine.surface.outbox import UNPUBLISHED, UNSURFACED
from salesbridge.model import Side
from salesbridge.store.changes import Heard, behind, write_changes
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE, record
from salesbridge.store.live_links import unlink
from salesbridge.store.models import Change, Live, Parked, Problem, Sale
from salesbridge.sync.change import Op, Origin
from salesbridge.sync.decision import PROPOSES, Reason

#: Kinds of problems about one record.
OF_RECORDS = (REFUSED, ASKED)
#: Kinds that end by themselves once both sides can be worked with; trying again ends a pause.
_OF_SIDES = (DOWN, DEAF, LOST)
#: Kinds about events that are surfaced in Salesforce.
_OF_EVENTS = (UNSURFACED, UNPUBLISHED)
#: Kinds about sales, which they name by their id.
_OF_SALES = (REFUSED_SALE, LATE_SALE)
#: Causes of which letting go takes the link away: the record is no longer on one side.
UNLINKS = frozenset({Reason.DELETED_IN_SALESFORCE, Reason.MERGED_IN_SALESFORCE, Reason.GONE_FROM_BILLING})


class ProblemError(ValueError):
    """What was asked for cannot be done to a problem; the message says what can."""


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of one cause.

    Args:
        tenant: Name of the tenant.
        instance: Name of the instance; empty for a problem of the whole tenant.
        kind: What sort of problem.
        cause: Error code or reason.
        entity: Entity of the records concerned.
        count: How many problems.
        example: One of their titles.
        mend: What to do.
        first_at: When the first was seen first.
        last_at: When the last was seen last.
    """

    tenant: str
    instance: str
    kind: str
    cause: str
    entity: str
    count: int
    example: str
    mend: str
    first_at: datetime
    last_at: datetime


_SAME = ("tenant__name", "instance__name", "kind", "cause", "entity")


def grouped(problems: Rows[Problem]) -> list[Group]:
    """Problems by their cause, the most frequent first."""
    counted = problems.values(*_SAME).annotate(
        count=Count("pk"), example=Min("title"), hint=Max("mend"), first=Min("first_at"), last=Max("last_at")
    )
    return [
        Group(
            row["tenant__name"], row["instance__name"] or "", row["kind"], row["cause"], row["entity"], row["count"],
            row["example"], row["hint"], row["first"], row["last"],
        )
        for row in counted.order_by("-count", *_SAME)
    ]  # fmt: skip


def find(name: str) -> tuple[Door, Problem]:
    """The problem whose id begins with ``name``.

    Raises:
        ProblemError: There is none, or more than one.
    """
    operator = Door.operator(reason="find a problem by its id for the operator at the command line")
    found = list(operator.rows(Problem).filter(id__startswith=name.lower())[:2]) if name else []
    if len(found) == 1:
        door = Door(found[0].tenant_id)
        return door, door.problems.get(pk=found[0].pk)
    if found:
        raise ProblemError(f"Several problems begin with {name!r}: give more of the id.")
    raise ProblemError(f"There is no problem {name!r}. See: salesbridge problems list --each")


def retry(door: Door, problem: Problem, by: str, now: datetime) -> None:
    """Try again what a problem is about; it is solved only once that succeeds.

    A record is looked at at once. Where the problem proposes something, that is carried out first: billing's record is
    linked to the surviving one of a merge.

    Args:
        door: Door of the problem's tenant.
        problem: The problem.
        by: Who says so.
        now: The moment.

    Raises:
        ProblemError: It is closed, or is not one that can be tried again from here, or its proposal cannot be done.
        SalesforceError: Salesforce, which a proposal needs, refuses or does not answer.
    """
    _require_live(problem)
    if problem.kind in OF_RECORDS and problem.instance_id is not None:
        _retry_record(door, problem, problem.instance_id, by, now)
    elif problem.kind in _OF_SIDES and problem.instance_id is not None:
        with transaction.atomic():
            door.rows(Live).filter(instance=problem.instance).update(held_until=None)
            door.problems.filter(pk=problem.pk).update(state=Problem.State.RETRYING)
            _record(door, problem, "problem:retried", by)
    elif problem.kind in _OF_EVENTS and problem.instance_id is not None:
        _retry_events(door, problem, problem.instance_id, by)
    elif problem.kind in _OF_SALES and problem.instance_id is not None:
        with transaction.atomic():
            look_again(door, door.rows(Sale).get(pk=problem.key), by, now)
            door.problems.filter(pk=problem.pk).update(state=Problem.State.RETRYING)
            _record(door, problem, "problem:retried", by)
    else:
        raise ProblemError(f"This cannot be tried again from here. {problem.mend} Then dismiss it.")


def _retry_events(door: Door, problem: Problem, instance_id: uuid.UUID, by: str) -> None:
    with transaction.atomic():
        if problem.kind == UNSURFACED:
            outbox.release(door, instance_id, problem.key)
        else:
            outbox.again(door, instance_id)
        door.problems.filter(pk=problem.pk).update(state=Problem.State.RETRYING)
        _record(door, problem, "problem:retried", by)


def _retry_record(door: Door, problem: Problem, instance_id: uuid.UUID, by: str, now: datetime) -> None:
    where = site(door, instance_id)
    proposes = problem.cause in {reason.name for reason in PROPOSES}
    survivor = relink(where, problem.entity, problem.key) if proposes else None
    with transaction.atomic():
        if survivor is not None:
            revoke_delivery(door, instance_id)
            survivor.keep()
        _parked(door, problem).update(next_at=now)
        if survivor is not None or not behind(door, instance_id, [(problem.entity, problem.key)]):
            write_changes(door, instance_id, [_look_again(problem, by)])
        _same_record(door, problem).update(state=Problem.State.RETRYING)
        detail = {"linked_to": survivor.salesforce_id} if survivor is not None else {}
        _record(door, problem, "problem:retried", by, **detail)


def _look_again(problem: Problem, by: str) -> Heard:
    """A change that says nothing but that somebody wants the record looked at."""
    event_id = f"retry:{uuid.uuid4()}"
    return Heard(Side.BILLING, problem.entity, problem.key, Op.SAVE, event_id, by=by, origin=Origin.PERSON)


def dismiss(door: Door, problem: Problem, by: str, reason: str = "") -> None:
    """Let go of what a problem is about: what waits is dropped, and so is the link of a record that is gone.

    The next change of the record is heard and decided as ever.

    Args:
        door: Door of the problem's tenant.
        problem: The problem.
        by: Who says so.
        reason: Why, in that person's words.

    Raises:
        ProblemError: It is closed already.
    """
    _require_live(problem)
    with transaction.atomic():
        if problem.kind in OF_RECORDS and problem.instance_id is not None:
            _drop(door, problem, problem.instance_id)
            _same_record(door, problem).update(state=Problem.State.DISMISSED)
        elif problem.kind == UNSURFACED and problem.instance_id is not None:
            outbox.dismiss(door, problem.instance_id, problem.key)
        else:
            door.problems.filter(pk=problem.pk).update(state=Problem.State.DISMISSED)
        _record(door, problem, "problem:dismissed", by, **({"reason": reason} if reason else {}))


def _drop(door: Door, problem: Problem, instance_id: uuid.UUID) -> None:
    revoke_delivery(door, instance_id)
    changes = door.rows(Change).filter(instance_id=instance_id, entity=problem.entity, record=problem.key)
    changes.filter(outcome=Change.Outcome.PARKED).update(
        outcome=Change.Outcome.DISMISSED, reason="dismissed", decided_at=Now()
    )
    _parked(door, problem).delete()
    if problem.cause in {reason.name for reason in UNLINKS}:
        unlink(door, instance_id, [(problem.entity, problem.key)])


def _parked(door: Door, problem: Problem) -> Rows[Parked]:
    rows = door.rows(Parked).filter(instance=problem.instance)
    return rows.filter(entity=problem.entity, record=problem.key)


def _same_record(door: Door, problem: Problem) -> Rows[Problem]:
    """The live problems of the problem's record: it waits once, but may be refused and need a decision."""
    rows = door.problems.filter(instance=problem.instance, kind__in=OF_RECORDS, state__in=LIVE)
    return rows.filter(entity=problem.entity, key=problem.key)


def _require_live(problem: Problem) -> None:
    if problem.state not in LIVE:
        raise ProblemError(f"This problem is closed: it was {problem.state}.")


def _record(door: Door, problem: Problem, tag: str, by: str, **detail: str) -> None:
    subject = f"{problem.entity} {problem.key}".strip() if problem.kind in OF_RECORDS else problem.title
    told = {"problem": str(problem.pk), "kind": problem.kind, "cause": problem.cause, **detail}
    record(door, tag, actor=by, subject=subject[:300], instance_id=problem.instance_id, detail=told)
