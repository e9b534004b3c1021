"""Aggregate queries: functions over all rows or over groups of them.

Sources: SOQL and SOSL Reference, *Aggregate Functions*, *COUNT() and COUNT(fieldName)*, *Support for Field Types in
Aggregate Functions*, *GROUP BY*, *Considerations for GROUP BY*, *HAVING*, *Use Aliases with GROUP BY*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import INVALID_FIELD, SoqlError, malformed
from salesbridge.sandbox.salesforce.soql.filters import Filters, Operand, Predicate
from salesbridge.sandbox.salesforce.soql.kinds import aggregatable, groupable, kind_of, sort_key
from salesbridge.sandbox.salesforce.soql.ordering import ordered, sorting_key
from salesbridge.sandbox.salesforce.soql.selection import Selection

Group = dict[str, Any]
"""The values of one group: grouped fields by their path, aggregates by their spelling."""

_COUNT = Field("count", "count", "int")


def is_aggregate(query: ast.Query) -> bool:
    """Whether a statement answers AggregateResult records rather than rows."""
    return bool(query.group_by) or any(
        isinstance(item, ast.SelectField) and isinstance(item.operand, ast.Aggregate) for item in query.select
    )


def is_count(query: ast.Query) -> bool:
    """Whether a statement is ``SELECT COUNT()``, which answers a number and no records.

    Raises:
        SoqlError: ``COUNT()`` is not alone, or stands with ORDER BY or GROUP BY.
    """
    counts = [item for item in query.select if isinstance(item, ast.SelectField) and _counts_rows(item.operand)]
    if not counts:
        return False
    pos = counts[0].operand.pos
    if len(query.select) > 1 or query.group_by or counts[0].alias is not None:
        raise malformed("COUNT() must be the only element in the select list", pos)
    if query.order_by:
        raise malformed("ORDER BY is not allowed with COUNT()", pos)
    return True


def _counts_rows(operand: ast.Operand) -> bool:
    return isinstance(operand, ast.Aggregate) and operand.path is None


class Aggregation:
    """The compiled aggregate part of a query.

    Args:
        selection: Its row part.

    Raises:
        SoqlError: A field can't be grouped or aggregated, or is neither.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        query = self._query = selection.query
        self._groups: dict[str, Operand] = {}
        self._aggregates: dict[str, tuple[str, Operand]] = {}
        for path in query.group_by:
            self._add_group(path)
        self._outputs = self._select(query.select)
        filters = Filters(self._operand, selection.scope.session.today, _no_semi_join)
        self._having = None if query.having is None else filters.predicate(query.having)
        self._order = [sorting_key(order, self._operand(order.operand)) for order in query.order_by]
        if query.limit is not None and not query.group_by:
            raise malformed("Non-grouped query that uses overall aggregate functions cannot also use LIMIT")
        if query.having is not None and not query.group_by:
            raise malformed("HAVING needs a GROUP BY clause")

    def records(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """The AggregateResult records for these rows."""
        groups = [group for group in self._collect(rows) if self._having is None or self._having(group)]
        start = self._query.offset or 0
        stop = None if self._query.limit is None else start + self._query.limit
        return [self._record(group) for group in ordered(groups, self._order)[start:stop]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the values, in the order of the select list."""
        return tuple(name for name, _ in self._outputs)

    def _record(self, group: Group) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for name, key in self._outputs:
            record[name] = group[key]
        return record

    def _add_group(self, path: ast.Path) -> None:
        operand = self._selection.operand(path)
        if not groupable(operand.field):
            raise SoqlError(INVALID_FIELD, f"field '{path.text}' can not be grouped in a query call", path.pos)
        self._groups[self._selection.scope.column(path).text] = operand

    def _select(self, items: Sequence[ast.SelectItem]) -> list[tuple[str, str]]:
        outputs: list[tuple[str, str]] = []
        unnamed = 0
        for item in items:
            if not isinstance(item, ast.SelectField):
                raise malformed("Field must be grouped or aggregated", item.pos)
            name = item.alias or _own_name(item.operand)
            if name is None:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            if any(name.casefold() == known.casefold() for known, _ in outputs):
                raise malformed(f"duplicate alias: {name}", item.operand.pos)
            outputs.append((name, self._key(item.operand)))
        return outputs

    def _key(self, operand: ast.Operand) -> str:
        """Where a group holds the operand's value; notes the aggregates that have to be worked out."""
        if isinstance(operand, ast.Path):
            text = self._selection.scope.column(operand).text
            if text not in self._groups:
                raise malformed(f"Field must be grouped or aggregated: {operand.text}", operand.pos)
            return text
        if operand.path is None:
            raise malformed("COUNT() must be the only element in the select list", operand.pos)
        argument = self._selection.operand(operand.path)
        if not aggregatable(argument.field, operand.function):
            reason = f"field {argument.label} does not support aggregate operator {operand.function}"
            raise malformed(reason, operand.path.pos)
        key = f"{operand.function}({self._selection.scope.column(operand.path).text})"
        self._aggregates[key] = (operand.function, argument)
        return key

    def _operand(self, operand: ast.Operand) -> Operand:
        key = self._key(operand)
        label = operand.text if isinstance(operand, ast.Path) else key
        field = self._groups[key].field if isinstance(operand, ast.Path) else self._result_field(key)
        return Operand(field, lambda group: group[key], operand.pos, label)

    def _result_field(self, key: str) -> Field:
        function, argument = self._aggregates[key]
        return argument.field if function in {"MIN", "MAX"} else _COUNT

    def _collect(self, rows: Iterable[Row]) -> list[Group]:
        readers = [(text, operand.read, _fold(operand.field)) for text, operand in self._groups.items()]
        members: dict[tuple[Any, ...], list[Row]] = {} if readers else {(): []}
        for row in rows:
            members.setdefault(tuple([fold(read(row)) for _, read, fold in readers]), []).append(row)
        return [self._summary(readers, group) for group in members.values()]

    def _summary(self, readers: Sequence[tuple[str, Callable[[Row], Any], Any]], rows: list[Row]) -> Group:
        group: Group = {text: read(rows[0]) for text, read, _ in readers}
        for key, (function, operand) in self._aggregates.items():
            group[key] = _apply(function, operand, rows)
        return group


def _own_name(operand: ast.Operand) -> str | None:
    return operand.parts[-1] if isinstance(operand, ast.Path) else None


def _fold(field: Field) -> Callable[[Any], Any]:
    if kind_of(field) != "text" or field.case_sensitive:
        return lambda value: value
    return lambda value: value.casefold() if value is not None else None


def _apply(function: str, operand: Operand, rows: list[Row]) -> Any:
    values = [value for row in rows if (value := operand.read(row)) is not None]
    if function == "COUNT":
        return len(values)
    if function == "COUNT_DISTINCT":
        return len(set(map(_fold(operand.field), values)))
    if not values:
        return None
    if function == "SUM":
        return sum(values)
    if function == "AVG":
        return sum(values) / len(values)
    choose = min if function == "MIN" else max
    return choose(values, key=sort_key(operand.field))


def _no_semi_join(join: ast.SemiJoin) -> Predicate:
    raise malformed("Semi join sub-selects are not allowed in HAVING clauses", join.operand.pos)
