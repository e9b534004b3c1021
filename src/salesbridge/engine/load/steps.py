"""The durable steps of a run. Each may run twice; each answers with JSON, errors included.

An error that may pass is tried again inside the step, for as long as the run's patience says. What remains comes back
as a value, so that the workflow decides and nothing depends on how an engine stores exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import stamina
import structlog
from dbos import DBOS
from django.db import close_old_connections
from django.utils import timezone

from salesbridge.billing import BillingError
from salesbridge.engine.load import adopt as adopting
from salesbridge.engine.load import collect as collecting
from salesbridge.engine.load import cut as cutting
from salesbridge.engine.load import files, finish, gather, preflight, send
from salesbridge.engine.load import settle as settling
from salesbridge.engine.load.context import LoadStopped, Work, work
from salesbridge.engine.load.memory import rarely_collecting
from salesbridge.engine.load.parts import PART_ROWS
from salesbridge.model import named_parents
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.bulk import Job
from salesbridge.store.models import Part
from salesbridge.sync.life import RunState, StageState, move_run, move_stage

P = ParamSpec("P")
Result = dict[str, Any]
#: Seconds for which a step goes on trying while a system does not answer.
PATIENCE_S = 600.0

_log = structlog.get_logger(__name__)


def durable(function: Callable[Concatenate[Work, P], Any]) -> Callable[..., Result]:
    """A durable step of a run: ``{"ok": value}`` or ``{"stopped": {...}}``."""

    @DBOS.step(name=f"load.{function.__name__}")
    @wraps(function)
    def step(tenant_id: str, run_id: str, *args: Any) -> Result:
        close_old_connections()
        with structlog.contextvars.bound_contextvars(tenant=tenant_id, run=run_id), rarely_collecting():
            try:
                return {"ok": _patiently(work(tenant_id, run_id), function, *args)}
            except (SalesforceError, BillingError) as error:
                return _stopped(error.code, error.message, error.mend)
            except LoadStopped as error:
                return _stopped(error.code, error.message, error.mend)
            except OSError as error:
                return _stopped("DISK", f"The work folder cannot be written: {error}.", _DISK_MEND)
            finally:
                close_old_connections()

    return step


_DISK_MEND = "Free space or mend the disk of the work folder (SALESBRIDGE_WORKDIR), then start the load again."


def _stopped(code: str, message: str, mend: str) -> Result:
    _log.warning("load stopped", code=code, message=message)
    return {"stopped": {"code": code, "message": message, "mend": mend}}


def _patiently(found: Work, function: Callable[..., Any], *args: Any) -> Any:
    patience = float(found.run.options.get("patience", PATIENCE_S))
    for attempt in stamina.retry_context(on=_may_pass, attempts=None, timeout=patience, wait_max=30.0):
        with attempt:
            found.stop_if_cancelled(anew=attempt.num > 1)
            return function(found, *args)
    raise AssertionError  # the last attempt raised


def _may_pass(error: Exception) -> bool | float:
    if isinstance(error, (SalesforceError, BillingError)) and error.kind in {"transient", "throttled"}:
        return error.retry_after or True
    return False


@durable
def check(found: Work) -> dict[str, Any]:
    """Check everything, and note the plan with the run and its stages."""
    run = found.run
    _move_run(found, RunState.PREFLIGHT, started_at=run.started_at or timezone.now())
    plan = preflight.preflight(work(str(found.door.tenant_id), str(found.run_id)))
    found.door.runs.filter(pk=run.pk).update(plan=plan)
    for position, planned in enumerate(plan["sizes"]):
        values = {"position": position, "state": StageState.WAITING, "total": planned["records"]}
        found.door.stages.get_or_create(run_id=run.pk, entity=planned["entity"], defaults=values)
    stages = [planned["entity"] for planned in plan["sizes"]]
    needs = {name: sorted(named_parents(found.table[name])) for name in stages}
    return {"passed": plan["passed"], "stages": stages, "needs": needs}


@durable
def begin(found: Work) -> None:
    """The checks passed: loading begins."""
    _move_run(found, RunState.LOADING)


@durable
def read(found: Work, entity: str, number: int, after: str | None) -> dict[str, Any]:
    """Read one slice of billing records into the spool."""
    _move_stage(found, entity, StageState.READING)
    facts = gather.gather(found, found.table[entity], number, after)
    notes = (found.stage_folder(entity) / "gather").glob("[0-9]*[0-9]")
    seen = sum((files.manifest(path) or {}).get("read", 0) for path in notes)
    found.door.stages.filter(run_id=found.run_id, entity=entity).update(read=seen)
    if facts["after"] is None:
        _stop_if_cut_short(found, entity, seen)
        _move_stage(found, entity, StageState.READ)
    return facts


def _stop_if_cut_short(found: Work, entity: str, seen: int) -> None:
    """A listing that ends early looks like the end of the data; billing's own count tells the difference."""
    counted = found.billing.count(found.table[entity].record)
    if counted is not None and seen < counted:
        raise LoadStopped(
            f"{entity}: billing counts {counted} records, but its listing ended after {seen}.",
            "Ask the billing system's operator why the listing is cut short, then start the load again.",
            "LISTING_CUT_SHORT",
        )


