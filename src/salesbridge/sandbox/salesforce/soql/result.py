"""What a query answers, before it is cut into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.schema import Field

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows a statement selected, rendered when they are asked for.

    Attributes:
        sobject: Canonical name of the object in FROM, or ``AggregateResult``.
        total_size: How many rows the statement gives; for ``COUNT()`` the count itself, with no rows.
        columns: Field paths (``Account.Name``), or aliases of an aggregate query, in the order of the select list,
            without subqueries: the header of a Bulk API result.
        fields: The schema's field of each column; empty for aggregate queries.
        paged: Whether a query locator may continue the answer; aggregate results have none.
        max_batch: Most records a page may hold (200 when two long text areas are selected).
    """

    sobject: str
    total_size: int
    columns: tuple[str, ...]
    paged: bool
    max_batch: int
    _rows: Sequence[Any]
    _render: Callable[[Any], Record]
    _values: Callable[[Any], tuple[Any, ...]]
    _weighted: bool = False
    fields: tuple[Field, ...] = ()

    @classmethod
    def of_records(cls, sobject: str, records: Sequence[Record], max_batch: int) -> QueryResult:
        """An answer whose records are already rendered."""
        return cls(sobject, len(records), (), True, max_batch, records, _same, _no_values, _weighted=True)

    def __len__(self) -> int:
        return len(self._rows)

    def records(self, start: int = 0, stop: int | None = None) -> list[Record]:
        """The records of that slice as the REST API writes them."""
        return [self._render(row) for row in self._rows[start:stop]]

    def page(self, start: int, size: int) -> tuple[list[Record], int]:
        """Records from ``start`` on, and where the next page starts; child records count (Query Options Header)."""
        if not self._weighted:
            records = self.records(start, start + size)
            return records, start + len(records)
        records, weight = [], 0
        for row in self._rows[start : start + size]:
            record = self._render(row)
            records.append(record)
            weight += _weight(record)
            if weight >= size:
                break
        return records, start + len(records)

    def values(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The wire values of that slice, one tuple per row in the order of ``columns``; null is None."""
        return map(self._values, self._rows[start:stop])


def _same(record: Record) -> Record:
    return record


def _no_values(_: Record) -> tuple[Any, ...]:
    return ()


def _weight(record: Record) -> int:
    nested = (value["records"] for value in record.values() if isinstance(value, dict) and "records" in value)
    return 1 + sum(_weight(child) for children in nested for child in children)
