"""Conditions to predicates: every constant is checked against its field's type once, then rows are only compared.

Sources: SOQL and SOSL Reference, *Comparison Operators*, *Logical Operators*, *Use null in WHERE*, *Query Multi-Select
Picklists*, *null Values in Lookup Relationships and Outer Joins*.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from salesbridge.sandbox.salesforce.ids import normal_id
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import INVALID_FIELD, INVALID_FILTER, SoqlError, wrong_literal
from salesbridge.sandbox.salesforce.soql.kinds import filterable, kind_of, type_name
from salesbridge.sandbox.salesforce.soql.literals import date_of, datetime_of, number_of, pattern_of, text_of
from salesbridge.sandbox.salesforce.soql.ranges import Today, day_range

Predicate = Callable[[Any], bool]
Read = Callable[[Any], Any]
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FITS = {
    "text": {"string"},
    "id": {"string"},
    "multi": {"string"},
    "number": {"number"},
    "boolean": {"boolean"},
    "date": {"date", "range"},
    "datetime": {"datetime", "range"},
    "time": set(),
}


@dataclass(frozen=True, slots=True)
class Operand:
    """The left side of a comparison: what it is, how to read it from a row, and where it stands."""

    field: Field
    read: Read
    pos: int
    label: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Compiles conditions.

    Args:
        bind: Resolves the left side of a comparison.
        today: What date literals are relative to.
        semi_join: Compiles ``operand [NOT] IN (SELECT ...)``.
    """

    bind: Callable[[ast.Operand], Operand]
    today: Today
    semi_join: Callable[[ast.SemiJoin], Predicate]

    def predicate(self, condition: ast.Condition) -> Predicate:
        """A function from a row to whether the condition holds; it has two values, never an unknown one.

        Raises:
            SoqlError: A field is unknown or can't be filtered, or a constant or operator does not fit it.
        """
        match condition:
            case ast.And(terms):
                return _all([self.predicate(term) for term in terms])
            case ast.Or(terms):
                return _any([self.predicate(term) for term in terms])
            case ast.Not(term):
                return _negated(self.predicate(term))
            case ast.Comparison():
                return self._comparison(condition)
            case ast.Membership():
                return self._membership(condition)
            case ast.SemiJoin():
                return self.semi_join(condition)

    def _operand(self, operand: ast.Operand) -> Operand:
        bound = self.bind(operand)
        if not filterable(bound.field):
            raise SoqlError(INVALID_FIELD, f"field '{bound.label}' can not be filtered in a query call", bound.pos)
        return bound

    def _comparison(self, comparison: ast.Comparison) -> Predicate:
        operand, literal, sign = self._operand(comparison.operand), comparison.value, comparison.operator
        self._check_operator(operand, sign)
        if sign == "LIKE":
            return _like(operand, literal)
        if literal.kind == "null":
            return self._null(operand, sign)
        self._check_kind(operand, literal)
        if literal.kind == "range":
            return self._in_range(operand, literal, sign)
        value = self.value(operand, literal)
        if sign in {"=", "!="}:
            equal = _equals(operand, value)
            return equal if sign == "=" else _negated(equal)
        return _ordered(operand, sign, value)

    @staticmethod
    def _check_operator(operand: Operand, sign: str) -> None:
        kind = kind_of(operand.field)
        unordered = kind in {"boolean", "multi"} and sign not in {"=", "!="}
        if unordered or (sign == "LIKE" and kind != "text"):
            name = "id" if kind == "id" else operand.field.type
            raise SoqlError(INVALID_FILTER, f"invalid operator on {name} field", operand.pos)

    @staticmethod
    def _check_kind(operand: Operand, literal: ast.Literal) -> None:
        if literal.kind not in _FITS[kind_of(operand.field)]:
            raise wrong_literal(operand.label, type_name(operand.field), operand.pos)

    @staticmethod
    def _null(operand: Operand, sign: str) -> Predicate:
        read = operand.read
        if kind_of(operand.field) == "boolean":
            return (lambda row: not read(row)) if sign == "=" else (lambda row: bool(read(row)))
        if sign == "=":
            return lambda row: read(row) is None
        if sign == "!=":
            return lambda row: read(row) is not None
        return lambda _: False

    def _in_range(self, operand: Operand, literal: ast.Literal, sign: str) -> Predicate:
        first, end = self._bounds(operand, literal)
        read = operand.read
        match sign:
            case "=":
                return lambda row: (value := read(row)) is not None and first <= value < end
            case "!=":
                return lambda row: (value := read(row)) is None or not first <= value < end
            case "<":
                return lambda row: (value := read(row)) is not None and value < first
            case "<=":
                return lambda row: (value := read(row)) is not None and value < end
            case ">":
                return lambda row: (value := read(row)) is not None and value >= end
            case _:
                return lambda row: (value := read(row)) is not None and value >= first

    def _bounds(self, operand: Operand, literal: ast.Literal) -> tuple[str, str]:
        try:
            days = day_range(literal.text, self.today)
        except ValueError as error:
            raise SoqlError("MALFORMED_QUERY", f"invalid date: {error}", literal.pos) from None
        return days.dates(self.today) if kind_of(operand.field) == "date" else days.moments(self.today)

    def value(self, operand: Operand, literal: ast.Literal) -> Any:
        """The wire value of a constant that fits the operand; an empty text is null.

        Raises:
            SoqlError: The constant names no day or moment, or is no id.
        """
        match kind_of(operand.field):
            case "number":
                return number_of(literal)
            case "boolean":
                return literal.text == "TRUE"
            case "date":
                return date_of(literal)
            case "datetime":
                return datetime_of(literal)
            case "id":
                text = text_of(literal)
                id_ = normal_id(text)
                if id_ is None:
                    raise SoqlError(INVALID_FILTER, f"invalid ID field: {text}", operand.pos)
                return id_
            case _:
                return text_of(literal) or None

    def _membership(self, membership: ast.Membership) -> Predicate:
        operand = self._operand(membership.operand)
        multi = kind_of(operand.field) == "multi"
        if (membership.operator in {"INCLUDES", "EXCLUDES"}) != multi:
            name = operand.field.type
            raise SoqlError(INVALID_FILTER, f"invalid operator on {name} field", operand.pos)
        if multi:
            included = self._includes(operand, membership.values)
            return included if membership.operator == "INCLUDES" else _negated(included)
        member = self._member(operand, membership.values)
        return member if membership.operator == "IN" else _negated(member)

    def _includes(self, operand: Operand, literals: tuple[ast.Literal, ...]) -> Predicate:
        wanted = [frozenset(text_of(literal).casefold().split(";")) for literal in literals]
        read = operand.read

        def included(row: Any) -> bool:
            value = read(row)
            chosen = frozenset(value.casefold().split(";")) if value else frozenset()
            return any(each <= chosen for each in wanted)

        return included

    def _member(self, operand: Operand, literals: tuple[ast.Literal, ...]) -> Predicate:
        ranged = [self._in_range(operand, each, "=") for each in literals if self._checked(operand, each) == "range"]
        fold = _fold(operand.field)
        nulls = kind_of(operand.field) == "boolean" and any(each.kind == "null" for each in literals)
        plain = [each for each in literals if each.kind not in {"range", "null"}]
        values: set[Any] = {fold(self.value(operand, each)) for each in plain}
        values |= {False} if nulls else {None for each in literals if each.kind == "null"}
        read = operand.read
        if not ranged:
            return lambda row: fold(read(row)) in values
        return _any([*ranged, lambda row: read(row) in values])

    def _checked(self, operand: Operand, literal: ast.Literal) -> str:
        if literal.kind != "null":
            self._check_kind(operand, literal)
        return literal.kind


