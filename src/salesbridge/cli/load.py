"""``salesbridge load``: the initial data synchronisation."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show, watch
from salesbridge.engine import durable, instances
from salesbridge.engine.load import control
from salesbridge.engine.load.planning import plan_only
from salesbridge.engine.load.report import HEADER, report_rows
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Run

app = typer.Typer(no_args_is_help=True, help="Initial data synchronisation: load everything from billing.")

Name = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
Number = Annotated[int | None, typer.Option("--run", help="Number of the run; the last one when not given.")]
Extract = Annotated[Path | None, typer.Option(help="Load from this folder of NDJSON or CSV files.", file_okay=False)]
_QUESTION = "Are both systems closed for changes (outage window)?"


@app.command()
def plan(name: Name, *, extract: Extract = None, as_json: show.Json = False) -> None:
    """Tell what a load would write, without writing: checks, counts, bulk jobs, API calls, time expected."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        found = plan_only(door, instance, control.Choices(outage_acknowledged=True, extract=extract))
    if as_json:
        show.as_json(found)
    else:
        show_checks(found["checks"])
        sizes = [list(size.values()) for size in found["sizes"]]
        columns = {"Object": "left", "records": "right", "bulk jobs": "right", "API calls": "right", "seconds": "right"}
        show.table(columns, sizes)
    raise typer.Exit(show.Exit.OK if found["passed"] else show.Exit.FAILED)


def show_checks(checks: list[dict[str, Any]]) -> None:
    """Show what was checked before something begins."""
    marks = {"passed": "ok", "warning": "warning", "failed": "FAILED"}
    rows = [(marks[c["state"]], c["name"], c["message"], c["mend"]) for c in checks]
    show.table({"": "left", "Check": "left", "Found": "left", "What to do": "left"}, rows)


@app.command()
def start(
    name: Name,
    *,
    outage_acknowledged: Annotated[bool, typer.Option(help="Both systems are closed for changes.")] = False,
    accept_triggers: Annotated[bool, typer.Option(help="Load although Apex triggers are active.")] = False,
    extract: Extract = None,
    patience: Annotated[float | None, typer.Option(help="Seconds to go on trying while a system is down.")] = None,
    detach: Annotated[bool, typer.Option(help="Leave the work to a worker process and return.")] = False,
    as_json: show.Json = False,
) -> None:
    """Start Migration: load everything, showing progress until the result."""
    store.setup()
    if not outage_acknowledged and sys.stdin.isatty():
        outage_acknowledged = typer.confirm(_QUESTION)
    with show.clear_errors():
        door, instance = instances.find(name)
        choices = control.Choices(outage_acknowledged, accept_triggers, extract, patience)
        run = control.start(door, instance, choices, started_by=getpass.getuser())
        if detach:
            show.out.print(f"Run {run.number} is queued. Watch it: salesbridge load status {name}")
            return
        _finish(door, run, as_json=as_json)


@app.command()
def resume(name: Name, *, as_json: show.Json = False) -> None:
    """Go on with a run that has not ended, for example after a crash, and watch it."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        run = door.runs.filter(instance=instance, finished_at=None).first()
        if run is None:
            show.stop(f"{name} has no run under way.", f"Start one: salesbridge load start {name}", show.Exit.USAGE)
        _finish(door, run, as_json=as_json)


def _finish(door: Door, run: Run, *, as_json: bool) -> None:
    with durable.worker():
        ended = watch.follow(door, run.pk) if not as_json else _wait(door, run)
    if as_json:
        show.as_json(watch.as_dict(door, ended))
    else:
        if ended.plan and not ended.plan.get("passed"):
            show_checks(ended.plan["checks"])
        watch.result(door, ended)
    raise typer.Exit(watch.exit_code(ended))


def _wait(door: Door, run: Run) -> Run:
    show.out.quiet = True
    return watch.follow(door, run.pk)


@app.command()
def status(
    name: Name,
    *,
    run: Number = None,
    follow: Annotated[bool, typer.Option(help="Watch.")] = False,
    as_json: show.Json = False,
) -> None:
    """Show a run: how far it is, or how it ended."""
    store.setup()
    with show.clear_errors():
        door, found = _run(name, run)
        if follow and not control.ended(found):
            found = watch.follow(door, found.pk)
    if as_json:
        show.as_json(watch.as_dict(door, found))
        return
    show.out.print(f"Run {found.number}: {found.state}, started by {found.started_by}")
    watch.result(door, found)


@app.command()
def cancel(name: Name) -> None:
    """Stop the run under way at its next step; what was written stays written."""
    store.setup()
    with show.clear_errors():
        door, found = _run(name, None)
        asked = control.cancel(door, found, by=getpass.getuser())
    show.out.print(f"Run {found.number} stops at its next step." if asked else f"Run {found.number} has ended already.")


@app.command()
def history(name: Name, *, as_json: show.Json = False) -> None:
    """List all runs of an instance, whatever their result."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
    runs = list(door.runs.filter(instance=instance).order_by("-number"))
    if as_json:
        show.as_json([watch.as_dict(door, run) for run in runs])
        return
    columns = {"Run": "right", "Started": "left", "Finished": "left", "Result": "left", "By": "left", "Message": "left"}
    show.table(
        columns,
        [
            (r.number, _time(r.started_at), _time(r.finished_at), r.result or r.state, r.started_by, r.message)
            for r in runs
        ],
    )


@app.command()
def report(
    name: Name, *, run: Number = None, output: Annotated[Path | None, typer.Option(help="Write CSV here.")] = None
) -> None:
    """Write the report of every record that did not arrive, as CSV."""
    import csv  # noqa: PLC0415 - only this command needs it

    store.setup()
    with show.clear_errors():
        door, found = _run(name, run)
    rows = report_rows(door.row_errors.filter(run_id=found.pk))
    if output is None:
        csv.writer(sys.stdout).writerows([HEADER, *rows])
        return
    with output.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    show.out.print(f"Written: {output}")


def _run(name: str, number: int | None) -> tuple[Door, Run]:
    door, instance = instances.find(name)
    return door, _numbered(door, instance, number, name)


def _numbered(door: Door, instance: Instance, number: int | None, name: str) -> Run:
    runs = door.runs.filter(instance=instance)
    found = runs.filter(number=number).first() if number else runs.order_by("-number").first()
    if found is None:
        show.stop(f"{name} has no such run.", f"See: salesbridge load history {name}", show.Exit.USAGE)
    return found


def _time(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "-"