@durable
def prepare(found: Work, entity: str) -> dict[str, Any]:
    """Recognise what Salesforce holds already, and cut the first wave."""
    _move_stage(found, entity, StageState.PREPARING)
    described = found.table[entity]
    if described.adopts and not files.manifest(found.stage_folder(entity) / "wave-0"):
        adopting.adopt(found, described)
    counts = cutting.cut(found, described)
    return {"parts": _parts(found, entity, 0), "activate": counts["activate"]}


@durable
def create(found: Work, part_id: str) -> None:
    """Create a part's bulk job."""
    send.create(found, send.part_of(found, part_id))


@durable
def upload(found: Work, part_id: str) -> None:
    """Upload a part's file."""
    send.upload(found, send.part_of(found, part_id))


@durable
def close(found: Work, part_id: str) -> None:
    """Close a part's job, so that Salesforce begins."""
    part = send.part_of(found, part_id)
    if part.wave == 0:
        _move_stage(found, part.stage.entity, StageState.SENDING)
    send.close(found, part)


@durable
def poll(found: Work, part_id: str) -> dict[str, Any]:
    """Wait for a part's job."""
    return asdict(send.wait(found, send.part_of(found, part_id)))


@durable
def collect(found: Work, part_id: str, job: dict[str, Any]) -> dict[str, Any]:
    """Read a part's results."""
    part: Part = send.part_of(found, part_id)
    return collecting.collect(found, found.table[part.stage.entity], part, Job(**job))


@durable
def retry(found: Work, entity: str, wave: int, most: int) -> list[str]:
    """Cut a later wave from the rows that met a lock or were not reached."""
    if found.stage(entity).state != StageState.ACTIVATING:
        _move_stage(found, entity, StageState.RETRYING)
    cutting.retry(found, found.table[entity], wave, most)
    return _parts(found, entity, wave)


@durable
def activate(found: Work, entity: str, wave: int) -> list[str]:
    """Cut the activation wave: a status change alone, for records that are there by now."""
    _move_stage(found, entity, StageState.ACTIVATING)
    described = found.table[entity]
    rows = ((parent, cells) for parent, cells in cutting.activations(found, described))
    names = cutting.activation_header(described)
    cutting.cut_again(found, described, wave, rows, names=names, most=PART_ROWS)
    return _parts(found, entity, wave)


@durable
def settle(found: Work, entity: str, saves: int, waves: int) -> dict[str, int]:
    """Close a stage's books."""
    counts = settling.settle(found, found.table[entity], saves, waves)
    if not settling.closes(counts):
        raise LoadStopped(
            f"{entity}: {counts['read']} records were read, but their outcomes add up to "
            f"{sum(counts.values()) - counts['read']}.",
            "This is a fault of the connector: keep the work folder and report it.",
            "BOOKS_DO_NOT_CLOSE",
        )
    _move_stage(found, entity, StageState.DONE, finished_at=timezone.now())
    return counts


@durable
def report(found: Work) -> None:
    """Reconcile, write the report, store it in Salesforce, and close the run."""
    _move_run(found, RunState.REPORTING)
    finish.report(found)


def _parts(found: Work, entity: str, wave: int) -> list[str]:
    parts = found.door.parts.filter(stage__run_id=found.run_id, stage__entity=entity, wave=wave)
    return [str(pk) for pk in parts.order_by("number").values_list("pk", flat=True)]


def _move_run(found: Work, to: RunState, **values: Any) -> None:
    move_run(found.run.state, to)
    found.door.runs.filter(pk=found.run_id).update(state=to, **values)


def _move_stage(found: Work, entity: str, to: StageState, **values: Any) -> None:
    stage = found.stage(entity)
    if stage.state == to and not values:
        return
    move_stage(stage.state, to)
    if stage.started_at is None:
        values["started_at"] = timezone.now()
    found.door.stages.filter(pk=stage.pk).update(state=to, **values)