def _fold(field: Field) -> Callable[[Any], Any]:
    """What makes two wire values of a field equal: text without case unless the field is case-sensitive."""
    if kind_of(field) != "text" or field.case_sensitive:
        return lambda value: value
    return lambda value: value.casefold() if value is not None else None


def _equals(operand: Operand, value: Any) -> Predicate:
    read = operand.read
    if kind_of(operand.field) == "multi":
        wanted = None if value is None else frozenset(value.casefold().split(";"))
        return lambda row: wanted == (None if (held := read(row)) is None else frozenset(held.casefold().split(";")))
    if kind_of(operand.field) != "text" or operand.field.case_sensitive or value is None:
        return lambda row: read(row) == value
    folded = value.casefold()
    return lambda row: (held := read(row)) is not None and held.casefold() == folded


def _ordered(operand: Operand, sign: str, value: Any) -> Predicate:
    compare, read, field = _ORDERED[sign], operand.read, operand.field
    if value is None:
        return lambda _: False
    if kind_of(field) != "text":
        return lambda row: (held := read(row)) is not None and compare(held, value)
    if field.case_sensitive:
        return lambda row: (held := read(row)) is not None and compare(held, value)
    upper = value.upper()
    return lambda row: (held := read(row)) is not None and compare(held.upper(), upper)


def _like(operand: Operand, literal: ast.Literal) -> Predicate:
    matches = pattern_of(literal, case_sensitive=operand.field.case_sensitive).fullmatch
    read = operand.read
    return lambda row: (value := read(row)) is not None and matches(value) is not None


def _negated(predicate: Predicate) -> Predicate:
    return lambda row: not predicate(row)


def _all(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 2:  # noqa: PLR2004 - the common case, without a loop
        first, second = predicates
        return lambda row: first(row) and second(row)
    return lambda row: all(predicate(row) for predicate in predicates)


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda row: any(predicate(row) for predicate in predicates)
