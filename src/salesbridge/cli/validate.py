"""``salesbridge salesforce validate``: Validate Data Model, and *Fix it*."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, takewhile
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import doctor, instances, prepare
from salesbridge.model import Finding
from salesbridge.package import Choices
from salesbridge.store.door import Door
from salesbridge.store.models import Instance

_MARKS: Mapping[str, tuple[str, str]] = {
    "error": ("error", "bold red"),
    "warning": ("warning", "yellow"),
    "note": ("note", "dim"),
}
_MARK_WIDTH = 7


def validate(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    *,
    initial: Annotated[bool, typer.Option(help="Only what the initial data synchronisation needs.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Deploy and assign what is missing, then validate again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Fix without asking.")] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Object that the org lacks, such as Quote; may be repeated.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="As given to 'salesforce deploy'.")] = "",
    as_json: show.Json = False,
) -> None:
    """Validate Data Model: compare the org, the billing system and this machine with what the connector needs."""
    store.setup()
    choices = _choices(frozenset(leave_out or ()), prefix)
    with show.clear_errors():
        door, instance = instances.find(name)
        report = doctor.validate(door, instance, initial=initial, choices=choices)
        plan = doctor.plan(report.findings) if fix else doctor.Plan()
        deployed: list[str] = []
        if fix and not as_json:
            shown(report)
            _told(plan)
        if not plan.empty and (yes or (not as_json and typer.confirm("Do it?"))):
            fixed = _fixed(door, instance, report, initial=initial, choices=choices)
            report, deployed = fixed.report, list(plan.deploy)
            _refused(fixed)
    if as_json:
        show.as_json(as_values(report) | ({"planned": list(plan.deploy), "deployed": deployed} if fix else {}))
    elif not fix or deployed:
        shown(report)
        _offer_fix(report, name, shown_again=fix)
    raise typer.Exit(show.Exit.OK if report.passed else show.Exit.FAILED)


def _fixed(door: Door, instance: Instance, report: doctor.Report, *, initial: bool, choices: Choices) -> doctor.Fixed:
    try:
        return doctor.fix(door, instance, report.findings, by=getpass.getuser(), initial=initial, choices=choices)
    except prepare.ForeignApexError as error:
        show.stop(show.plain(f"{error}."), "Deploy with --prefix, then validate with the same one.")


def _choices(leave_out: frozenset[str], prefix: str) -> Choices:
    try:
        return Choices(leave_out=leave_out, prefix=prefix)
    except ValueError as error:
        show.stop(show.plain(f"{error}."), "See --help.", show.Exit.USAGE)


def as_values(report: doctor.Report) -> dict[str, Any]:
    """A report as JSON."""
    counts = {f"{severity}s": len(report.of(severity)) for severity in _MARKS}
    return {
        "org": report.org_id,
        "user": report.username,
        "billing": report.billing,
        "passed": report.passed,
        "checked": {"objects": report.objects, "fields": report.fields, "settings": report.settings},
        **counts,
        "findings": [{**asdict(finding), "place": finding.place} for finding in report.findings],
    }


def shown(report: doctor.Report) -> None:
    """A report for people, by object."""
    show.out.print(f"Salesforce: org {report.org_id}, user {report.username}\nBilling:    {report.billing}\n")
    ordered = sorted(report.findings, key=lambda finding: (finding.entity != "", finding.entity))
    for entity, findings in groupby(ordered, key=lambda finding: finding.entity):
        show.out.print(f"[bold]{entity or 'The org, its user and what is around it'}[/]")
        for _, alike in groupby(findings, key=lambda f: (f.severity, f.code, f.mend, f.fix is None)):
            _lines(tuple(alike))
        show.out.print()
    show.out.print(_counts(report))
    show.out.print(report.summary)


def _lines(alike: Sequence[Finding]) -> None:
    """Findings of one kind that the same mends, which is told once."""
    word, style = _MARKS[alike[0].severity]
    for finding in alike:
        named = bool(finding.field) and not finding.message.startswith(finding.field)
        _beside(Text(word, style), Text(f"{finding.field + ': ' if named else ''}{finding.message}"))
    fixable = " Fix it does this." if alike[0].fix else ""
    _beside(Text(""), Text(f"{alike[0].mend}{fixable}\n{_where(alike)}", "dim"))


def _beside(mark: Text, told: Text) -> None:
    """A mark, and text that stays beside it however narrow the terminal is."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_MARK_WIDTH)
    grid.add_column(overflow="fold")
    grid.add_row(mark, told)
    show.out.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _where(alike: Sequence[Finding]) -> str:
    """The place in Setup that findings have in common."""
    steps = zip(*(finding.where.split(" > ") for finding in alike), strict=False)
    return " > ".join(each[0] for each in takewhile(lambda each: len(set(each)) == 1, steps))


def _offer_fix(report: doctor.Report, name: str, *, shown_again: bool) -> None:
    """Say how much can be mended without a person."""
    fixable = sum(finding.fix is not None for finding in report.findings)
    if not fixable or shown_again:
        return
    some = "all of it" if fixable == len(report.findings) else f"{fixable} of {len(report.findings)} findings"
    told = f"Fix it mends {some} without a person: salesbridge salesforce validate {name} --fix"
    show.out.print(told, soft_wrap=True)


def _counts(report: doctor.Report) -> str:
    found = [f"{len(report.of(s))} {s}{'' if len(report.of(s)) == 1 else 's'}" for s in _MARKS if report.of(s)]
    if report.passed:
        return f"[bold green]Valid.[/] {', '.join(found) or 'Nothing was found'}."
    return f"[bold red]Not valid.[/] {', '.join(found)}."


def _told(plan: doctor.Plan) -> None:
    """What is going to be done."""
    if plan.stopped:
        show.out.print(f"\nNothing is fixed: {show.plain(plan.stopped)}")
        return
    if plan.empty:
        show.out.print("\nNothing can be fixed without a person.")
        return
    show.out.print(f"\n[bold]To be deployed: {len(plan.deploy)} components[/]")
    for component in plan.deploy:
        show.out.print(f"  {component}")
    for permission_set in plan.assign:
        show.out.print(f"[bold]To be assigned to the connector's user:[/] permission set {permission_set}")


def _refused(fixed: doctor.Fixed) -> None:
    """Component errors of a deployment that failed."""
    if fixed.deployment is None or fixed.deployment.success:
        return
    for finding in fixed.deployment.findings:
        show.err.print(f"{finding.component}: {finding.problem} {finding.mend}", markup=False)
