"""Findings of Validate Data Model as the page shows them: by object, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salesbridge.engine import doctor
from salesbridge.model import Finding
from salesbridge.model.check_finding import SEVERITIES, Fix
from salesbridge.portal.looks import key_of
from salesbridge.portal.words import number

#: Columns of the download.
HEADER = ("Severity", "Object", "Field or component", "Finding", "What to do", "Where in Setup", "Fix it", "Code")
_AROUND = "The org, its user and what is around it"
_TONES: Mapping[str, str] = {"error": "bad", "warning": "warn", "note": "idle"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding as a line.

    Attributes:
        finding: The finding.
        tone: Colour of its severity.
        key: What tells it from the others, for *Fix it*.
    """

    finding: Finding
    tone: str
    key: str


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one object.

    Attributes:
        name: The object, or what the findings of no object are about.
        lines: Its findings.
        worst: Colour of the gravest of them.
    """

    name: str
    lines: tuple[Shown, ...]
    worst: str


def restored(result: Mapping[str, Any]) -> list[Finding]:
    """The findings that an inspection's result holds."""
    return [_restored(each) for each in result.get("findings", ())]


def _restored(values: Mapping[str, Any]) -> Finding:
    told = {name: value for name, value in values.items() if name not in {"place", "fix"}}
    fix = values.get("fix")
    return Finding(**told, fix=Fix(tuple(fix["deploy"]), tuple(fix["assign"])) if fix else None)


def groups(findings: Iterable[Finding]) -> list[Group]:
    """Findings by object; what concerns the org as a whole comes first."""
    by_entity: dict[str, list[Finding]] = {}
    for finding in findings:
        by_entity.setdefault(finding.entity, []).append(finding)
    return [_group(name, by_entity[name]) for name in sorted(by_entity, key=lambda name: (name != "", name))]


def _group(name: str, found: Sequence[Finding]) -> Group:
    ordered = sorted(found, key=lambda each: SEVERITIES.index(each.severity))
    lines = tuple(Shown(each, _TONES[each.severity], key_of(each)) for each in ordered)
    return Group(name or _AROUND, lines, lines[0].tone)


def counts(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """How many there are of each severity, in words, with its colour; severities without any are left out."""
    found = list(findings)
    by_severity = {each: sum(1 for finding in found if finding.severity == each) for each in SEVERITIES}
    return [
        (f"{number(count)} {severity}{'' if count == 1 else 's'}", _TONES[severity])
        for severity, count in by_severity.items()
        if count
    ]


def plan_of(findings: Sequence[Finding], only: str = "") -> doctor.Plan:
    """What *Fix it* is going to do about all findings, or about one."""
    return doctor.plan([each for each in findings if not only or key_of(each) == only])


def rows(findings: Iterable[Finding]) -> Iterator[tuple[str, ...]]:
    """The lines of the download."""
    for each in findings:
        fix = "" if each.fix is None else "yes"
        yield each.severity, each.entity, each.field, each.message, each.mend, each.where, fix, each.code
