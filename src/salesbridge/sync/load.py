"""What the initial data synchronisation does with one row, and how big a run will be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from salesbridge.model import EXTERNAL_ID, Entity, Phase, Side, columns, header

CLEAR = "#N/A"
#: Values both sides last agreed on, as CSV cells by column; None is a cleared field.
Agreed = Mapping[str, str | None]


class Outcome(StrEnum):
    """What became of a record; every record that was read has exactly one."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    PARKED = "parked"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Shape:
    """Positions in an entity's CSV row, computed once.

    Args:
        names: The header of the save phase.
        create_only: Positions that Salesforce accepts on a new record only.
        kept: Positions of fields whose master is Salesforce: once agreed on, billing's value does not replace them.
    """

    names: tuple[str, ...]
    create_only: frozenset[int]
    kept: frozenset[int]


@cache
def shape(entity: Entity) -> Shape:
    """The shape of an entity's rows."""
    names = header(entity, Phase.SAVE)
    fixed = {parent.column for parent in entity.parents if parent.create_only} | {name for name, _ in entity.facts}
    fixed |= {column.name for column in columns(entity) if column.field.create_only}
    kept = {column.name for column in columns(entity) if column.master is Side.SALESFORCE}
    at = {name: place for place, name in enumerate(names)}
    return Shape(names, frozenset(at[n] for n in fixed if n in at), frozenset(at[n] for n in kept if n in at))


def kept_columns(entity: Entity) -> frozenset[str]:
    """Names of the columns whose master is Salesforce."""
    form = shape(entity)
    return frozenset(form.names[at] for at in form.kept)


def row_to_send(form: Shape, cells: Sequence[str], agreed: Agreed | None) -> list[str] | None:
    """The CSV row to send, or None when both sides already agree.

    Args:
        form: The entity's shape.
        cells: The whole row as billing has it, the external id first; an empty cell is left alone.
        agreed: What both sides last agreed on; None for a record that is not linked yet. A linked record is sent with
            the cells that changed only; a field whose master is Salesforce is never overwritten once it was agreed on;
            billing's nothing never clears a field whose master is Salesforce.
    """
    if agreed is None:
        return _whole(form, cells)
    row, changed = [cells[0]], False
    for at in range(1, len(cells)):
        cell = _cell_to_send(form, at, cells[at], agreed)
        changed = changed or cell != ""
        row.append(cell)
    return row if changed else None


def _whole(form: Shape, cells: Sequence[str]) -> list[str]:
    row = list(cells)
    if CLEAR in row:
        for at in form.kept:
            if row[at] == CLEAR:
                row[at] = ""
    return row


def _cell_to_send(form: Shape, at: int, cell: str, agreed: Agreed) -> str:
    name = form.names[at]
    if cell == "" or at in form.create_only:
        return ""
    if at in form.kept and (name in agreed or cell == CLEAR):
        return ""
    return "" if name in agreed and (agreed[name] or CLEAR) == cell else cell


def agreed_of(names: Sequence[str], row: Sequence[str], *, born: frozenset[str] = frozenset()) -> dict[str, str | None]:
    """What both sides agree on once Salesforce accepted a row.

    Args:
        names: The CSV header.
        row: The cells that were accepted.
        born: Columns that are empty on both sides when their cell is: those of a record that was created just now. From
            then on Salesforce is master of them, so billing's later value must not fill them.
    """
    pairs = zip(names, row, strict=True)
    return {
        name: None if not cell or cell == CLEAR else cell
        for name, cell in pairs
        if (cell or name in born) and name != EXTERNAL_ID
    }


@dataclass(frozen=True, slots=True)
class Size:
    """How big one entity's share of a run will be.

    Args:
        entity: Salesforce object.
        records: Records that billing counts; None where it cannot tell.
        jobs: Bulk jobs.
        calls: Salesforce API calls.
        seconds: Expected time in seconds.
    """

    entity: str
    records: int | None
    jobs: int
    calls: int
    seconds: float


#: Calls of one bulk job: create, upload, close, two result files, and a few polls.
CALLS_PER_JOB = 9
#: Records a second that Salesforce is expected to take where no run has measured it yet: the lower of two rates
#: that customers of other connectors have reported for automated objects.
DEFAULT_RATE = 300.0


def size(entity: Entity, records: int | None, *, rows_per_part: int, rate: float = DEFAULT_RATE) -> Size:
    """How big an entity's share will be.

    Args:
        entity: The entity.
        records: Records that billing counts.
        rows_per_part: Most rows in one bulk job.
        rate: Records a second that Salesforce takes.
    """
    count = records or 0
    phases = 2 if len(header(entity, Phase.ACTIVATE)) > 1 else 1
    jobs = -(-count // rows_per_part) * phases
    calls = jobs * CALLS_PER_JOB + (4 if entity.adopts else 0)
    return Size(entity.name, records, jobs, calls, round(count * phases / rate, 1))
