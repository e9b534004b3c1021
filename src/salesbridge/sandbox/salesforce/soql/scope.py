"""Names of a statement against the schema: which field of which object a path means.

Sources: SOQL and SOSL Reference, *Understanding Relationship Names*, *Alias Notation*, *Understanding Relationship
Query Limitations*, *Understanding Relationship Fields and Polymorphic Fields*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.schema import Field, SObject
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import (
    malformed,
    unknown_field,
    unknown_parent,
    unknown_sobject,
)
from salesbridge.sandbox.salesforce.soql.ranges import Today
from salesbridge.sandbox.salesforce.soql.source import RowSource

MAX_STEPS = 5
"""Levels a child-to-parent path may climb."""

MAX_PARENTS = 55
"""Child-to-parent relationships a query may use."""

NAME_FIELDS = frozenset(
    {"Id", "Name", "FirstName", "LastName", "Title", "Email", "Phone", "Alias", "IsActive", "Username", "UserRoleId"}
)
"""Fields of the generic object ``Name`` that polymorphic relationships lead to."""

TYPE = Field("Type", "Type", "string", sortable=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One climb: the relationship's name, the field that holds the parent's id, the objects it may lead to."""

    name: str
    field: str
    targets: tuple[str, ...]

    @property
    def polymorphic(self) -> bool:
        """Whether the parent may be one of several objects."""
        return len(self.targets) > 1


@dataclass(frozen=True, slots=True)
class Column:
    """A field as a path reaches it from the rows of the query."""

    steps: tuple[Step, ...]
    field: Field
    pos: int

    @property
    def text(self) -> str:
        """The path in canonical spelling."""
        return ".".join((*(step.name for step in self.steps), self.field.name))


@dataclass(slots=True)
class Session:
    """What is the same for a statement and its subqueries."""

    source: RowSource
    user: str | None
    today: Today
    deleted: bool = False
    parents: set[tuple[str, ...]] = field(default_factory=set)
    _hidden: dict[str, frozenset[str]] = field(default_factory=dict)

    def visible(self, sobject: SObject, field: Field) -> bool:
        """Whether field-level security lets the caller see the field; without a caller everything is visible."""
        if self.user is None:
            return True
        hidden = self._hidden.get(sobject.name)
        if hidden is None:
            hidden = self._hidden[sobject.name] = self.source.field_access(self.user, sobject).hidden
        return field.name not in hidden

    def sobject(self, name: str, pos: int) -> SObject:
        """The object of that name.

        Raises:
            SoqlError: ``INVALID_TYPE``: no such object, or it can't be queried.
        """
        found = self.source.visible_sobject(name)
        if found is None or not found.queryable:
            raise unknown_sobject(name, pos)
        return found

    def field(self, sobject: SObject, name: str, pos: int) -> Field:
        """The field of that name, if the caller may see it.

        Raises:
            SoqlError: ``INVALID_FIELD``.
        """
        found = sobject.field(name)
        if found is None or not self.visible(sobject, found):
            raise unknown_field(name, sobject.name, pos)
        return found

    def parent(self, row: Row, step: Step) -> Row | None:
        """The parent row a step leads to; None when the row has no parent or it cannot be found."""
        id_: str | None = row.get(step.field)
        target = self.target(id_, step)
        return None if target is None or id_ is None else self.source.get(target, id_)

    def target(self, id_: str | None, step: Step) -> str | None:
        """The object a parent id belongs to, told by its key prefix when several are possible."""
        if id_ is None:
            return None
        if not step.polymorphic:
            return step.targets[0]
        schema = self.source.schema
        return next((t for t in step.targets if (s := schema.sobject(t)) and s.key_prefix == id_[:3]), None)


@dataclass(slots=True)
class Scope:
    """The rows one SELECT ranges over, and the names it may use for them."""

    session: Session
    sobject: SObject
    prefixes: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, session: Session, sobject: SObject, sources: tuple[ast.Source, ...]) -> Scope:
        """The scope of a FROM clause whose first entry means ``sobject``."""
        prefixes: dict[str, tuple[str, ...]] = {sobject.name.casefold(): ()}
        first = sources[0]
        prefixes[first.path.parts[-1].casefold()] = ()
        if first.alias is not None:
            prefixes[first.alias.casefold()] = ()
        scope = cls(session, sobject, prefixes)
        for extra in sources[1:]:
            climbed = scope.stripped(extra.path.parts)
            prefixes[(extra.alias or extra.path.parts[-1]).casefold()] = climbed
        return scope

    def stripped(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """A path without the alias or object name it may start with."""
        prefix = self.prefixes.get(parts[0].casefold()) if len(parts) > 1 else None
        return parts if prefix is None else (*prefix, *parts[1:])

    def column(self, path: ast.Path) -> Column:
        """Resolve a path.

        Raises:
            SoqlError: ``INVALID_FIELD`` for an unknown or hidden field or relationship; ``MALFORMED_QUERY`` for a path
                or a query that climbs too far.
        """
        parts = self.stripped(path.parts)
        if len(parts) - 1 > MAX_STEPS:
            raise malformed(f"Relationship path '{path.text}' exceeds the maximum of {MAX_STEPS} levels", path.pos)
        steps: tuple[Step, ...] = ()
        sobject: SObject | None = self.sobject
        for name in parts[:-1]:
            step = self._step(sobject, name, path.pos)
            steps += (step,)
            sobject = None if step.polymorphic else self.session.sobject(step.targets[0], path.pos)
        self._count(steps, path.pos)
        return Column(steps, self._leaf(sobject, steps, parts[-1], path.pos), path.pos)

    def _step(self, sobject: SObject | None, name: str, pos: int) -> Step:
        reference = None if sobject is None else sobject.relationship(name)
        if sobject is None or reference is None or not self.session.visible(sobject, reference):
            raise unknown_parent(name, pos)
        known = tuple(t for t in reference.reference_to if self.session.source.visible_sobject(t) is not None)
        if not known:
            raise unknown_parent(name, pos)
        return Step(reference.relationship_name or name, reference.name, known)

    def _leaf(self, sobject: SObject | None, steps: tuple[Step, ...], name: str, pos: int) -> Field:
        if sobject is not None:
            return self.session.field(sobject, name, pos)
        if name.casefold() == "type":
            return TYPE
        for target in steps[-1].targets:
            found = self.session.sobject(target, pos).field(name)
            if found is not None and found.name in NAME_FIELDS:
                return found
        raise unknown_field(name, "Name", pos)

    def _count(self, steps: tuple[Step, ...], pos: int) -> None:
        used = self.session.parents
        used.update(tuple(step.name for step in steps[: i + 1]) for i in range(len(steps)))
        if len(used) > MAX_PARENTS:
            raise malformed(f"A query may use at most {MAX_PARENTS} child-to-parent relationships", pos)

    @staticmethod
    def absent(field: Field) -> bool | None:
        """What a row without the field means: booleans are false, all else is null."""
        return False if field.type == "boolean" else None

    def reader(self, column: Column) -> Callable[[Row], Any]:
        """A function from a row of the query to the column's wire value; False for an absent boolean."""
        name, session = column.field.name, self.session
        absent = self.absent(column.field)
        if not column.steps:
            return lambda row: row.get(name, absent)

        *lower, last = column.steps

        def climb(row: Row) -> Any:
            here = row
            for step in lower:
                parent = session.parent(here, step)
                if parent is None:
                    return absent
                here = parent
            if column.field is TYPE:
                return session.target(here.get(last.field), last)
            found = session.parent(here, last)
            return absent if found is None else found.get(name, absent)

        return climb
