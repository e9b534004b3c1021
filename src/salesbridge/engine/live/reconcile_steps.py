"""The steps of a reconciliation; each may run twice.

What an entity's comparison found and the changes it hands over are committed
together, so a reconciliation that is killed does its current entity again and nothing twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from salesbridge.engine.live.budget import spent
from salesbridge.engine.live.compare import SETTLE_S, EntityComparison
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.states import LOST, clear_gap, live_of
from salesbridge.engine.load.memory import rarely_collecting
from salesbridge.store.changes import Heard, write_changes
from salesbridge.store.comparison import Comparison
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE, raise_problem, record
from salesbridge.store.models import Activity, Live, Problem, Reconciliation
from salesbridge.sync.change import Op, Origin

QUEUED, RUNNING, FINISHED, FAILED = "queued", "running", "finished", "failed"
#: Kind of the problem that a reconciliation raises.
BROKEN = "reconciliation failed"
#: What says that changes may have been missed from now on.
_GAPS = ("live:gap", "live:started")
_TELL_EVERY_S = 2.0


class ReconciliationActive(RuntimeError):  # noqa: N818 - names the state, as the message does
    """The instance has a reconciliation that has not finished."""

    def __init__(self) -> None:
        super().__init__("A reconciliation of this instance has not finished yet: wait for it.")


class BooksDoNotCloseError(Exception):
    """What a comparison found does not add up to what it compared."""


def register(door: Door, instance_id: uuid.UUID, cause: str, by: str, *, repair: bool) -> Reconciliation:
    """Number a reconciliation and write down that it was asked for; nothing runs it yet."""
    with transaction.atomic():
        instance = door.instances.select_for_update().get(pk=instance_id)
        live_of(door, instance_id)  # what differs is written into its journal, even before it goes live
        rows = door.rows(Reconciliation).filter(instance=instance)
        number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
        row = rows.new(instance=instance, number=number, cause=cause, started_by=by, repair=repair)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if "one_active_reconciliation" not in str(error):
                raise
            raise ReconciliationActive from error
        detail = {"cause": cause, "repair": repair}
        record(door, "reconcile:started", actor=by, subject=str_of(row), instance_id=instance_id, detail=detail)
    return row


def str_of(row: Reconciliation) -> str:
    """What activities call a reconciliation."""
    return f"reconciliation {row.number}"


def begin(site: Site, row_id: uuid.UUID) -> list[str]:
    """Note that it has begun; returns the entities to compare, parents first."""
    rows = site.door.rows(Reconciliation).filter(pk=row_id)
    rows.filter(started_at=None).update(started_at=datetime.now(UTC))
    rows.update(state=RUNNING)
    return list(site.entities)


def compare(site: Site, row_id: uuid.UUID, name: str, settle: float = SETTLE_S) -> dict[str, Any]:
    """Compare an entity, unless that is done already, and hand over what differs.

    Args:
        site: The instance.
        row_id: The reconciliation.
        name: The entity.
        settle: Seconds for which changes that are under way may arrive before they count.

    Returns:
        Its counts (``Counts.told``) with ``calls`` to Salesforce and ``handed`` over to delivery.

    Raises:
        SalesforceError: Salesforce refuses or does not answer, or the rest of its allowance is left to others.
        BillingError: The billing system refuses or does not answer.
        BooksDoNotCloseError: The counts do not add up.
    """
    row = site.door.rows(Reconciliation).get(pk=row_id)
    if name in row.counts:
        return dict(row.counts[name])
    over = spent(site)
    if over is not None:
        raise over
    calls = site.salesforce.usage.own_calls
    with rarely_collecting(), Comparison(site.door, site.instance.pk, name) as comparison:
        counts = EntityComparison(site, site.entities[name], comparison, settle).run(_Telling(site, row_id, name))
        if not counts.closes:
            raise BooksDoNotCloseError(f"{name}: {counts.told()}")
        told = counts.told(calls=site.salesforce.usage.own_calls - calls)
        return _keep(site, row_id, name, comparison, told)


def _keep(site: Site, row_id: uuid.UUID, name: str, comparison: Comparison, told: dict[str, Any]) -> dict[str, Any]:
    """Commit what was found together with what is handed over."""
    point("before a reconciliation's commit")
    with transaction.atomic():
        row = site.door.rows(Reconciliation).select_for_update().get(pk=row_id)
        handed = _hand_over(site, row, name, comparison) if row.repair else 0
        row.counts = {**row.counts, name: {**told, "handed": handed}}
        row.save(update_fields=["counts", "first_number", "last_number"])
    point("after a reconciliation's commit")
    return dict(row.counts[name])


def _hand_over(site: Site, row: Reconciliation, name: str, comparison: Comparison) -> int:
    handed = 0
    for batch in comparison.handed():
        changes = [
            Heard(side, name, key, Op.SAVE, f"reconcile:{row.number}:{name}:{key}", origin=Origin.RECONCILIATION)
            for side, key in batch
        ]
        first, new = write_changes(site.door, site.instance.pk, changes)
        if new:
            row.first_number = row.first_number or first
            row.last_number = first + new - 1
        handed += new
    return handed


class _Telling:
    """Tells people how far a comparison is, in the reconciliation's row."""

    def __init__(self, site: Site, row_id: uuid.UUID, name: str) -> None:
        self._rows = site.door.rows(Reconciliation).filter(pk=row_id)
        self._name = name
        self._told: datetime | None = None

    def __call__(self, side: str, count: int) -> None:
        now = datetime.now(UTC)
        if self._told is None or (now - self._told).total_seconds() >= _TELL_EVERY_S:
            self._told = now
            self._rows.update(message=f"{self._name}: {count:,} records of {side} have been read.")


