"""``salesbridge reconcile``: compare everything on both sides, and mend what differs."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live.judge import Standing
from salesbridge.engine.live.reconcile import start_reconciliation
from salesbridge.engine.live.reconcile_steps import ReconciliationActive
from salesbridge.store.models import Reconciliation

app = typer.Typer(no_args_is_help=True, help="Compare everything on both sides, and mend what differs.")

Name = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
Number = Annotated[int | None, typer.Option("--number", help="Number of the reconciliation; the last when not given.")]
_SHOWN = 10
#: Columns of the report; what was delivered and the calls it took come last.
_ORDER = ("compared", *(standing.value for standing in Standing), "handed", "calls")


@app.command("start")
def start(
    name: Name,
    *,
    report_only: Annotated[bool, typer.Option("--report-only", help="Only tell what differs.")] = False,
    as_json: show.Json = False,
) -> None:
    """Compare every record on both sides; what differs is delivered, unless it is only to be told."""
    with show.clear_errors():
        store.setup()
        door, instance = instances.find(name)
        try:
            row = start_reconciliation(door, instance.pk, "on demand", getpass.getuser(), not report_only)
        except ReconciliationActive as error:
            show.stop(str(error), f"See: salesbridge reconcile status {name}")
    if as_json:
        show.as_json(_reconciliation(row))
    else:
        show.out.print(f"Reconciliation {row.number} is queued for a worker. See: salesbridge reconcile status {name}")


@app.command("status")
def status(name: Name, *, as_json: show.Json = False) -> None:
    """List the last reconciliations of an instance."""
    with show.clear_errors():
        store.setup()
        door, instance = instances.find(name)
    rows = list(door.rows(Reconciliation).filter(instance=instance).order_by("-number")[:_SHOWN])
    if as_json:
        show.as_json([_reconciliation(row) for row in rows])
        return
    columns = {
        "Number": "right", "Cause": "left", "By": "left", "State": "left", "Started": "left", "Finished": "left",
        "compared": "right", "delivered": "right", "Message": "left",
    }  # fmt: skip
    told = [
        (
            row.number, row.cause, row.started_by, row.state, show.moment(row.started_at), show.moment(row.finished_at),
            _sum(row, "compared"), _sum(row, "handed"), row.message,
        )
        for row in rows
    ]  # fmt: skip
    show.table(columns, told)


@app.command("report")
def report(name: Name, *, number: Number = None, as_json: show.Json = False) -> None:
    """Show what a reconciliation found, by object and by field."""
    with show.clear_errors():
        store.setup()
        door, instance = instances.find(name)
    rows = door.rows(Reconciliation).filter(instance=instance).order_by("-number")
    row = (rows.filter(number=number) if number else rows).first()
    if row is None:
        show.stop(f"{name} has no such reconciliation.", f"See: salesbridge reconcile status {name}", show.Exit.USAGE)
    if as_json:
        show.as_json(_reconciliation(row))
        return
    show.out.print(f"Reconciliation {row.number}: {row.state}. {row.message}", soft_wrap=True)
    _counts(row)


def _counts(row: Reconciliation) -> None:
    told = {name for of in row.counts.values() for name, count in of.items() if isinstance(count, int)}
    names = [name for name in _ORDER if name in told]
    rows = [[entity, *(of.get(name, 0) for name in names)] for entity, of in row.counts.items()]
    if rows:
        show.table({"Object": "name", **dict.fromkeys(names, "right")}, rows)
    details = [
        (entity, group, name, count)
        for entity, of in row.counts.items()
        for group, counted in of.items()
        if isinstance(counted, dict)
        for name, count in sorted(counted.items(), key=lambda pair: -pair[1])
    ]
    if details:
        show.out.print()
        show.table({"Object": "name", "": "left", "Which": "left", "Records": "right"}, details)


def _sum(row: Reconciliation, name: str) -> int:
    return sum(int(of.get(name, 0)) for of in row.counts.values())


def _reconciliation(row: Reconciliation) -> dict[str, Any]:
    names = (
        "number", "cause", "repair", "started_by", "state", "started_at", "finished_at", "counts", "message",
        "first_number", "last_number",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}
