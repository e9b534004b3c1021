"""From a billing record to Salesforce and back: one transform for events and for bulk rows.

A *values* mapping holds canonical values by column name; what is absent from it is left alone on the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from salesbridge.model.columns import Column, columns
from salesbridge.model.derive import DERIVED
from salesbridge.model.entity import EXTERNAL_ID, Entity, Phase
from salesbridge.model.kinds import BillingForm, RefusedError, cell_of, value_of
from salesbridge.model.kinds.address import part_from_billing, part_to_billing
from salesbridge.model.kinds.market import normal, verify

Values = dict[str, Any]
_MISSING = object()


class RecordRefusedError(ValueError):
    """A billing record that cannot become a Salesforce record as it is.

    Args:
        code: Short constant by which refusals are grouped.
        message: A sentence for people that names the field and the billing attribute.
        fields: The Salesforce fields concerned.
    """

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Row:
    """A billing record in Salesforce's terms.

    Args:
        key: External id.
        parents: External ids of the parents by lookup field; None where there is none.
        values: Canonical values by column name.
    """

    key: str
    parents: Mapping[str, str | None]
    values: Values


class Transform:
    """The transform of one entity for one tenant, compiled once.

    Args:
        entity: The entity.
        form: How the tenant's billing dialect spells values.
    """

    def __init__(self, entity: Entity, form: BillingForm) -> None:
        self.entity = entity
        self.form = form
        self._readers = tuple((c, _reader(c, form)) for c in columns(entity) if c.attributes)
        self._required = tuple(c.name for c in columns(entity) if c.field.required and c.attributes)

    def key(self, record: Mapping[str, Any]) -> str:
        """The external id of a billing record.

        Raises:
            RecordRefusedError: A part of the key is missing, or the identifier is no valid market identifier.
        """
        parts = [_key_text(record.get(name)) for name in self.entity.key]
        if None in parts or "" in parts:
            missing = ", ".join(n for n, part in zip(self.entity.key, parts, strict=True) if not part)
            raise RecordRefusedError(
                "MISSING_KEY", f"{missing} is missing: the record cannot be identified", (EXTERNAL_ID,)
            )
        key = ":".join(part for part in parts if part)
        if self.entity.identifier:
            key = self._identifier(record, normal(key))
        if len(key) > self.entity.external_id_length:
            raise RecordRefusedError("STRING_TOO_LONG", f"the key has {len(key)} characters", (EXTERNAL_ID,))
        return key

    def row(self, record: Mapping[str, Any], today: date) -> Row:
        """The record in Salesforce's terms.

        Raises:
            RecordRefusedError: A value cannot be carried over, or one that Salesforce needs is missing.
        """
        key = self.key(record)
        values: Values = {}
        for column, read in self._readers:
            try:
                value = read(record, today)
            except RefusedError as refusal:
                raise _refused(column, refusal) from refusal
            if value is not _MISSING:
                values[column.name] = value
        for name in self._required:
            if not values.get(name):
                raise RecordRefusedError("REQUIRED_FIELD_MISSING", f"{name} is empty; Salesforce needs it", (name,))
        return Row(key, self._parents(record), values)

    def record(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The billing attributes of canonical values; absent values give no attribute."""
        attributes: dict[str, Any] = {}
        for column, _ in self._readers:
            if column.name in values:
                spelt = self._spell(column, values[column.name])
                attributes.update(zip(column.attributes, spelt, strict=True))
        return attributes

    def _spell(self, column: Column, value: Any) -> list[Any]:
        if column.part is not None:
            return list(part_to_billing(column.part, value))
        return [None if value is None else column.kind.to_billing(value, self.form)]

    def _identifier(self, record: Mapping[str, Any], identifier: str) -> str:
        kind_of, value_of_it = self.entity.identifier or ("", "")
        try:
            verify(record.get(kind_of) or None, identifier)
        except RefusedError as refusal:
            raise RecordRefusedError(refusal.code, f"{value_of_it} {refusal.reason}", (EXTERNAL_ID,)) from refusal
        return identifier

    def _parents(self, record: Mapping[str, Any]) -> dict[str, str | None]:
        found = {parent.field: _key_text(record.get(parent.billing)) or None for parent in self.entity.parents}
        for parent in self.entity.parents:
            if parent.required and found[parent.field] is None:
                message = f"{parent.billing} is missing: the {parent.entity} it belongs to is unknown"
                raise RecordRefusedError("MISSING_PARENT", message, (parent.field,))
        return found


def cells(entity: Entity, values: Mapping[str, Any], phase: Phase = Phase.SAVE) -> list[str]:
    """The CSV cells of a phase's own columns, in the order of the header; an absent value is an empty cell.

    Raises:
        RecordRefusedError: A value cannot be spelt in a CSV cell.
    """
    found = []
    for column in columns(entity):
        if column.phase is not phase or not column.attributes:
            continue
        value = values.get(column.name, _MISSING)
        try:
            found.append("" if value is _MISSING else cell_of(column.kind, value))
        except RefusedError as refusal:
            raise _refused(column, refusal) from refusal
    return found


def values_of_cells(entity: Entity, names: Iterable[str], row: Iterable[str]) -> Values:
    """Canonical values of CSV cells; columns that are no mapped field are passed over."""
    kinds = {column.name: column.kind for column in columns(entity)}
    pairs = zip(names, row, strict=True)
    return {name: value_of(kinds[name], cell) for name, cell in pairs if name in kinds and cell != ""}


def to_json(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """The Salesforce JSON members of canonical values."""
    kinds = {column.name: column.kind for column in columns(entity)}
    return {name: None if value is None else kinds[name].to_salesforce(value) for name, value in values.items()}


def from_json(entity: Entity, members: Mapping[str, Any]) -> Values:
    """Canonical values of a Salesforce record; members that are no mapped field are passed over.

    Raises:
        RecordRefusedError: A value is not of its kind.
    """
    values: Values = {}
    for column in columns(entity):
        if column.name in members:
            raw = members[column.name]
            try:
                values[column.name] = None if raw is None else column.kind.from_salesforce(raw)
            except RefusedError as refusal:
                raise _refused(column, refusal) from refusal
    return values


Reader = Callable[[Mapping[str, Any], date], Any]


def _reader(column: Column, form: BillingForm) -> Reader:
    if column.part is not None:
        return _address_reader(column)
    attribute, decode = column.attributes[0], column.kind.from_billing
    derived = DERIVED.get(attribute)

    def read(record: Mapping[str, Any], today: date) -> Any:
        raw = derived(record, today) if derived else record.get(attribute, _MISSING)
        return raw if raw is _MISSING or raw is None else decode(raw, form)

    return read


def _address_reader(column: Column) -> Reader:
    attributes, part = column.attributes, column.part

    def read(record: Mapping[str, Any], today: date) -> Any:  # noqa: ARG001 - readers share one shape
        raws = [record[name] for name in attributes if name in record]
        return part_from_billing(part, raws) if raws and part else _MISSING

    return read


def _key_text(raw: Any) -> str | None:
    if isinstance(raw, bool) or raw is None:
        return None
    return str(raw).strip()


def _refused(column: Column, refusal: RefusedError) -> RecordRefusedError:
    where = " / ".join(column.attributes) or column.name
    return RecordRefusedError(refusal.code, f"{column.name} ({where}) {refusal.reason}", (column.name,))