def finish(site: Site, row_id: uuid.UUID) -> None:
    """Everything is compared: note it, and close the gap for whose sake it was made."""
    with transaction.atomic():
        row = site.door.rows(Reconciliation).select_for_update().get(pk=row_id)
        if row.finished_at is not None:
            return
        row.state, row.finished_at, row.message = FINISHED, datetime.now(UTC), _sentence(row)
        row.save(update_fields=["state", "finished_at", "message"])
        begun = row.started_at or row.finished_at
        if _missed_since(site, begun):
            site.door.rows(Live).filter(instance=site.instance).update(reconciled_at=begun)
        else:
            clear_gap(site.door, site.instance.pk, begun)
            _solve(site, LOST)
        _solve(site, BROKEN)
        _record(site, row, "reconcile:finished", {"counts": totals(row.counts), "message": row.message})


def _missed_since(site: Site, begun: datetime) -> bool:
    """Whether changes may have been missed after the comparison began, which it need not have seen."""
    later = site.door.activities.filter(instance=site.instance, tag__in=_GAPS, at__gt=begun)
    return later.exists()


def _solve(site: Site, kind: str) -> None:
    live = site.door.problems.filter(instance=site.instance, kind=kind, state__in=LIVE)
    live.update(state=Problem.State.SOLVED)


def _record(site: Site, row: Reconciliation, tag: str, detail: dict[str, Any]) -> Activity:
    return record(site.door, tag, actor="salesbridge", subject=str_of(row), instance_id=site.instance.pk, detail=detail)


def fail(site: Site, row_id: uuid.UUID, entity: str, stopped: Mapping[str, str]) -> None:
    """It cannot go on: note why, and tell a person; what was handed over already stays so."""
    with transaction.atomic():
        row = site.door.rows(Reconciliation).select_for_update().get(pk=row_id)
        if row.finished_at is not None:
            return
        where = f" at {entity}" if entity else ""
        row.state, row.finished_at = FAILED, datetime.now(UTC)
        row.message = f"The reconciliation has failed{where}: {stopped['message']} {stopped['mend']}"
        row.save(update_fields=["state", "finished_at", "message"])
        raise_problem(
            site.door, BROKEN, f"Both sides could not be compared: {stopped['message']}",
            instance_id=site.instance.pk, cause=stopped["code"], mend=stopped["mend"],
        )  # fmt: skip
        _record(site, row, "reconcile:failed", dict(stopped))


def totals(counts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Counts of a reconciliation in all."""
    found: dict[str, int] = {}
    for of_entity in counts.values():
        for name, value in of_entity.items():
            if isinstance(value, int):
                found[name] = found.get(name, 0) + value
    return found


def _sentence(row: Reconciliation) -> str:
    found = totals(row.counts)
    differing = sum(
        found.get(name, 0)
        for name in ("drifted", "unlinked", "only_in_billing", "only_in_salesforce", "dangling_links")
    )
    handed = f"; {found.get('handed', 0):,} were handed to delivery" if row.repair else ""
    return f"{found.get('compared', 0):,} records were compared, {differing:,} differ{handed}."
