"""The swift way from a billing record to CSV cells: one function an entity, written from the table for a tenant.

Its text holds, for each column, what the common good values need, and calls the column's own kind for every other one;
so what a cell holds is said by the kinds alone. Whatever is unusual about a record as a whole is left to the general
way. That both ways agree is a tested property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from salesbridge.model.columns import Column
from salesbridge.model.entity import Entity, Phase
from salesbridge.model.kinds import (
    CLEAR,
    BillingForm,
    Boolean,
    Date,
    Kind,
    MultiPicklist,
    Number,
    Picklist,
    RefusedError,
    Text,
    cell_of,
)
from salesbridge.model.kinds.address import Part, part_from_billing
from salesbridge.model.kinds.market import normal, verify

Record = Mapping[str, Any]
#: Key, keys of the parents, cells of the save phase, cells of the activate phase.
RowCells = tuple[str, tuple[str | None, ...], list[str], list[str]]
#: Answers None for a record that the general way must take.
SwiftRow = Callable[[Any, date], RowCells | None]
Spelling = Callable[[Any], str]
MISSING = object()
#: A load meets the same days, prices and roles over and over; this many are remembered by column.
_REMEMBERED = 4096
_TEXTS = {str}


@dataclass(frozen=True, slots=True)
class NativeForm:
    """Where a dialect's own records hold the attributes, so that a cell is read without a neutral record in between.

    Args:
        members: Attribute -> path of the member, dotted. An attribute that is not named is absent from every record.
        keys: Attributes that must be text which is not blank, or the record is unusual.
        read: The general reader: a native record to its attributes. May raise an error of its own.
    """

    members: Mapping[str, str]
    keys: Sequence[str]
    read: Callable[[Any], Record]


class Cell(NamedTuple):
    """What is asked of one column.

    Args:
        column: The column; one that billing knows.
        cleared: The cell of a value that is nothing: ``#N/A``, or an empty cell where it is to be left alone.
        required: Whether a record whose cell is empty is unusual.
        derived: How the value follows from the record, for a value that billing has not in a member of its own.
        of_key: How the cell follows from the record's key alone; empty where there is no value.
    """

    column: Column
    cleared: str
    required: bool
    derived: Callable[[Record, date], Any] | None
    of_key: Callable[[str], str] | None = None


def swift_row(entity: Entity, cells: Sequence[Cell], form: BillingForm, native: NativeForm | None = None) -> SwiftRow:
    """Write and compile the function that reads an entity's row from a record.

    Args:
        entity: The entity.
        cells: Its columns, those of the save phase first.
        form: How the billing dialect spells values.
        native: The dialect's own records; None for records by neutral attribute.

    The function raises :class:`~salesbridge.model.kinds.RefusedError` for a value that cannot be carried over.
    """
    text = _Text(native)
    text.keys(entity)
    text.parents(entity)
    for at, cell in enumerate(cells):
        text.cell(f"c{at}", cell, form)
    saved = sum(cell.column.phase is Phase.SAVE for cell in cells)
    names = [f"c{at}" for at in range(len(cells))]
    parents = "".join(f"{text.texts[parent.billing]}, " for parent in entity.parents)
    text.say(f"return key, ({parents}), [{', '.join(names[:saved])}], [{', '.join(names[saved:])}]")
    return text.compiled()


class _Text:
    """The function's text while it is written, and the objects that it names."""

    def __init__(self, native: NativeForm | None) -> None:
        self.native = native
        self.lines = ["def row(record, today):", "    if type(record) is not dict: return None"]
        self.scope: dict[str, Any] = {"MISSING": MISSING, "CLEAR": CLEAR, "ABSENT": {}, "inner": _inner}
        self.objects: dict[tuple[str, ...], str] = {(): "record"}
        self.texts: dict[str, str] = {}

    def say(self, *lines: str) -> None:
        self.lines += [f"    {line}" for line in lines]

    def named(self, name: str, value: Any) -> str:
        self.scope[name] = value
        return name

    def compiled(self) -> SwiftRow:
        """The function; names and values enter its text by ``repr`` only, as in dataclasses."""
        exec(compile("\n".join(self.lines), "<swift row>", "exec"), self.scope)  # noqa: S102
        row: SwiftRow = self.scope["row"]
        return row

    def member(self, attribute: str, default: str) -> str:
        """The expression that reads an attribute; the objects on its way are looked up once."""
        path = (attribute,) if self.native is None else tuple(self.native.members.get(attribute, "").split("."))
        if path == ("",):
            return default
        for depth in range(1, len(path)):
            self._object(path[:depth])
        return f"{self.objects[path[:-1]]}.get({path[-1]!r}, {default})"

    def _object(self, path: tuple[str, ...]) -> None:
        if path in self.objects:
            return
        outer, name = self.objects[path[:-1]], f"o{len(self.objects)}"
        self.objects[path] = name
        self.say(f"{name} = {outer}.get({path[-1]!r}, ABSENT)", f"if type({name}) is not dict: {name} = inner({name})")

    def keys(self, entity: Entity) -> None:
        """The key, as :meth:`Transform.key` makes it of texts that are printable; all others are unusual."""
        for attribute in dict.fromkeys((*entity.key, *(self.native.keys if self.native else ()))):
            self._key_text(attribute)
            self.say(f"if not {self.texts[attribute]}: return None")
        parts = [self.texts[attribute] for attribute in entity.key]
        self.say(*(f"if ':' in {part}: return None" for part in parts if len(parts) > 1))
        joined = " + ':' + ".join(parts)
        self.say(f"key = {joined}")
        if entity.identifier:
            self.named("normal", normal)
            self.named("verify", verify)
            self.say("key = normal(key)", f"verify({self.member(entity.identifier[0], 'None')} or None, key)")
        self.say(f"if len(key) > {entity.external_id_length}: return None")

    def parents(self, entity: Entity) -> None:
        """The keys of the parents; a record that lacks one it needs is unusual."""
        for parent in entity.parents:
            self._key_text(parent.billing)
            name = self.texts[parent.billing]
            self.say(f"if not {name}: {'return None' if parent.required else f'{name} = None'}")

    def _key_text(self, attribute: str) -> None:
        if attribute in self.texts:
            return
        name = self.texts[attribute] = f"k{len(self.texts)}"
        self.say(
            f"{name} = {self.member(attribute, 'None')}",
            f"if {name} is not None:",
            f"    if type({name}) is not str: return None",
            f"    {name} = {name}.strip()",
            f"    if not {name}.isprintable() or {name} == CLEAR: return None",
        )

    def cell(self, name: str, cell: Cell, form: BillingForm) -> None:
        """One column's cell."""
        self.say(*self._cell(name, cell, form))
        if cell.required:
            self.say(f"if not {name} or {name} == CLEAR: return None")

    def _cell(self, name: str, cell: Cell, form: BillingForm) -> list[str]:
        column, other, nothing = cell.column, f"{name}_other", repr(cell.cleared)
        if cell.of_key:
            self.named(other, cell.of_key)
            return [f"{name} = {other}(key)"]
        if cell.derived:
            self.named(other, _derived(cell.derived, _spelling(column, form, cell.cleared), self.native))
            return [f"{name} = {other}(record, today)"]
        values = [self.member(attribute, "MISSING") for attribute in column.attributes]
        if column.part is not None and len(values) > 1:
            self.named(other, _street(column.part, cell.cleared))
            return [f"{name} = {other}({', '.join(values)})"]
        spelling = self.scope[self.named(other, _spelling(column, form, cell.cleared))]
        return [f"v = {values[0]}", *self._lines(name, column.kind, spelling, nothing)]

    def _lines(self, name: str, kind: Kind, spelling: Spelling, nothing: str) -> Iterator[str]:
        """What is said of the value ``v`` of a column, by its kind."""
        if isinstance(kind, Picklist) and (kind.codes or kind.restricted):
            known = self.named(f"{name}_known", _known(kind, spelling))
            yield f"{name} = {known}.get(v) if type(v) is str else None"
            yield f"if {name} is None: {name} = {name}_other(v)"
        elif isinstance(kind, Text):
            yield "if type(v) is str:"
            yield f"    {name} = v.strip()"
            yield f"    if not {name}: {name} = {nothing}"
            yield f"    elif len({name}) > {kind.length} or not {name}.isprintable() or {name} == CLEAR:"
            yield f"        {name} = {name}_other(v)"
            yield f"else: {name} = {nothing} if v is None else {name}_other(v)"
        elif isinstance(kind, Boolean):
            yield f"{name} = 'true' if v is True else 'false' if v is False else {name}_other(v)"
        elif isinstance(kind, (Date, Number, MultiPicklist)):
            self.named(f"{name}_other", _remembered(spelling))
            yield f"{name} = {nothing} if v is None else {name}_other(v)"
        else:
            yield f"{name} = {name}_other(v)"


