"""Starting, watching and stopping runs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Sum

from salesbridge.engine import durable
from salesbridge.engine.live.states import load_begins
from salesbridge.engine.load.workflow import LOAD
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance, Run, Stage
from salesbridge.store.runs import begin_run
from salesbridge.sync.life import ENDED, RunState, StageState


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person who starts a run decides.

    Args:
        outage_acknowledged: Both systems are closed for changes.
        accept_triggers: Run although Apex triggers are active.
        extract: Folder of an extract to load from, in place of the billing system's API.
        patience: Seconds for which a step goes on trying while a system does not answer.
    """

    outage_acknowledged: bool = False
    accept_triggers: bool = False
    extract: Path | None = None
    patience: float | None = None

    def options(self) -> dict[str, Any]:
        """The choices as the run keeps them."""
        kept: dict[str, Any] = {
            "outage_acknowledged": self.outage_acknowledged,
            "accept_triggers": self.accept_triggers,
        }
        if self.extract is not None:
            kept["extract"] = str(self.extract.resolve())
        if self.patience is not None:
            kept["patience"] = self.patience
        return kept


def start(door: Door, instance: Instance, choices: Choices, *, started_by: str) -> Run:
    """Start an initial data synchronisation: the run and its durable work in one transaction.

    Raises:
        RunActive: A run of this instance has not ended.
        TransitionError: The instance is being kept in step; pause it first.
    """
    source = Run.Source.EXTRACT if choices.extract else Run.Source.BILLING
    with transaction.atomic():
        load_begins(door, instance.pk)
        run = begin_run(
            door, instance.pk, state=RunState.QUEUED, started_by=started_by, source=source, options=choices.options()
        )
        record(door, "run:started", actor=started_by, subject=f"run {run.number}", instance_id=instance.pk)
        durable.enqueue(LOAD, f"load:{run.pk}", str(door.tenant_id), str(run.pk), lane=str(instance.pk))
    return run


def cancel(door: Door, run: Run, *, by: str) -> bool:
    """Ask a run to stop at its next step; returns whether it was still under way."""
    asked = door.runs.filter(pk=run.pk, finished_at=None).update(cancel_requested=True)
    if asked:
        record(door, "run:cancelled", actor=by, subject=f"run {run.number}", instance_id=run.instance_id)
    return bool(asked)


#: Share of a stage's work that is reading billing; the rest is what Salesforce does.
_READING = 0.3


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage is.

    Args:
        stage: Its row.
        sent: Rows in all its parts.
        processed: Rows that Salesforce has worked on.
    """

    stage: Stage
    sent: int
    processed: int

    @property
    def total(self) -> int:
        """Records that the stage is about, as far as anybody knows; at least 1."""
        return max(self.stage.total or 0, self.stage.read, 1)

    @property
    def done(self) -> int:
        """How many records' worth of work is behind it: reading billing counts for a part, writing for the rest."""
        if self.stage.state == StageState.DONE:
            return self.stage.read or self.total
        sent = self.processed / self.sent if self.sent else 0.0
        return int(_READING * self.stage.read + (1 - _READING) * sent * self.total)


def progress(door: Door, run_id: uuid.UUID) -> list[StageProgress]:
    """How far each stage of a run is, in load order."""
    stages = door.stages.filter(run_id=run_id).order_by("position")
    sums = door.parts.filter(stage__run_id=run_id).values("stage_id").annotate(sent=Sum("rows"), done=Sum("processed"))
    by_stage = {row["stage_id"]: row for row in sums}
    nothing = {"sent": 0, "done": 0}
    return [
        StageProgress(s, (by_stage.get(s.pk) or nothing)["sent"], (by_stage.get(s.pk) or nothing)["done"])
        for s in stages
    ]


def ended(run: Run) -> bool:
    """Whether nothing happens any more in a run."""
    return run.state in ENDED
