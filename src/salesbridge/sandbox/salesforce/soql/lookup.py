"""Which rows a condition needs to be tried on: an index answers instead of a scan where one can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.filters import Filters
from salesbridge.sandbox.salesforce.soql.scope import Scope


def candidates(scope: Scope, where: ast.Condition | None, filters: Filters) -> Iterable[Row]:
    """A superset of the rows that satisfy ``where``, each once, from an index if a conjunct allows one."""
    source, name = scope.session.source, scope.sobject.name
    if scope.session.deleted:
        return source.rows(name, deleted=True)
    for condition in where.terms if isinstance(where, ast.And) else (where,):
        keys = _keys(scope, condition, filters)
        if keys is not None:
            return _found(scope, *keys)
    return source.rows(name)


def _keys(scope: Scope, condition: ast.Condition | None, filters: Filters) -> tuple[str, list[Any]] | None:
    """The indexed field and the values it may have, when the condition says so."""
    if isinstance(condition, ast.Comparison) and condition.operator == "=":
        literals: tuple[ast.Literal, ...] = (condition.value,)
    elif isinstance(condition, ast.Membership) and condition.operator == "IN":
        literals = condition.values
    else:
        return None
    if not isinstance(condition.operand, ast.Path) or any(each.kind not in {"string", "number"} for each in literals):
        return None
    column = scope.column(condition.operand)
    if column.steps or not (column.field.indexed or column.field.type == "id"):
        return None
    operand = filters.bind(condition.operand)
    values = [filters.value(operand, each) for each in literals]
    return None if None in values else (column.field.name, values)


def _found(scope: Scope, field: str, values: list[Any]) -> Iterator[Row]:
    source, name = scope.session.source, scope.sobject.name
    seen: set[str] = set()
    for value in values:
        for row in source.find(name, field, value):
            id_ = row["Id"]
            if id_ not in seen:
                seen.add(id_)
                yield row
