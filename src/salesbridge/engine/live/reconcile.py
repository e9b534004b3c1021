"""A reconciliation: everything on both sides compared, what differs handed to ordinary delivery.

One durable workflow, one step an entity, one after the other for an instance. Steps answer with JSON, errors too.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import stamina
import structlog
from dbos import DBOS
from dbos._error import DBOSException
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from salesbridge.billing import BillingError
from salesbridge.engine import durable
from salesbridge.engine.live import reconcile_steps as steps
from salesbridge.engine.live.site import Site, site
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.models import Reconciliation

#: Registered name of the workflow.
RECONCILE = "reconcile"
P = ParamSpec("P")
Result = dict[str, Any]
#: Seconds for which a step goes on trying while a system does not answer.
PATIENCE_S = 1800.0

ReconciliationActive = steps.ReconciliationActive

_log = structlog.get_logger(__name__)


def start_reconciliation(
    door: Door,
    instance_id: uuid.UUID,
    cause: str,
    by: str,
    repair: bool = True,  # noqa: FBT001, FBT002 - what it is called with
) -> Reconciliation:
    """Begin to compare everything: the reconciliation and its durable work in one transaction.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        cause: ``on demand``, ``nightly``, ``gap`` or ``going live``.
        by: Who asks for it.
        repair: Whether what differs is handed to delivery; otherwise it is only counted.

    Raises:
        ReconciliationActive: The instance has one that has not finished.
        Instance.DoesNotExist: The tenant has no such instance.
    """
    with transaction.atomic():
        row = steps.register(door, instance_id, cause, by, repair=repair)
        lane = f"reconcile:{instance_id}"
        durable.enqueue(RECONCILE, f"reconcile:{row.pk}", str(door.tenant_id), str(row.pk), lane=lane)
    return row


def _durable(function: Callable[Concatenate[Site, uuid.UUID, P], Any]) -> Callable[..., Result]:
    """A durable step of a reconciliation: ``{"ok": value}`` or ``{"stopped": {...}}``."""

    @DBOS.step(name=f"reconcile.{function.__name__}")
    @wraps(function)
    def step(tenant_id: str, row_id: str, *args: Any) -> Result:
        close_old_connections()
        with structlog.contextvars.bound_contextvars(tenant=tenant_id, reconciliation=row_id):
            try:
                return {"ok": _patiently(function, Door(uuid.UUID(tenant_id)), uuid.UUID(row_id), *args)}
            except (SalesforceError, BillingError) as error:
                return {"stopped": {"code": error.code, "message": error.message, "mend": error.mend}}
            finally:
                close_old_connections()

    return step


def _patiently(function: Callable[..., Any], door: Door, row_id: uuid.UUID, *args: Any) -> Any:
    for attempt in stamina.retry_context(on=_may_pass, attempts=None, timeout=PATIENCE_S, wait_max=60.0):
        with attempt:
            row = door.rows(Reconciliation).only("instance_id").get(pk=row_id)
            return function(site(door, row.instance_id), row_id, *args)
    raise AssertionError  # the last attempt raised


def _may_pass(error: Exception) -> bool | float:
    if isinstance(error, (OperationalError, InterfaceError)):
        connection.close()
        return True
    if isinstance(error, (SalesforceError, BillingError)) and error.kind in {"transient", "throttled"}:
        _log.info("reconciliation waits", code=error.code, message=error.message)
        return error.retry_after or True
    return False


_begin = _durable(steps.begin)
_compare = _durable(steps.compare)
_finish = _durable(steps.finish)
_fail = _durable(steps.fail)


class _Stopped(Exception):  # noqa: N818 - carries a step's answer to the workflow
    def __init__(self, stopped: dict[str, str]) -> None:
        super().__init__(stopped["message"])
        self.stopped = stopped


def _ok(answer: Result) -> Any:
    if "stopped" in answer:
        raise _Stopped(answer["stopped"])
    return answer["ok"]


@DBOS.workflow(name=RECONCILE)
def run(tenant_id: str, row_id: str) -> str:
    """Run a reconciliation to its end, whatever that is."""
    entity = ""
    try:
        for entity in _ok(_begin(tenant_id, row_id)):
            _ok(_compare(tenant_id, row_id, entity))
        _ok(_finish(tenant_id, row_id))
    except _Stopped as stop:
        _fail(tenant_id, row_id, entity, stop.stopped)
        return steps.FAILED
    except DBOSException:
        raise
    except Exception as error:  # noqa: BLE001 - no reconciliation may be left without an end
        _fail(tenant_id, row_id, entity, _unexpected(error))
        return steps.FAILED
    return steps.FINISHED


def _unexpected(error: Exception) -> dict[str, str]:
    message = f"Something unexpected happened: {type(error).__name__}: {error}"
    return {"code": "UNEXPECTED", "message": message[:1000], "mend": "Report this with the log, then compare again."}
