"""When seeded records were last modified, answerable without reading them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import Shuffle

if TYPE_CHECKING:
    from collections.abc import Iterator

SPAN = 730 * 24 * 3600 * 1000
_LISTED = 20_000


class History:
    """The modification times of ``count`` records, spread evenly over the two years before ``end``.

    Args:
        count: Number of records.
        end: Milliseconds since 1970; every record was modified before.
    """

    def __init__(self, count: int, end: int) -> None:
        self.count = count
        self._end = end
        self._order = Shuffle(count)
        self._listed = lru_cache(maxsize=8)(self._list)

    def modified(self, index: int) -> int:
        """Milliseconds since 1970 at which the record was last modified."""
        return self._end - (self._order.place(index) + 1) * SPAN // self.count

    def count_since(self, since: int) -> int:
        """How many records were modified at ``since`` or later."""
        distance = self._end - since
        if distance < 0:
            return 0
        return min(((distance + 1) * self.count - 1) // SPAN, self.count)

    def indexes_since(self, since: int, start: int) -> Iterator[int]:
        """Ascending indexes from ``start`` of records modified at ``since`` or later."""
        newest = self.count_since(since)
        if newest > min(_LISTED, self.count // 2):
            place = self._order.place
            yield from (index for index in range(start, self.count) if place(index) < newest)
        else:
            yield from (index for index in self._listed(newest) if index >= start)

    def _list(self, newest: int) -> list[int]:
        return sorted(self._order.index(place) for place in range(newest))
