"""The whole story of one record: who changed what, which rule decided, what was written where, and what still waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salesbridge.engine.live.names import Known, known
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.words import claims_of, decision_words, heard_words, spelt, times
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Change, Conflict, Link, Parked


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Args:
        at: When.
        what: ``heard``, ``decided``, ``conflict``, ``waits``, ``problem``, ``person`` or ``load``.
        record: Entity and name of the record.
        lines: What happened in plain words; what follows the first line are its details.
        facts: The same for programs.
        number: The change concerned; 0 if it is none.
    """

    at: datetime
    what: str
    record: tuple[str, str]
    lines: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one record.

    Args:
        names: Its names.
        links: What ties it to the other side.
        entries: What happened, oldest first.
    """

    names: tuple[str, ...]
    links: tuple[Link, ...]
    entries: tuple[Entry, ...]


def story(site: Site, asked: str) -> Story:
    """The story of the record that people call by a name; without entries and links where nobody knows it.

    Args:
        site: The instance.
        asked: External id, Salesforce id, or ``Entity:key``.
    """
    record = known(site, asked)
    found = [
        *_told(record.changes), *_conflicts(site, record), *_waits(site, record), *_problems(site, record),
        *_people(site, record), *_loads(site, record),
    ]  # fmt: skip
    found.sort(key=lambda entry: (entry.at, entry.number))
    return Story(tuple(sorted(record.names)), record.links, tuple(found))


def _told(changes: Iterable[Change]) -> Iterator[Entry]:
    for change in changes:
        record = (change.entity, change.record or change.key)
        facts = {
            "side": change.side, "op": change.op, "by": change.by, "ours": change.ours, "origin": change.origin,
            "said_at": change.at, "claims": claims_of(change),
        }  # fmt: skip
        yield Entry(change.heard_at, "heard", record, heard_words(change), facts, change.number)
        if change.outcome is not None:
            decided = {
                "outcome": change.outcome, "reason": change.reason, "superseded_by": change.superseded_by,
                **change.story,
            }  # fmt: skip
            at = change.decided_at or change.heard_at
            yield Entry(at, "decided", record, decision_words(change), decided, change.number)


def _conflicts(site: Site, record: Known) -> Iterator[Entry]:
    rows = site.door.rows(Conflict).filter(instance=site.instance, record__in=record.names)
    for row in rows.filter(entity__in=record.entities):
        yield Entry(
            row.at, "conflict", (row.entity, row.record), (conflict_words(row),), conflict_facts(row), row.number
        )


def conflict_words(row: Conflict) -> str:
    """A conflict in one sentence."""
    who = f" by {row.by}" if row.by else ""
    why = "both sides had changed it" if row.both else f"{row.side} is not master of it"
    return (
        f"{row.field}: {spelt(row.lost)}, entered in {row.side}{who}, did not prevail; both sides have {spelt(row.won)}"
        f" instead ({why}; agreed on before: {spelt(row.base)})"
    )


def conflict_facts(row: Conflict) -> dict[str, Any]:
    """A conflict for programs."""
    names = ("entity", "record", "field", "side", "base", "lost", "won", "both", "by", "number", "at")
    return {name: getattr(row, name) for name in names}


def _waits(site: Site, record: Known) -> Iterator[Entry]:
    rows = site.door.rows(Parked).filter(instance=site.instance, record__in=record.names, entity__in=record.entities)
    for row in rows:
        told = (
            f"It waits ({row.hold}, {row.code}), looked at {times(row.looks)}, next at {row.next_at:%Y-%m-%d %H:%M:%S}"
        )
        lines = [told, *(text for text in (row.message, row.mend) if text)]
        if row.waits_for_key:
            lines.insert(1, f"for {row.waits_for_entity} {row.waits_for_key}")
        facts = {
            "hold": row.hold, "code": row.code, "looks": row.looks, "next_at": row.next_at, "message": row.message,
            "mend": row.mend, "waits_for": [row.waits_for_entity, row.waits_for_key] if row.waits_for_key else None,
        }  # fmt: skip
        yield Entry(row.since, "waits", (row.entity, row.record), tuple(lines), facts)


def _problems(site: Site, record: Known) -> Iterator[Entry]:
    rows = site.door.problems.filter(instance=site.instance, entity__in=record.entities, key__in=record.names)
    for row in rows:
        stands = "still open" if row.state in LIVE else row.state
        lines = (f"A person was told: {row.title} ({stands}, seen {times(row.count)})", row.mend)
        facts = {"problem": str(row.pk), "kind": row.kind, "cause": row.cause, "state": row.state, "count": row.count}
        yield Entry(row.first_at, "problem", (row.entity, row.key), tuple(line for line in lines if line), facts)


def _people(site: Site, record: Known) -> Iterator[Entry]:
    subjects = {f"{entity} {name}": (entity, name) for entity in record.entities for name in record.names}
    for row in site.door.activities.filter(instance=site.instance, subject__in=list(subjects)):
        facts = {"tag": row.tag, "actor": row.actor, **row.detail}
        happened = row.tag.partition(":")[2].replace("_", " ")
        yield Entry(row.at, "person", subjects[row.subject], (f"{row.actor} {happened} it.",), facts)


def _loads(site: Site, record: Known) -> Iterator[Entry]:
    """What initial loads did with it: wrote it last, or could not."""
    runs = {run.pk: run for run in site.door.runs.filter(instance=site.instance)}
    for link in record.links:
        run = runs.get(link.run_id) if link.run_id else None
        if run is not None:
            at, line = run.started_at or link.updated_at, f"Run {run.number} loaded it from billing."
            yield Entry(at, "load", (link.entity, link.billing_key), (line,), {"run": run.number})
    refused = site.door.row_errors.filter(run__in=list(runs), entity__in=record.entities, key__in=record.names)
    for row in refused:
        run = runs[row.run_id]
        line = f"Run {run.number} could not load it: {row.message} ({row.code})"
        facts = {"run": run.number, "code": row.code, "message": row.message, "mend": row.mend}
        yield Entry(run.started_at or run.created_at, "load", (row.entity, row.key), (line, row.mend), facts)
