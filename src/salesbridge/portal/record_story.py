"""The story of one record, field by field: who changed what when, which rule decided, what was written where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salesbridge.engine.live.story import Entry, Story
from salesbridge.engine.live.words import rule_words

#: Entries of a record that one page shows: the last ones.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to one field once.

    Args:
        at: When it was decided, or heard where it is not decided.
        number: The change.
        by: Who changed it, as far as that was told.
        side: Where.
        claim: What was said to have changed: before and after; None where nothing was said.
        salesforce: What Salesforce held when it was decided.
        billing: What billing held.
        rule: What the rule that decided means; empty where none did.
        written: Sides that the field was written to.
        value: What was written.
    """

    at: datetime
    number: int
    by: str
    side: str
    claim: tuple[str | None, str | None] | None = None
    salesforce: str | None = None
    billing: str | None = None
    rule: str = ""
    written: tuple[str, ...] = ()
    value: str | None = None


@dataclass(slots=True)
class _Told:
    by: str = ""
    side: str = ""
    claims: dict[str, Any] = field(default_factory=dict)


def by_field(story: Story) -> dict[str, list[Step]]:
    """Every field that ever changed, by name, each with its steps in order of time."""
    told: dict[int, _Told] = {}
    steps: dict[str, list[Step]] = {}
    for entry in story.entries:
        if entry.what == "heard":
            told[entry.number] = _heard(entry)
        elif entry.what == "decided":
            for name, step in _decided(entry, told.pop(entry.number, _Told())).items():
                steps.setdefault(name, []).append(step)
    for name in sorted({name for each in told.values() for name in each.claims}):
        steps.setdefault(name, [])
    for entry in story.entries:  # what was heard and waits for its decision
        if entry.number in told and entry.what == "heard":
            waiting = told[entry.number]
            for name, claim in waiting.claims.items():
                steps[name].append(Step(entry.at, entry.number, waiting.by, waiting.side, tuple(claim)))
    return dict(sorted(steps.items()))


def _heard(entry: Entry) -> _Told:
    facts = entry.facts
    by = "Salesbridge itself" if facts.get("ours") else str(facts.get("by") or "")
    return _Told(by, str(facts.get("side") or ""), dict(facts.get("claims") or {}))


def _decided(entry: Entry, told: _Told) -> dict[str, Step]:
    decided: Mapping[str, Any] = {each["field"]: each for each in entry.facts.get("fields", [])}
    written: Mapping[str, Mapping[str, Any]] = entry.facts.get("written", {})
    names = dict.fromkeys([*told.claims, *decided, *(name for cells in written.values() for name in cells)])
    return {name: _step(entry, told, name, decided.get(name), written) for name in names}


def _step(
    entry: Entry, told: _Told, name: str, found: Mapping[str, Any] | None, written: Mapping[str, Mapping[str, Any]]
) -> Step:
    to = tuple(side for side, cells in written.items() if name in cells)
    claim = tuple(told.claims[name]) if name in told.claims else None
    return Step(
        entry.at, entry.number, told.by, told.side, claim,
        found["salesforce"] if found else None, found["billing"] if found else None,
        rule_words(found["rule"], found["master"]) if found else "", to, written[to[0]][name] if to else None,
    )  # fmt: skip
