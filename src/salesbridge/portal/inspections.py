"""Looks at an org that take longer than a page may: begun here, carried out beside the request, told by their row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction

from salesbridge.billing import BillingError
from salesbridge.engine.load.context import LoadStopped
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door, Rows
from salesbridge.store.models import Inspection, Instance
from salesbridge.store.secrets import NoSecret
from salesbridge.vault import VaultError

#: What is shown of an inspection: its step, told while it goes on.
Tell = Callable[[str], None]
#: Carries an inspection out; gives its result.
Carry = Callable[[Door, Instance, Tell], dict[str, Any]]
#: After that an inspection that has not ended never will: its process is gone.
LOST_AFTER = {Inspection.Kind.FIX: timedelta(minutes=30)}
_LOST_AFTER = timedelta(minutes=5)
#: Most inspections that one process carries out at a time, and how many of a kind are kept.
_AT_ONCE, _KEPT = 6, 10
_slots = threading.BoundedSemaphore(_AT_ONCE)
_log = structlog.get_logger(__name__)


class InspectionRefusedError(RuntimeError):
    """An inspection cannot begin now; the message says why."""


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """An inspection came to nothing.

    Args:
        message: Why.
        mend: What to do about it.
    """

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message, self.mend = message, mend


def latest(door: Door, instance: Instance) -> dict[str, Inspection]:
    """The last inspection of each kind of an instance, in one query; one whose process is gone counts as failed."""
    rows = _rows(door, instance).order_by("kind", "-started_at").distinct("kind")
    return {row.kind: _settled(row) for row in rows}


def last_done(door: Door, instance: Instance, kind: str) -> Inspection | None:
    """The last inspection of a kind that came to a result."""
    done = _rows(door, instance).filter(kind=kind, state=Inspection.State.DONE)
    return done.order_by("-started_at").first()


def begin(door: Door, instance: Instance, kind: str, carry: Carry, *, by: str) -> Inspection:
    """Begin an inspection; whoever asks while one of its kind goes on is shown that one.

    Args:
        door: Door of the tenant.
        instance: The instance.
        kind: What is looked at.
        carry: Does it, in a thread of its own.
        by: Who asks.

    Raises:
        InspectionRefusedError: Too many go on already.
    """
    _give_up(door, instance, kind)
    going = _rows(door, instance).filter(kind=kind, finished_at=None).first()
    if going is not None:
        return going
    if not _slots.acquire(blocking=False):
        raise InspectionRefusedError("Many checks are under way. Try again in a minute.")
    try:
        row = _made(door, instance, kind, by)
    except BaseException:
        _slots.release()
        raise
    if row is None:
        _slots.release()
        return _rows(door, instance).filter(kind=kind).latest("started_at")
    transaction.on_commit(lambda: beside(lambda: _carried(door, instance, row, carry)))
    return row


def _made(door: Door, instance: Instance, kind: str, by: str) -> Inspection | None:
    try:
        with transaction.atomic():
            return door.rows(Inspection).create(instance=instance, kind=kind, by=by)
    except IntegrityError:  # somebody else was a moment faster
        return None


def beside(work: Callable[[], None]) -> None:
    """Do something beside the request; tests put their own way in its place."""
    threading.Thread(target=work, name="inspection", daemon=True).start()


def note(door: Door, instance: Instance, kind: str, result: dict[str, Any], *, by: str) -> None:
    """Keep a result that was found on the way to something else."""
    door.rows(Inspection).create(
        instance=instance, kind=kind, by=by, state=Inspection.State.DONE, result=result, finished_at=datetime.now(UTC)
    )
    _prune(door, instance, kind)


def _carried(door: Door, instance: Instance, row: Inspection, carry: Carry) -> None:
    mine = _rows(door, instance).filter(pk=row.pk)
    try:
        values = _outcome(lambda: carry(door, instance, lambda step: _step(mine, step)))
        mine.update(**values, finished_at=datetime.now(UTC))
        _prune(door, instance, row.kind)
    except Exception as error:  # noqa: BLE001 - the thread has nobody above it; the row is given up by its age
        _log.warning("inspection lost", kind=row.kind, error=type(error).__name__)
    finally:
        _slots.release()
        if not connection.in_atomic_block:
            connection.close()


def _step(mine: Rows[Inspection], step: str) -> None:
    mine.update(step=step[:200])


def _outcome(carry: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"state": Inspection.State.DONE, "result": carry()}
    except (SalesforceError, BillingError, LoadStopped, Refused) as error:
        return _failed(error.message, error.mend)
    except (NoSecret, VaultError) as error:
        return _failed(str(error), "Enter the credentials again.")
    except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the page waiting
        _log.exception("inspection failed")
        message = f"Something unexpected happened ({type(error).__name__})."
        return _failed(message, "Try again. If it happens again, report it with the log.")


def _failed(message: str, mend: str) -> dict[str, Any]:
    return {"state": Inspection.State.FAILED, "message": message, "mend": mend}


def _rows(door: Door, instance: Instance) -> Rows[Inspection]:
    return door.rows(Inspection).filter(instance=instance)


def _is_lost(row: Inspection) -> bool:
    after = LOST_AFTER.get(Inspection.Kind(row.kind), _LOST_AFTER)
    return row.finished_at is None and datetime.now(UTC) - row.started_at > after


_LOST = {"state": Inspection.State.FAILED, "message": "It was interrupted.", "mend": "Start it again."}


def _settled(row: Inspection) -> Inspection:
    if _is_lost(row):
        row.state, row.message, row.mend = _LOST["state"], _LOST["message"], _LOST["mend"]
    return row


def _give_up(door: Door, instance: Instance, kind: str) -> None:
    for row in _rows(door, instance).filter(kind=kind, finished_at=None):
        if _is_lost(row):
            _rows(door, instance).filter(pk=row.pk).update(**_LOST, finished_at=datetime.now(UTC))


def _prune(door: Door, instance: Instance, kind: str) -> None:
    kept = _rows(door, instance).filter(kind=kind).order_by("-started_at").values_list("pk", flat=True)[:_KEPT]
    _rows(door, instance).filter(kind=kind).exclude(pk__in=list(kept)).exclude(finished_at=None).delete()
