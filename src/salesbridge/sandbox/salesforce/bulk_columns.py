"""A header row understood: which column is which field, and how a row becomes a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.bulk_csv import JobFailure, RowFault
from salesbridge.sandbox.salesforce.bulk_values import Convert, UnreadableValue, converter
from salesbridge.sandbox.salesforce.results import SaveError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from salesbridge.sandbox.salesforce.schema import Field, Schema, SObject

NULL = "#N/A"
"""The value that sets a field to null; an empty value leaves it alone (Prepare CSV Files)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an upload.

    ``field`` is the field it sets. For a relationship column ``relationship`` names the nested parent, ``parent``
    the parent's object when the field is polymorphic, and ``key`` the parent's field that is looked up.
    """

    header: str
    field: str
    convert: Convert | None
    relationship: str | None = None
    parent: str | None = None
    key: str | None = None

    def value(self, text: str) -> object:
        """The wire value of a non-empty cell, nested for a relationship column."""
        value: object = text if self.convert is None else self.convert(text)
        if self.relationship is None:
            return value
        nested: dict[str, Any] = {"attributes": {"type": self.parent}} if self.parent else {}
        nested[self.key or ""] = value
        return nested


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of one upload, in the file's order."""

    columns: tuple[Column, ...]

    def record(self, values: Sequence[str]) -> dict[str, Any] | SaveError:
        """The record one row describes, or why the row cannot be read."""
        if len(values) != len(self.columns):
            return SaveError(
                "INVALID_FIELD",
                f"The row has {len(values)} values but the header has {len(self.columns)} columns",
            )
        record: dict[str, Any] = {}
        for index, (column, text) in enumerate(zip(self.columns, values, strict=True)):
            if not text:
                continue
            if text == NULL:
                record[column.field] = None
                continue
            try:
                record[column.relationship or column.field] = column.value(text)
            except UnreadableValue as error:
                problem = f"Failed to deserialize field at col {index}. Due to, {error}"
                return SaveError("INVALID_FIELD", problem, (column.field,))
        return record


def plan(
    schema: Schema,
    sobject: SObject,
    header: Sequence[str],
    *,
    operation: str,
    external_id: str | None,
    visible: Callable[[SObject, Field], bool],
) -> Plan:
    """Resolve a header row against the org.

    Args:
        schema: The org's schema.
        sobject: The job's object.
        header: The column names as sent.
        operation: The job's operation.
        external_id: The job's ``externalIdFieldName``.
        visible: Whether the job's user may see a field: what is hidden does not exist.

    Raises:
        JobFailure: A column is no field, comes twice, or a column the operation needs is missing.
    """
    seen: set[str] = set()
    columns = []
    for name in header:
        if name.casefold() in seen:
            raise JobFailure(f"InvalidBatch : Duplicate field name in the header : {name}")
        seen.add(name.casefold())
        columns.append(_column(schema, sobject, name, visible))
    _require(seen, operation, external_id)
    return Plan(tuple(columns))


def read_header(parse: Callable[[str], list[str]], header: str) -> list[str]:
    """Split the header row.

    Raises:
        JobFailure: The header row is no valid CSV.
    """
    try:
        return parse(header)
    except RowFault as fault:
        raise JobFailure(f"InvalidBatch : {fault}") from None


def _require(seen: set[str], operation: str, external_id: str | None) -> None:
    needed = external_id if operation == "upsert" else None if operation == "insert" else "Id"
    if needed and needed.casefold() not in seen:
        raise _unknown(needed)
    if operation in ("delete", "hardDelete") and seen != {"id"}:
        raise JobFailure("InvalidBatch : Delete batch must contain only ids")


def _unknown(name: str) -> JobFailure:
    return JobFailure(f"InvalidBatch : Field name not found : {name}")


def _column(schema: Schema, sobject: SObject, name: str, visible: Callable[[SObject, Field], bool]) -> Column:
    if "." in name:
        return _relationship(schema, sobject, name, visible)
    field = sobject.field(name)
    if field is None or not visible(sobject, field):
        raise _unknown(name)
    return Column(name, field.name, converter(field.type))


def _relationship(schema: Schema, sobject: SObject, name: str, visible: Callable[[SObject, Field], bool]) -> Column:
    """Resolve ``Rel.Field`` or, only for a polymorphic field, ``Type:Rel.Field`` (Relationship Fields 2.0)."""
    kind, _, path = name.rpartition(":")
    steps = path.split(".")
    field = sobject.relationship(steps[0])
    if len(steps) != 2 or field is None or not visible(sobject, field):  # noqa: PLR2004 - child to parent, no further
        raise _unknown(name)
    parent = _parent(schema, field, kind)
    key = parent.upsert_key(steps[1]) if parent else None
    if parent is None or key is None or not visible(parent, key):
        raise _unknown(name)
    return Column(
        name, field.name, converter(key.type), field.relationship_name, parent.name if kind else None, key.name
    )


def _parent(schema: Schema, field: Field, kind: str) -> SObject | None:
    if bool(kind) != (len(field.reference_to) > 1):
        return None
    wanted = kind or field.reference_to[0]
    allowed = {each.casefold() for each in field.reference_to}
    return schema.sobject(wanted) if wanted.casefold() in allowed else None
