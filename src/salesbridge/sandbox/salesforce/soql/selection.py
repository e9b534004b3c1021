"""Which rows a SELECT takes, and in which order: WHERE with its semi-joins, ORDER BY, OFFSET, LIMIT.

Sources: SOQL and SOSL Reference, *Comparison Operators* (considerations for semi-joins and anti-joins), *LIMIT*,
*OFFSET*, *FOR UPDATE*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import OUTSIDE_RANGE, SoqlError, malformed, unexpected
from salesbridge.sandbox.salesforce.soql.filters import Filters, Operand, Predicate
from salesbridge.sandbox.salesforce.soql.kinds import kind_of
from salesbridge.sandbox.salesforce.soql.lookup import candidates
from salesbridge.sandbox.salesforce.soql.ordering import ordered, sorting_key
from salesbridge.sandbox.salesforce.soql.scope import Scope

MAX_OFFSET = 2000
MAX_SEMI_JOINS = 2


class Selection:
    """The compiled row part of one SELECT.

    Args:
        scope: What its names mean.
        query: The statement.
        nested: Whether it is itself the inside of a semi-join.

    Raises:
        SoqlError: The statement does not fit the schema or breaks a rule.
    """

    def __init__(self, scope: Scope, query: ast.Query, *, nested: bool = False) -> None:
        self.scope = scope
        self.query = query
        self._nested = nested
        self._joins: dict[ast.SemiJoin, frozenset[Any]] = {}
        if (query.offset or 0) > MAX_OFFSET:
            raise SoqlError(OUTSIDE_RANGE, f"Maximum SOQL offset allowed is {MAX_OFFSET}", query.offset_pos)
        if query.where is not None:
            _check_joins(query.where)
        self.filters = Filters(self.operand, scope.session.today, self._semi_join)
        self._holds = None if query.where is None else self.filters.predicate(query.where)
        if query.order_by and "UPDATE" in query.usage:
            raise malformed("ORDER BY is not allowed with locking")

    def operand(self, operand: ast.Operand) -> Operand:
        """What a field on the left of a comparison or in ORDER BY means.

        Raises:
            SoqlError: It is an aggregate, or names no visible field.
        """
        if isinstance(operand, ast.Aggregate):
            raise unexpected(operand.function, operand.pos)
        column = self.scope.column(operand)
        return Operand(column.field, self.scope.reader(column), operand.pos, operand.text)

    def sorter(self) -> Callable[[list[Row]], list[Row]] | None:
        """The function that puts rows in order, when the statement has ORDER BY."""
        if not self.query.order_by:
            return None
        keys = [sorting_key(order, self.operand(order.operand)) for order in self.query.order_by]
        return lambda rows: ordered(rows, keys)

    def matching(self, rows: Iterable[Row] | None = None) -> Iterator[Row]:
        """The rows that satisfy WHERE, in no particular order; from ``rows`` or else from the whole object."""
        found = self._candidates() if rows is None else iter(rows)
        return found if self._holds is None else filter(self._holds, found)

    def _candidates(self) -> Iterator[Row]:
        for join, ids in self._joins.items():
            if self._finds(join):
                return self._by_id(ids)
        return iter(candidates(self.scope, self.query.where, self.filters))

    def _finds(self, join: ast.SemiJoin) -> bool:
        direct = isinstance(join.operand, ast.Path) and self.scope.column(join.operand).field.name == "Id"
        return direct and not join.negated and not self.scope.session.deleted

    def _by_id(self, ids: frozenset[Any]) -> Iterator[Row]:
        source, name = self.scope.session.source, self.scope.sobject.name
        return (row for id_ in sorted(ids) if (row := source.get(name, id_)) is not None)

    def chosen(self, sorter: Callable[[list[Row]], list[Row]] | None, rows: Iterable[Row] | None = None) -> list[Row]:
        """The rows of the answer, in its order."""
        if self.query.limit == 0:
            return []
        start = self.query.offset or 0
        stop = None if self.query.limit is None else start + self.query.limit
        if sorter is None:
            return list(islice(self.matching(rows), start, stop))
        return sorter(list(self.matching(rows)))[start:stop]

    def _semi_join(self, join: ast.SemiJoin) -> Predicate:
        if self._nested:
            raise malformed("Nesting of semi join sub-selects is not supported", join.operand.pos)
        operand = self.operand(join.operand)
        if kind_of(operand.field) != "id" or not isinstance(join.operand, ast.Path):
            reason = "The left operand field in the where expression for outer query should be an ID or reference field"
            raise malformed(f"{reason}, cannot use: '{operand.label}'", operand.pos)
        if self.scope.column(join.operand).steps:
            reason = "The left operand field in the where expression for outer query cannot traverse relationships"
            raise malformed(f"{reason}, cannot use: '{operand.label}'", operand.pos)
        values = self._joins[join] = self._joined(join.query, operand)
        read, negated = operand.read, join.negated
        return (lambda row: read(row) not in values) if negated else (lambda row: read(row) in values)

    def _joined(self, query: ast.Query, outer: Operand) -> frozenset[Any]:
        """The ids a semi-join's sub-select gives."""
        item = query.select[0]
        if len(query.select) != 1 or not isinstance(item, ast.SelectField) or query.group_by:
            raise malformed("Only one field can be selected in a semi join sub-select", query.source.path.pos)
        if query.order_by or query.limit is not None or query.offset is not None or query.usage:
            reason = "ORDER BY, LIMIT, OFFSET and FOR clauses are not allowed in semi join sub-selects"
            raise malformed(reason, query.source.path.pos)
        sobject = self.scope.session.sobject(query.source.path.text, query.source.path.pos)
        if sobject is self.scope.sobject:
            raise malformed("The inner and outer selects should not be on the same object type", query.source.path.pos)
        inner = Selection(Scope.of(self.scope.session, sobject, query.sources), query, nested=True)
        operand = inner.operand(item.operand)
        self._check_joined(inner, item.operand, operand, outer)
        return frozenset(id_ for id_ in map(operand.read, inner.matching()) if id_ is not None)

    def _check_joined(self, inner: Selection, path: ast.Operand, operand: Operand, outer: Operand) -> None:
        if kind_of(operand.field) != "id" or (isinstance(path, ast.Path) and inner.scope.column(path).steps):
            reason = f"The inner select field '{operand.label}' in a semi join must be of type ID or reference"
            raise malformed(f"{reason} and cannot traverse relationships", operand.pos)
        left = _targets(outer, self.scope)
        if not left & _targets(operand, inner.scope):
            reason = f"The selected field '{operand.label}' in the subquery and the left operand field in the where"
            reason += f" expression in the outer query '{outer.label}' should point to the same object type"
            raise malformed(reason, operand.pos)


def _targets(operand: Operand, scope: Scope) -> set[str]:
    return {scope.sobject.name} if operand.field.type == "id" else set(operand.field.reference_to)


def _joins_of(condition: ast.Condition) -> list[ast.SemiJoin]:
    match condition:
        case ast.SemiJoin():
            return [condition]
        case ast.And(terms) | ast.Or(terms):
            return [join for term in terms for join in _joins_of(term)]
        case ast.Not(term):
            return _joins_of(term)
        case _:
            return []


def _check_joins(where: ast.Condition) -> None:
    joins = _joins_of(where)
    if len(joins) > MAX_SEMI_JOINS:
        third = joins[MAX_SEMI_JOINS].operand.pos
        raise malformed(f"Maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed", third)
    top = where.terms if isinstance(where, ast.And) else (where,)
    for join in joins:
        if join in top:
            continue
        if isinstance(where, ast.Or):
            raise malformed("Semi join sub-selects are not allowed with the 'OR' operator", join.operand.pos)
        raise malformed("Semi join sub-selects are only allowed at the top level WHERE expressions", join.operand.pos)
