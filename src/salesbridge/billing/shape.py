"""From a native record to neutral attributes: compiled once per kind, a few microseconds per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from salesbridge.billing.paths import Paths
from salesbridge.billing.port import KEYS, Malformed
from salesbridge.billing.straight import straight

Row = dict[str, Any]
Reader = Callable[[Any], Row]
_Inner = tuple[str, Callable[[Row, Row], None], Row]
_ABSENT: Final = object()


class MisshapenError(Exception):
    """A native record that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class NativePage:
    """Some records of one kind as the product spells them.

    Attributes:
        items: What the list holds, unread: each should be an object.
        place: Where in the list the page is, for people.
        after: Cursor from which the next page continues; None after the last page.
    """

    items: list[Any]
    place: str
    after: str | None

    def position(self, index: int) -> str:
        """Says where an item is, for people."""
        return f"{self.place}, item {index + 1}"


class RecordShape(NamedTuple):
    """How the records of one kind are spelt.

    Attributes:
        members: Attribute to the dotted path of its member.
        keys: Attributes that must be text which is not blank.
        read: Reads a record's attributes; raises ``MisshapenError``.
    """

    members: Mapping[str, str]
    keys: Sequence[str]
    read: Reader


def attribute_paths(kind: str, paths: Paths) -> dict[str, str]:
    """Gives the dotted member path of each attribute of a kind."""
    return _named(f"{kind}.attr.", paths)


def reader(kind: str, paths: Paths) -> Reader:
    """Compiles the reader of one record kind.

    It keeps absent and null apart: a member that is not there gives no key, a null one gives None; where an
    object on the way is null, so are the attributes in it.

    Returns:
        A function from a decoded JSON value to attributes, which raises ``MisshapenError``.
    """
    read = _members(attribute_paths(kind, paths))
    lines = _named(f"{kind}.line.", paths)
    read_line = _members(lines) if lines else None
    key = KEYS[kind]

    def whole(native: Any) -> Row:
        row = read(native)
        require_key(row, key)
        if read_line is not None and row.get("lines") is not None:
            row["lines"] = _line_rows(row["lines"], read_line)
        return row

    return whole


def require_key(row: Row, key: Sequence[str]) -> None:
    """Checks that a record has its business key, as text."""
    for name in key:
        value = row.get(name)
        if type(value) is not str:
            found = "is missing" if value is None else f"is {_json_type(value)}, not text"
            raise MisshapenError(f"The business key {name} {found}.")
        if not value or value.isspace():
            raise MisshapenError(f"The business key {name} is empty.")


def read_all(read: Reader, natives: Iterable[Any], position: Callable[[int], str]) -> tuple[list[Row], list[Malformed]]:
    """Reads the items of a page; an item that cannot be read is set aside, never fatal."""
    rows: list[Row] = []
    malformed: list[Malformed] = []
    for index, native in enumerate(natives):
        try:
            rows.append(read(native))
        except MisshapenError as exc:
            malformed.append(Malformed(position(index), str(exc)))
    return rows, malformed


def _named(prefix: str, paths: Paths) -> dict[str, str]:
    return {name.removeprefix(prefix): native.path for name, native in paths.items() if name.startswith(prefix)}


def _members(attributes: dict[str, str]) -> Reader:
    read_straight = straight(attributes)
    fill = _filler([(path.split("."), attribute) for attribute, path in attributes.items()])

    def read(native: Any) -> Row:
        try:
            return read_straight(native)
        except (KeyError, TypeError):
            if type(native) is not dict:
                raise MisshapenError(f"The record is {_json_type(native)}, not an object.") from None
        row: Row = {}
        fill(native, row)
        return row

    return read


def _filler(members: list[tuple[list[str], str]]) -> Callable[[Row, Row], None]:
    """Compiles what puts the members that an object has, and those of the objects in it, into a row."""
    own = [(path[0], attribute) for path, attribute in members if len(path) == 1]
    inner = _inner(members)

    def fill(native: Row, row: Row) -> None:
        row.update((attribute, native[member]) for member, attribute in own if member in native)
        for parent, fill_inner, nothing in inner:
            value = native.get(parent, _ABSENT)
            if type(value) is dict:
                fill_inner(value, row)
            elif value is None:
                row.update(nothing)
            elif value is not _ABSENT:
                raise MisshapenError(f"The member {parent} is {_json_type(value)}, not an object.")

    return fill


def _inner(members: list[tuple[list[str], str]]) -> tuple[_Inner, ...]:
    """Compiles the objects within an object: name, filler, and what a null in their place means."""
    groups: defaultdict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for path, attribute in members:
        if len(path) > 1:
            groups[path[0]].append((path[1:], attribute))
    return tuple(
        (parent, _filler(group), dict.fromkeys(attribute for _, attribute in group)) for parent, group in groups.items()
    )


def _line_rows(lines: Any, read_line: Reader) -> list[Row]:
    if type(lines) is not list:
        raise MisshapenError(f"The lines are {_json_type(lines)}, not a list.")
    return [read_line(line) for line in lines]


def _json_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"
