"""Several changes of one record become one look at it. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from salesbridge.sync.change import Change

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Folded:
    """The changes of one record that are answered together.

    Args:
        numbers: Their numbers in the journal, ascending.
        changes: The changes, in that order.
    """

    numbers: tuple[int, ...]
    changes: tuple[Change, ...]

    @property
    def last(self) -> int:
        """The number of the change that bears the outcome; the others are superseded by it."""
        return self.numbers[-1]

    @property
    def superseded(self) -> tuple[int, ...]:
        """The numbers of the others."""
        return self.numbers[:-1]


def fold(changes: Iterable[tuple[K, int, Change]]) -> dict[K, Folded]:
    """Changes by the record they are about, each record where its first change stands.

    Args:
        changes: (record, number in the journal, change), in any order; the same number twice counts once.
    """
    found: dict[K, dict[int, Change]] = {}
    for record, number, change in sorted(changes, key=lambda entry: entry[1]):
        found.setdefault(record, {}).setdefault(number, change)
    return {record: Folded(tuple(kept), tuple(kept.values())) for record, kept in found.items()}