class _Null(dict[str, Any]):
    """What stands in the place of an object that is null: all its members are null."""

    def get(self, key: str, default: Any = None) -> None:
        """Null."""


_NULL = _Null()


def _inner(value: Any) -> _Null:
    """An object within a record that is no plain object: null, or unusual."""
    if value is None or value is _NULL:
        return _NULL
    raise RefusedError("holds something that is no object")


def _spelling(column: Column, form: BillingForm, cleared: str) -> Spelling:
    """The cell of a column's raw value, whatever it is."""
    kind = column.kind

    def spelt(raw: Any) -> str:
        if raw is MISSING:
            return ""
        value = kind.cleared if raw is None else _decoded(column, raw, form)
        cell = cell_of(kind, value)
        return cleared if cell == CLEAR else cell

    return spelt


def _decoded(column: Column, raw: Any, form: BillingForm) -> Any:
    if column.part is not None:
        return part_from_billing(column.part, [raw])
    return column.kind.from_billing(raw, form)


def _known(kind: Picklist, spelling: Spelling) -> dict[str, str]:
    """The cells of a picklist's codes and values."""
    return {text: spelling(text) for text in {*kind.values, *(code for code, _ in kind.codes)} - {"", CLEAR}}


def _remembered(spelling: Spelling) -> Spelling:
    """The same spelling, which keeps the cells of plain values and of lists of text."""
    one = lru_cache(_REMEMBERED, typed=True)(spelling)
    several = lru_cache(_REMEMBERED)(lambda texts: spelling(list(texts)))

    def spelt(raw: Any) -> str:
        kind = type(raw)
        if kind is str or kind is int or kind is float:
            return one(raw)
        if kind is list and set(map(type, raw)) == _TEXTS:
            return several(tuple(raw))
        return spelling(raw)

    return spelt


def _derived(
    value_of: Callable[[Record, date], Any], spelling: Spelling, native: NativeForm | None
) -> Callable[[Any, date], str]:
    read = native.read if native else _as_it_is

    def cell(record: Any, today: date) -> str:
        return spelling(value_of(read(record), today))

    return cell


def _as_it_is(record: Record) -> Record:
    return record


def _street(part: Part, cleared: str) -> Callable[..., str]:
    """The cell of an address part that billing holds in several lines."""
    kind = part.kind
    length = kind.length

    def cell(*raws: Any) -> str:
        lines = []
        for raw in raws:
            if raw is None or raw is MISSING:
                continue
            if type(raw) is not str or not raw.isprintable():
                return other(raws)
            line = raw.strip()
            if line:
                lines.append(line)
        text = "\n".join(lines)
        return text if text and len(text) <= length and text != CLEAR else other(raws)

    def other(raws: Sequence[Any]) -> str:
        present = [raw for raw in raws if raw is not MISSING]
        spelt = cell_of(kind, part_from_billing(part, present)) if present else ""
        return cleared if spelt == CLEAR else spelt

    return cell
