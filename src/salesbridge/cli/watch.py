"""Watching a run: a line per stage with records, rate and time left; then the result."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection
from rich.console import Group
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from salesbridge.cli import show
from salesbridge.engine.load import control
from salesbridge.engine.load.jobs import jobs
from salesbridge.store.door import Door
from salesbridge.store.errors import causes
from salesbridge.store.models import Run
from salesbridge.sync.life import RunState, StageState

_EXITS = {
    RunState.COMPLETED: show.Exit.OK,
    RunState.COMPLETED_WITH_ERRORS: show.Exit.WITH_ERRORS,
    RunState.CANCELLED: show.Exit.CANCELLED,
}
_EVERY_S = 0.5


def exit_code(run: Run) -> show.Exit:
    """The exit code that a run's result means."""
    return _EXITS.get(RunState(run.state), show.Exit.FAILED)


def follow(door: Door, run_id: Any) -> Run:
    """Show a run's progress until it has ended, and return it."""
    interactive = show.out.is_terminal
    bars = Progress(
        TextColumn("{task.description:<24}"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>9}"), TimeRemainingColumn(compact=True), TextColumn("{task.fields[state]}"),
        console=show.out,
    )  # fmt: skip
    board = _Board(bars)
    with (
        Live(Group(board.heading, bars), console=show.out, refresh_per_second=8, transient=False)
        if interactive
        else _Quiet()
    ):
        while True:
            run = door.runs.get(pk=run_id)
            board.update(run, control.progress(door, run_id))
            if control.ended(run):
                return run
            connection.close()
            time.sleep(_EVERY_S)


class _Quiet:
    """Without a terminal, a line a stage is enough."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _Board:
    """The lines of the stages."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.heading = Text("Starting")
        self.tasks: dict[str, Any] = {}
        self.began: dict[str, float] = {}
        self.told: set[tuple[str, str]] = set()

    def update(self, run: Run, stages: list[control.StageProgress]) -> None:
        """Take over what the database says now."""
        self.heading.plain = f"Run {run.number}: {run.state}"
        for progress in stages:
            self._stage(progress)

    def _stage(self, progress: control.StageProgress) -> None:
        stage = progress.stage
        if stage.entity not in self.tasks:
            self.tasks[stage.entity] = self.bars.add_task(stage.entity, total=stage.total, rate="", state=stage.state)
        done, total = progress.done, progress.total if stage.state != StageState.DONE else progress.done
        rate = self._rate(stage.entity, done) if stage.state != StageState.WAITING else ""
        self.bars.update(self.tasks[stage.entity], completed=done, total=total, state=stage.state, rate=rate)
        if not show.out.is_terminal and (stage.entity, stage.state) not in self.told and stage.state == StageState.DONE:
            self.told.add((stage.entity, stage.state))
            show.out.print(
                f"{stage.entity:<24} done: {stage.read} read, {stage.rejected} rejected, {stage.parked} parked"
            )

    def _rate(self, entity: str, done: int) -> str:
        now = time.monotonic()
        began = self.began.setdefault(entity, now)
        return f"{done / (now - began):,.0f}/s" if now - began > 1 else ""


def as_dict(door: Door, run: Run) -> dict[str, Any]:
    """A run as JSON: the facts that the table shows."""
    stages = [p.stage for p in control.progress(door, run.pk)]
    names = ("read", "written_created", "written_updated", "unchanged", "rejected", "parked", "superseded")
    return {
        "run": run.number, "state": run.state, "result": run.result, "message": run.message,
        "failed_stage": run.failed_stage, "report_url": run.report_url, "report_path": run.report_path,
        "started_at": run.started_at, "finished_at": run.finished_at,
        "checks": run.plan.get("checks", []),
        "jobs": jobs(door, run.instance, run),
        "stages": [
            {"object": s.entity, "state": s.state, "total": s.total, **{n: getattr(s, n) for n in names}}
            for s in stages
        ],
        "causes": [
            {"object": c.entity, "code": c.code, "count": c.count, "example": c.message, "mend": c.mend}
            for c in causes(door, run.pk)
        ],
    }  # fmt: skip


def result(door: Door, run: Run) -> None:
    """Show how a run ended: counts per object, causes, where to look next."""
    counts = ["read", "created", "updated", "unchanged", "rejected", "parked", "superseded"]
    rows = [
        [s.entity, s.read, s.written_created, s.written_updated, s.unchanged, s.rejected, s.parked, s.superseded]
        for s in (p.stage for p in control.progress(door, run.pk))
    ]
    if rows:
        show.table({"Object": "name", **dict.fromkeys(counts, "right")}, rows)
    found = causes(door, run.pk)
    if found:
        show.out.print()
        for cause in found:
            show.out.print(f"{cause.count:>7,}  [bold]{cause.entity} {cause.code}[/]")
            show.out.print(Padding(show.plain(f"for example: {cause.message}"), (0, 0, 0, 9)))
            show.out.print(Padding(show.plain(cause.mend), (0, 0, 0, 9)), style="dim")
    colour = {show.Exit.OK: "green", show.Exit.WITH_ERRORS: "yellow"}.get(exit_code(run), "red")
    show.out.print(f"\n[bold {colour}]{run.message}[/]", soft_wrap=True)
    if run.report_url:
        show.out.print(
            f"Full report in Salesforce: {run.report_url}\nThe same report here:      {run.report_path}", soft_wrap=True
        )
