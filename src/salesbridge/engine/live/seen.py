"""Records as they were read, in the one spelling that decisions compare: CSV cells by column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from salesbridge.model import (
    EXTERNAL_ID,
    Column,
    Entity,
    RecordRefusedError,
    Transform,
    columns,
    from_json,
    from_member,
    to_json,
)
from salesbridge.model.kinds import CLEAR, RefusedError, cell_of, value_of
from salesbridge.model.refusal import refused
from salesbridge.sync.change import Cells, Seen

#: Digits after the point that the org's number fields keep, by column.
Scales = Mapping[str, int]


def salesforce_seen(entity: Entity, row: Mapping[str, Any]) -> Seen:
    """A Salesforce record as a query gave it.

    Raises:
        RecordRefusedError: A value is not of its kind.
    """
    cells = cells_of(entity, from_json(entity, row))
    key = row.get(EXTERNAL_ID) or None
    cells[EXTERNAL_ID] = key
    for parent in entity.parents:
        holder = row.get(parent.relationship)
        cells[parent.column] = (holder.get(EXTERNAL_ID) or None) if isinstance(holder, Mapping) else None
    return Seen(cells, key, str(row["Id"]), instant(row.get("SystemModstamp")), str(row.get("LastModifiedById") or ""))


def billing_seen(transform: Transform, record: Mapping[str, Any], today: date, scales: Scales) -> Seen:
    """A billing record as the billing system gave it, with numbers as exact as Salesforce can hold them.

    Args:
        transform: The entity's transform.
        record: What billing gave.
        today: The day on which derived values are taken.
        scales: Digits after the point that the org's fields keep, by column.

    Raises:
        RecordRefusedError: It cannot become a Salesforce record as it is.
    """
    row = transform.row(record, today)
    values = {name: _rounded(value, scales.get(name)) for name, value in row.values.items()}
    cells = cells_of(transform.entity, values)
    cells[EXTERNAL_ID] = row.key
    for parent in transform.entity.parents:
        cells[parent.column] = row.parents[parent.field]
    return Seen(cells, row.key, str(record.get("internal_id") or ""))


def _rounded(value: Any, scale: int | None) -> Any:
    """A number as Salesforce stores it: it rounds half up to the scale of the field (Help, "Custom Field Types")."""
    if scale is None or not isinstance(value, Decimal) or -int(value.as_tuple().exponent) <= scale:
        return value
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def rounded_cell(cell: str | None, scale: int) -> str | None:
    """The cell of a number as Salesforce stores it."""
    return format(_rounded(Decimal(cell), scale), "f") if cell else cell


def cells_of(entity: Entity, values: Mapping[str, Any]) -> dict[str, str | None]:
    """Canonical values as cells, None for a cleared field.

    Raises:
        RecordRefusedError: A value has no spelling as a cell.
    """
    found: dict[str, str | None] = {}
    for column in columns(entity):
        if column.name in values:
            cell = _cell(column, values[column.name])
            found[column.name] = None if cell == CLEAR else cell
    return found


def _cell(column: Column, value: Any) -> str:
    try:
        return cell_of(column.kind, value)
    except RefusedError as refusal:
        raise refused(column, refusal) from refusal


def values_of(entity: Entity, cells: Cells) -> dict[str, Any]:
    """Canonical values of cells; what is no mapped column is passed over."""
    known = {column.name: column for column in columns(entity)}
    return {name: value_of(known[name].kind, cell or CLEAR) for name, cell in cells.items() if name in known}


def members_of(entity: Entity, cells: Cells) -> dict[str, Any]:
    """The JSON members that write cells to Salesforce; parents are named by their external id."""
    members = to_json(entity, values_of(entity, cells))
    if EXTERNAL_ID in cells:
        members[EXTERNAL_ID] = cells[EXTERNAL_ID]
    for parent in entity.parents:
        if cells.get(parent.column) is not None:
            members[parent.relationship] = {EXTERNAL_ID: cells[parent.column]}
    return members


def attributes_of(transform: Transform, cells: Cells) -> dict[str, Any]:
    """The billing attributes that write cells to billing; parents are the attributes that hold their keys."""
    attributes = transform.record(values_of(transform.entity, cells))
    for parent in transform.entity.parents:
        if cells.get(parent.column) is not None:
            attributes[parent.billing] = cells[parent.column]
    return attributes


def claimed(entity: Entity, payload: Mapping[str, Any]) -> dict[str, str | None]:
    """Cells of those columns that a payload or row holds; a value that is none of its kind is left out."""
    cells: dict[str, str | None] = {}
    for column in columns(entity):
        if column.name in payload:
            try:
                cell = _cell(column, from_member(column, payload[column.name]))
            except RecordRefusedError:
                continue
            cells[column.name] = None if cell == CLEAR else cell
    if EXTERNAL_ID in payload:
        cells[EXTERNAL_ID] = payload[EXTERNAL_ID] or None
    return cells


def key_of(transform: Transform, record: Mapping[str, Any]) -> str | None:
    """The external id of a billing record; None for one that cannot be identified."""
    try:
        return transform.key(record)
    except RecordRefusedError:
        return None


def instant(text: Any) -> datetime | None:
    """A Salesforce timestamp (``2026-01-02T03:04:05.000+0000`` or ``...Z``), aware; None for none or a broken one."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
