"""What *Initial Data Synchronisation* shows: how far a run is, how it ended, what stands before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Now, RowNumber

from salesbridge.engine.durable import DEAD_AFTER_S
from salesbridge.engine.load import control
from salesbridge.engine.load.jobs import jobs
from salesbridge.portal import inspections
from salesbridge.portal.standing import State, run_state, stage_state
from salesbridge.store.door import Door
from salesbridge.store.errors import Cause, causes
from salesbridge.store.models import Inspection, Instance, Live, RowError, Run, Stage
from salesbridge.sync.life import InstanceState, RunState, StageState

_EXAMPLES, _CAUSES, _JOBS = 3, 25, 60
_COUNTS = ("written_created", "written_updated", "unchanged", "rejected", "parked", "superseded")
_TONES = {StageState.DONE: "ok", StageState.FAILED: "bad", StageState.CANCELLED: "idle", StageState.WAITING: "idle"}
#: Seconds after which a rate says something.
_SETTLED_S = 2.0


@dataclass(frozen=True, slots=True)
class StageLine:
    """How far a stage is, for people.

    Attributes:
        stage: Its row.
        state: Its state in words.
        done: Records' worth of work behind it.
        total: Of how many.
        tone: Colour of its bar.
        rate: Records a second since it began; None while that says nothing.
        left_s: Seconds left at that rate.
    """

    stage: Stage
    state: State
    done: int
    total: int
    tone: str
    rate: float | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        run: The run.
        state: Its state in words.
        stages: Its stages, in load order.
        done: Records' worth of work behind it.
        total: Of how many; None before they were counted.
        elapsed_s: Seconds since it began.
        left_s: Seconds left; None while nobody can tell.
    """

    run: Run
    state: State
    stages: tuple[StageLine, ...]
    done: int
    total: int | None
    elapsed_s: float | None
    left_s: float | None


def progress(door: Door, run: Run, now: datetime | None = None) -> Progress:
    """How far a run is; two queries."""
    now = now or datetime.now(UTC)
    lines = tuple(_line(each, now) for each in control.progress(door, run.pk))
    done, total = sum(line.done for line in lines), sum(line.total for line in lines)
    elapsed = ((run.finished_at or now) - run.started_at).total_seconds() if run.started_at else None
    return Progress(run, run_state(run.state), lines, done, total or None, elapsed, _left(run, done, total, elapsed))


def _line(found: control.StageProgress, now: datetime) -> StageLine:
    stage = found.stage
    ended = stage.state in {StageState.DONE, StageState.FAILED, StageState.CANCELLED}
    rate = _rate(stage, found.done, stage.finished_at if ended else now)
    left = (found.total - found.done) / rate if rate and not ended else None
    total = found.done if stage.state == StageState.DONE else found.total
    tone = _TONES.get(StageState(stage.state), "busy")
    return StageLine(stage, stage_state(stage.state), found.done, total, tone, rate, left)


def _rate(stage: Stage, done: int, until: datetime | None) -> float | None:
    if stage.started_at is None or until is None or not done:
        return None
    seconds = (until - stage.started_at).total_seconds()
    return done / seconds if seconds >= _SETTLED_S else None


def _left(run: Run, done: int, total: int, elapsed: float | None) -> float | None:
    """By what went through until now; by the plan while that is too little to tell."""
    if run.finished_at is not None or elapsed is None or not total:
        return None
    share = done / total
    if share < 0.03:  # noqa: PLR2004 - less says nothing yet
        planned = run.plan.get("seconds")
        return max(planned - elapsed, 0.0) if planned else None
    return elapsed * (1 - share) / share


@dataclass(frozen=True, slots=True)
class StageResult:
    """What became of the records of one object.

    Attributes:
        stage: Its row.
        state: How it ended.
        missing: Records read that are in none of the counts; 0 where they close.
        linked: Records linked; None where the run did not come to count them.
        in_salesforce: Records that Salesforce counts.
    """

    stage: Stage
    state: State
    missing: int
    linked: int | None
    in_salesforce: int | None


@dataclass(frozen=True, slots=True)
class CauseShown:
    """Why records did not arrive, with some of them.

    Attributes:
        cause: Cause and count.
        examples: Some of the records.
    """

    cause: Cause
    examples: tuple[RowError, ...]


