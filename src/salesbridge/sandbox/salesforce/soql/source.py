"""Where rows come from: what a query needs of an org, or of anything else that has objects and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from salesbridge.sandbox.salesforce.access_rules import EVERYTHING, FieldAccess
from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.schema import Schema, SObject
from salesbridge.sandbox.salesforce.settings import OrgSettings


class RowSource(Protocol):
    """What the query engine asks of its data; an ``Org`` and a :class:`Tables` both satisfy it.

    Rows hold wire values by canonical field name, null fields are absent, and are never changed in place, so a result
    keeps the state it was taken in. ``find`` is asked for ``Id``, for fields with ``Field.indexed`` and for the
    reference fields of child relationships.
    """

    schema: Schema
    clock: Callable[[], datetime]
    settings: OrgSettings

    def visible_sobject(self, name: str) -> SObject | None:
        """The object of that name, in any case, when it is there and switched on."""

    def field_access(self, user: str, sobject: SObject) -> FieldAccess:
        """Which fields of the object the user cannot see."""

    def rows(self, sobject: str, *, deleted: bool = False) -> Iterator[Row]:
        """Every live row, with ``deleted`` also those in the recycle bin."""

    def get(self, sobject: str, id: str) -> Row | None:  # noqa: A002 - the contract's name
        """The live row of that 18-character id."""

    def find(self, sobject: str, field: str, value: object) -> list[Row]:
        """The live rows whose indexed field has the value."""


@dataclass(slots=True)
class Tables:
    """Virtual tables: a schema and, for each object, a function that gives its rows anew for every query.

    Serves the Tooling API's objects, which are views of the org rather than stored records.
    """

    schema: Schema
    tables: Mapping[str, Callable[[], Iterable[Row]]]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    settings: OrgSettings = field(default_factory=OrgSettings)

    def visible_sobject(self, name: str) -> SObject | None:
        """The object of that name, in any case."""
        return self.schema.sobject(name)

    def field_access(self, user: str, sobject: SObject) -> FieldAccess:
        """Everybody sees every field of a virtual table."""
        del user, sobject
        return EVERYTHING

    def rows(self, sobject: str, *, deleted: bool = False) -> Iterator[Row]:
        """Every row of the object; virtual tables have no recycle bin."""
        del deleted
        table = self.tables.get(sobject)
        return iter(table() if table is not None else ())

    def get(self, sobject: str, id: str) -> Row | None:  # noqa: A002 - the contract's name
        """The row of that id, by a scan."""
        return next((row for row in self.rows(sobject) if row.get("Id") == id), None)

    def find(self, sobject: str, field: str, value: object) -> list[Row]:
        """The rows whose field has the value, by a scan; text compares without case, ids with it."""
        wanted = _folded(value)
        return [row for row in self.rows(sobject) if _folded(row.get(field)) == wanted]


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value
