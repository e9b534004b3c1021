"""A SOQL statement as a tree of frozen values.

Positions (``pos``, an offset into the statement) serve error messages only and take no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as Choice

LiteralKind = Choice["string", "number", "date", "datetime", "boolean", "null", "range"]
Operator = Choice["=", "!=", "<", "<=", ">", ">=", "LIKE"]
SetOperator = Choice["IN", "NOT IN", "INCLUDES", "EXCLUDES"]
FieldGroup = Choice["ALL", "STANDARD", "CUSTOM"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant as it was written: a string without its quotes but with its escapes, a keyword in capitals."""

    kind: LiteralKind
    text: str
    pos: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a field of a parent: ``("Account", "Owner", "Name")``."""

    parts: tuple[str, ...]
    pos: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """The path with its dots."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate function (capitals) of a field; ``COUNT()`` has no field."""

    function: str
    path: Path | None
    pos: int = field(default=0, compare=False)


Operand = Path | Aggregate


@dataclass(frozen=True, slots=True)
class SelectField:
    """A field or aggregate in the select list, with its alias if it has one."""

    operand: Operand
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class SelectGroup:
    """``FIELDS(ALL)``, ``FIELDS(STANDARD)`` or ``FIELDS(CUSTOM)``."""

    group: FieldGroup
    pos: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SelectChildren:
    """A parent-to-child subquery; its ``source`` is a relationship name."""

    query: Query
    pos: int = field(default=0, compare=False)


SelectItem = SelectField | SelectGroup | SelectChildren


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operand operator literal``."""

    operand: Operand
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """``operand operator (literal, ...)``."""

    operand: Operand
    operator: SetOperator
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """``operand [NOT] IN (SELECT ...)``; a negated one is an anti-join."""

    operand: Operand
    query: Query
    negated: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All terms hold (two or more)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the terms holds (two or more)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: Condition


Condition = Comparison | Membership | SemiJoin | And | Or | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; ``nulls_first`` is None when the statement does not say."""

    operand: Operand
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An object, relationship or aliased path in FROM, with its alias."""

    path: Path
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT statement."""

    select: tuple[SelectItem, ...]
    sources: tuple[Source, ...]
    where: Condition | None = None
    security: str | None = None
    group_by: tuple[Path, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    usage: tuple[str, ...] = ()
    offset_pos: int = field(default=0, compare=False)

    @property
    def source(self) -> Source:
        """What the rows come from."""
        return self.sources[0]