def result(door: Door, instance: Instance, run: Run) -> dict[str, Any]:
    """How a run ended; five queries, whatever its size."""
    stages = [_stage_result(stage) for stage in door.stages.filter(run_id=run.pk).order_by("position")]
    found = causes(door, run.pk)
    sent = sorted(jobs(door, instance, run), key=lambda job: not job["failed"])
    return {
        "stages": stages, "totals": _totals(stages), "refused": sum(each.count for each in found),
        "causes": _with_examples(door, run, found[:_CAUSES]), "more_causes": max(len(found) - _CAUSES, 0),
        "jobs": sent[:_JOBS], "more_jobs": max(len(sent) - _JOBS, 0),
        "jobs_gone": run.finished_at is not None and datetime.now(UTC) - run.finished_at > timedelta(days=7),
        "checks": [] if run.plan.get("passed", True) else run.plan.get("checks", []),
    }  # fmt: skip


def _stage_result(stage: Stage) -> StageResult:
    counted = sum(getattr(stage, name) for name in _COUNTS)
    missing = stage.read - counted if stage.state == StageState.DONE else 0
    linked, there = stage.detail.get("linked"), stage.detail.get("in_salesforce")
    return StageResult(stage, stage_state(stage.state), missing, linked, there)


def _totals(stages: list[StageResult]) -> dict[str, int]:
    return {name: sum(getattr(each.stage, name) for each in stages) for name in ("read", *_COUNTS)}


def _with_examples(door: Door, run: Run, found: list[Cause]) -> list[CauseShown]:
    if not found:
        return []
    place = Window(RowNumber(), partition_by=[F("entity"), F("code")], order_by=F("key").asc())
    rows = door.row_errors.filter(run_id=run.pk, resolved=False, code__in={each.code for each in found})
    by_cause: dict[tuple[str, str], list[RowError]] = {}
    for row in rows.annotate(place=place).filter(place__lte=_EXAMPLES).defer("row"):
        by_cause.setdefault((row.entity, row.code), []).append(row)
    return [CauseShown(each, tuple(by_cause.get((each.entity, each.code), ()))) for each in found]


def worker_lives() -> bool:
    """Whether any process is there to do the work."""
    workers = Door.operator(reason="see whether a worker lives").workers
    return workers.filter(heartbeat_at__gt=Now() - timedelta(seconds=DEAD_AFTER_S)).exists()


def standing(door: Door, instance: Instance) -> dict[str, Any]:
    """What stands before a run and after it, but for the runs themselves; three queries."""
    latest = inspections.latest(door, instance)
    live = door.rows(Live).filter(instance=instance).first()
    state = InstanceState(live.state) if live else InstanceState.NEW
    looks = [latest.get(kind) for kind in (Inspection.Kind.BEFORE_LOAD, Inspection.Kind.GO_LIVE)]
    before, going = looks
    return {
        "state": state, "before": before, "going": going, "worker": worker_lives(),
        "plan": before.result if before and before.result else {}, "busy": any(_running(each) for each in looks),
        "startable": state in {InstanceState.NEW, InstanceState.LOADED, InstanceState.PAUSED},
        "loaded": state == InstanceState.LOADED, "is_live": state in {InstanceState.LIVE, InstanceState.RECOVERING},
        "steps": steps(state, before),
    }  # fmt: skip


def _running(look: Inspection | None) -> bool:
    return look is not None and look.state == Inspection.State.RUNNING


_STEPS = (
    ("Outage window", "both systems closed"),
    ("Migration", "every record"),
    ("Switch on again", "triggers, publishing"),
    ("Live", "changes by themselves"),
)
_AT: Mapping[InstanceState, int] = {
    InstanceState.NEW: 0, InstanceState.LOADING: 1, InstanceState.LOADED: 2, InstanceState.LIVE: 4,
    InstanceState.RECOVERING: 4, InstanceState.PAUSED: 4,
}  # fmt: skip


def steps(state: InstanceState, before: Inspection | None) -> list[dict[str, str]]:
    """The way from an outage window to a live instance, and where on it the instance is."""
    at = _AT[state]
    ready = at == 0 and before is not None and before.result.get("passed")
    shown = []
    for number, (label, note) in enumerate(_STEPS):
        where = "done" if number < at else "current" if number == at else "waiting"
        shown.append({"label": label, "state": where, "note": "checks passed" if ready and number == 0 else note})
    return shown


def is_loaded(run: Run | None) -> bool:
    """Whether a run ended with something to keep in step."""
    return run is not None and run.state in {RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS}
