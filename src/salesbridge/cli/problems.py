"""``salesbridge problems``: what a person must see, and what to do about it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live import problems
from salesbridge.engine.live.problem_sides import THERE, Held, Sides, sides
from salesbridge.engine.live.relink import RelinkRefusedError
from salesbridge.engine.live.words import rule_words, spelt, times
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Problem

app = typer.Typer(no_args_is_help=True, help="What a person must see: why it happened, and what to do about it.")

Instances = Annotated[str | None, typer.Argument(help="Instance, or tenant/instance; all when not given.")]
One = Annotated[str, typer.Argument(help="Id of the problem, or how it begins.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of problems, or how they begin.")]
Cause = Annotated[str | None, typer.Option(help="All problems of this cause; needs --instance.")]
Of = Annotated[str | None, typer.Option("--instance", help="Instance, or tenant/instance, of the cause.")]
_ID = 8
_Chosen = list[tuple[Door, Problem]]


@app.command("list")
def list_problems(
    name: Instances = None,
    *,
    each: Annotated[bool, typer.Option("--each", help="Every problem with its id, not only the causes.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Those that were solved or dismissed, too.")] = False,
    limit: Annotated[int, typer.Option(help="Most problems to list with --each.", min=1)] = 200,
    as_json: show.Json = False,
) -> None:
    """List the problems by their cause, the most frequent first."""
    with show.clear_errors():
        store.setup()
        rows = _of(name)
    rows = rows if closed else rows.filter(state__in=LIVE)
    if each:
        _each(rows.select_related("instance", "tenant").order_by("-last_at")[:limit], as_json=as_json)
    else:
        _causes(problems.grouped(rows), as_json=as_json)


def _of(name: str | None) -> Rows[Problem]:
    if name is None:
        return Door.operator(reason="list problems").rows(Problem)
    door, instance = instances.find(name)
    return door.problems.filter(instance=instance)


def _each(rows: Rows[Problem], *, as_json: bool) -> None:
    if as_json:
        show.as_json([_as_dict(row) for row in rows])
        return
    columns = {
        "Id": "name", "Instance": "left", "State": "left", "Seen": "right", "Last": "left", "Problem": "left",
        "Cause": "left",
    }  # fmt: skip
    found = [
        (str(row.pk)[:_ID], _instance(row), row.state, row.count, show.moment(row.last_at), row.title, row.cause)
        for row in rows
    ]
    show.table(columns, found)


def _instance(row: Problem) -> str:
    return row.instance.name if row.instance is not None else f"({row.tenant.name})"


def _causes(groups: list[problems.Group], *, as_json: bool) -> None:
    if as_json:
        names = problems.Group.__slots__
        show.as_json([{name: getattr(group, name) for name in names} for group in groups])
        return
    if not groups:
        show.out.print("No problems.")
        return
    columns = {
        "Count": "right", "Instance": "left", "Problem": "left", "Object": "left", "Cause": "left",
        "For example": "left", "What to do": "left",
    }  # fmt: skip
    rows = [
        (g.count, g.instance or f"({g.tenant})", g.kind, g.entity or "-", g.cause, g.example, g.mend) for g in groups
    ]
    show.table(columns, rows)


def _as_dict(row: Problem) -> dict[str, Any]:
    names = ("kind", "entity", "key", "title", "cause", "mend", "state", "count", "first_at", "last_at")
    instance = row.instance.name if row.instance is not None else None
    return {"id": str(row.pk), "instance": instance, **{name: getattr(row, name) for name in names}}


@app.command("show")
def show_problem(name: One, *, as_json: show.Json = False) -> None:
    """Show one problem: why it happened, what both sides hold now, and what is proposed."""
    with show.clear_errors():
        store.setup()
        door, problem = problems.find(name)
        found = sides(door, problem, datetime.now(UTC))
    if as_json:
        show.as_json({**_as_dict(problem), "record": _sides_dict(found) if found is not None else None})
        return
    _tell(problem)
    if found is not None:
        _tell_sides(problem, found)


def _tell(problem: Problem) -> None:
    show.out.print(f"[bold]{show.plain(problem.title)}[/]", soft_wrap=True)
    seen = f"seen {times(problem.count)} from {show.moment(problem.first_at)} to {show.moment(problem.last_at)}"
    show.out.print(f"{problem.pk}: {problem.kind}, {problem.state}, {seen}", soft_wrap=True)
    if problem.cause:
        show.out.print(show.plain(f"Cause: {problem.cause}"), soft_wrap=True)
    show.out.print(show.plain(f"What to do: {problem.mend or 'see the cause'}"), soft_wrap=True)


def _tell_sides(problem: Problem, found: Sides) -> None:
    if found.parked is not None:
        parked = found.parked
        looked = f"looked at {times(parked.looks)}, next at {show.moment(parked.next_at)}"
        show.out.print(f"It waits ({parked.hold}), changes behind it: {len(found.waiting)}; {looked}.", soft_wrap=True)
    if found.unread:
        show.out.print(show.plain(f"Both sides cannot be read now: {found.unread}"), soft_wrap=True)
        return
    show.out.print(
        f"Now: {problem.entity} {problem.key} is {found.billing} in billing, {found.salesforce} in Salesforce"
        f" ({found.salesforce_id or 'no id'}). {show.plain(found.now)}",
        soft_wrap=True,
    )
    columns = {"Field": "name", "Master": "left", "Agreed": "left", "Billing": "left", "Salesforce": "left", "": "left"}
    rows = [_row(found, held) for held in found.fields if held.rule or held.billing != held.salesforce]
    if rows:
        show.table(columns, rows)


def _row(found: Sides, held: Held) -> tuple[str, ...]:
    why = rule_words(held.rule, held.master) if held.rule else ""
    billing = spelt(held.billing) if found.billing == THERE else "-"
    salesforce = spelt(held.salesforce) if found.salesforce == THERE else "-"
    return (held.field, held.master, spelt(held.agreed), billing, salesforce, why)


def _sides_dict(found: Sides) -> dict[str, Any]:
    parked, names = found.parked, ("hold", "code", "message", "mend", "looks", "next_at")
    waits = {name: getattr(parked, name) for name in names} if parked is not None else None
    return {
        "waits": waits, "changes_waiting": [change.number for change in found.waiting],
        "salesforce": found.salesforce, "billing": found.billing, "salesforce_id": found.salesforce_id,
        "fields": [{name: getattr(held, name) for name in Held.__slots__} for held in found.fields],
        "now": found.now, "unread": found.unread,
    }  # fmt: skip


@app.command()
def retry(ids: Ids = None, *, cause: Cause = None, instance: Of = None, as_json: show.Json = False) -> None:
    """Try again at once, carrying out what the problem proposes; it is solved once that succeeds."""
    with show.clear_errors():
        store.setup()
        chosen = _chosen(ids, cause, instance)
    _each_acted(chosen, _retry, "is tried again", as_json=as_json)


def _retry(door: Door, problem: Problem) -> None:
    problems.retry(door, problem, getpass.getuser(), datetime.now(UTC))


@app.command()
def dismiss(ids: Ids = None, *, cause: Cause = None, instance: Of = None, as_json: show.Json = False) -> None:
    """Let go: the waiting changes are dropped, and a record that is gone from one side is unlinked."""
    with show.clear_errors():
        store.setup()
        chosen = _chosen(ids, cause, instance)
        if len(chosen) > 1 and sys.stdin.isatty():
            typer.confirm(f"Dismiss {len(chosen)} problems?", abort=True)
    _each_acted(chosen, _dismiss, "is dismissed", as_json=as_json)


def _dismiss(door: Door, problem: Problem) -> None:
    problems.dismiss(door, problem, getpass.getuser())


def _chosen(ids: list[str] | None, cause: str | None, instance: str | None) -> _Chosen:
    if (cause is None) is not (instance is None) or bool(ids) is (cause is not None):
        show.stop("Say which: ids of problems, or --cause with --instance.", code=show.Exit.USAGE)
    if cause is None or instance is None:
        return [problems.find(name) for name in ids or []]
    door, found = instances.find(instance)
    rows = list(door.problems.filter(instance=found, cause=cause, state__in=LIVE).order_by("first_at"))
    if not rows:
        show.stop(f"{instance} has no problem of cause {cause}.", "See: salesbridge problems list", show.Exit.USAGE)
    return [(door, row) for row in rows]


def _each_acted(chosen: _Chosen, act: Callable[[Door, Problem], None], done: str, *, as_json: bool) -> None:
    """Act on each problem; one that cannot be acted on does not keep the others from it."""
    results, settled = [], set()
    for door, problem in chosen:
        same = (problem.instance_id, problem.entity, problem.key) if problem.kind in problems.OF_RECORDS else problem.pk
        refused = "" if same in settled else _refused(act, door, problem)
        settled.add(same)
        results.append({"id": str(problem.pk), "title": problem.title, "done": not refused, "refused": refused})
        if not as_json:
            show.out.print(show.plain(f"{problem.title}: {refused or done}"), soft_wrap=True)
    if as_json:
        show.as_json(results)
    raise typer.Exit(show.Exit.OK if all(result["done"] for result in results) else show.Exit.FAILED)


def _refused(act: Callable[[Door, Problem], None], door: Door, problem: Problem) -> str:
    with show.clear_errors():
        try:
            act(door, problem)
        except (problems.ProblemError, RelinkRefusedError) as error:
            return str(error)
    return ""
