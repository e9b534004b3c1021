"""Ids and auto numbers: what an org hands out once and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ids import counter_of, sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schema import Field

_LONG_NUMBERS = {"OrderItemNumber": 10}
_DIGITS = 8


class Numbering:
    """Hands out record ids by key prefix, and auto numbers by field."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        self._sequences: dict[str, Iterator[str]] = {}

    def new_id(self, prefix: str) -> str:
        """The next unused id (18 characters) of a key prefix."""
        found = self._sequences.get(prefix)
        if found is None:
            found = self._sequences[prefix] = sequence(prefix)
        return next(found)

    def skip(self, id_: str) -> None:
        """Never hand out that id, or one before it, again."""
        self._sequences[id_[:3]] = sequence(id_[:3], counter_of(id_) + 1)

    def next_number(self, sobject: str, field: Field) -> str:
        """The next value of an auto-number field, such as ``00000100``."""
        key = f"{sobject}.{field.name}"
        number = self.last[key] = self.last.get(key, 0) + 1
        return _formatted(field, number)


def _formatted(field: Field, number: int) -> str:
    if field.display_format and "{" in field.display_format:
        head, _, rest = field.display_format.partition("{")
        digits, _, tail = rest.partition("}")
        return f"{head}{number:0{len(digits)}d}{tail}"
    return f"{number:0{_LONG_NUMBERS.get(field.name, _DIGITS)}d}"
