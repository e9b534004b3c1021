"""How the command line shows a deployment: how far it is, then what is wrong and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from salesbridge.cli import show
from salesbridge.salesforce.deploy_result import ComponentFinding, Deployment

#: Salesforce's warning about a part to remove that is not there; a removal that is repeated gets one for each part.
_ABSENT = re.compile(r"No \w+ named: .+ found")


class Watch:
    """Shows a deployment while it goes on: two bars at a terminal, otherwise a line for each new status.

    Args:
        bars: Where the bars are; None for lines.
        quiet: Show nothing.
    """

    def __init__(self, bars: Progress | None, *, quiet: bool = False) -> None:
        self._bars, self._quiet = bars, quiet
        self._tasks: dict[str, TaskID] = {}
        self._told = ""

    def __call__(self, now: Deployment) -> None:
        """Take over how far it is now."""
        if self._bars is not None:
            self._bar("Components", now.deployed, now.total, now.status)
            self._bar("Apex tests", now.tests_done, now.tests_total, "")
        elif not self._quiet and now.status != self._told:
            self._told = now.status
            show.err.print(f"{now.id}: {now.status}, {now.deployed} of {now.total} components", markup=False)

    def _bar(self, name: str, done: int, total: int, state: str) -> None:
        if self._bars is None or not total:
            return
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, state=state)
        self._bars.update(self._tasks[name], completed=done, total=total, state=state)


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """Show a deployment's progress until the block is left.

    Args:
        quiet: Show nothing, because a program reads the output.
    """
    if quiet or not show.err.is_terminal:
        yield Watch(None, quiet=quiet)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Progress(*columns, console=show.err, transient=True) as bars:
        yield Watch(bars)


def tell(done: Deployment, *, check_only: bool, remove: bool = False) -> None:
    """Show what became of it."""
    absent = [f for f in done.findings if f.severity == "Warning" and _ABSENT.fullmatch(f.problem)]
    for finding in done.findings:
        for line in () if finding in absent else _lines(finding):
            show.err.print(line, markup=False, soft_wrap=True)
    if absent:
        show.err.print(f"{len(absent)} of the parts to remove were not in the org.", soft_wrap=True)
    if done.message:
        show.err.print(done.message, markup=False, soft_wrap=True)
    tested = f", {done.tests_done} Apex tests ran" if done.tests_total else ""
    covered = f", {done.coverage:.0f} % of the Apex covered" if done.coverage is not None else ""
    show.out.print(
        f"Deployment {done.id}: {_outcome(done, check_only=check_only, remove=remove)}{tested}{covered}.",
        soft_wrap=True,
    )


def _outcome(done: Deployment, *, check_only: bool, remove: bool) -> str:
    if done.cancelled:
        return "cancelled, nothing has changed"
    if not done.success:
        errors = len(done.errors)
        return f"failed with {errors} error{'' if errors == 1 else 's'}, nothing has changed"
    parts, word = f"{done.deployed} components", "removed" if remove else "deployed"
    return f"checked, {parts} would be {word}" if check_only else f"succeeded, {parts} {word}"


def _lines(finding: ComponentFinding) -> Iterator[str]:
    place = f" ({finding.file}{f':{finding.line}' if finding.line else ''})" if finding.file else ""
    yield f"{finding.severity}: {finding.type} {finding.component}{place}: {finding.problem}"
    if finding.mend:
        yield f"  What to do: {finding.mend}"


def as_dict(done: Deployment, *, check_only: bool) -> dict[str, Any]:
    """The same as JSON."""
    findings = [
        {"type": f.type, "component": f.component, "file": f.file, "line": f.line, "severity": f.severity,
         "problem": f.problem, "mend": f.mend}
        for f in done.findings
    ]  # fmt: skip
    return {
        "id": done.id,
        "status": done.status,
        "success": done.success,
        "check_only": check_only,
        "components": {"total": done.total, "deployed": done.deployed},
        "tests": {"total": done.tests_total, "done": done.tests_done},
        "coverage": done.coverage,
        "message": done.message,
        "findings": findings,
    }


def exit_code(done: Deployment) -> show.Exit:
    """The exit code that a deployment's result means."""
    if done.cancelled:
        return show.Exit.CANCELLED
    return show.Exit.OK if done.success else show.Exit.FAILED
