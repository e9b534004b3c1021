"""From a billing record to Salesforce and back: one transform for events and for bulk rows.

A *values* mapping holds canonical values by column name; what is absent from it is left alone on the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from salesbridge.model.columns import Column, columns
from salesbridge.model.context import LINK_ATTRIBUTE, ContextLink
from salesbridge.model.derive import DERIVED
from salesbridge.model.entity import EXTERNAL_ID, Entity, Phase
from salesbridge.model.kinds import CLEAR, BillingForm, RefusedError
from salesbridge.model.kinds.address import Part, part_from_billing, part_to_billing
from salesbridge.model.kinds.market import normal, verify
from salesbridge.model.kinds.text import clean, digits
from salesbridge.model.refusal import RecordRefusedError, refused
from salesbridge.model.swift import MISSING, Cell, NativeForm, Record, RowCells, SwiftRow, swift_row
from salesbridge.model.wire import Values, cells

#: Key, keys of the parents, cells of the save phase, cells of the activate phase.
CsvRow = RowCells
Reader = Callable[[Record, date], Any]
_EMPTY = (None, "", ())


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
        native: The dialect's own records, for :meth:`csv_row`; None where it is given neutral ones.
        left_alone: Columns whose cell :meth:`csv_row` leaves empty where billing's value is nothing, rather than clear
            the field.
    """

    def __init__(
        self,
        entity: Entity,
        form: BillingForm,
        *,
        native: NativeForm | None = None,
        left_alone: frozenset[str] = frozenset(),
    ) -> None:
        self.entity = entity
        self.form = form
        self._native = native
        self._left_alone = left_alone
        self._readers = tuple((c, _reader(c, form)) for c in columns(entity) if c.attributes)
        self._links = tuple((c.name, of) for c in columns(entity) if (of := _link(c)) is not None)
        self._required = tuple(c.name for c in columns(entity) if c.field.required and c.attributes)

    @cached_property
    def _swift(self) -> SwiftRow:
        readable = [column for column, _ in self._readers]
        ordered = sorted(readable, key=lambda column: column.phase is not Phase.SAVE)
        return swift_row(self.entity, [self._cell(column) for column in ordered], self.form, self._native)

    def _cell(self, column: Column) -> Cell:
        cleared = "" if column.name in self._left_alone else CLEAR
        derived = DERIVED.get(column.attributes[0])
        return Cell(column, cleared, column.name in self._required, derived, _link(column))

    def key(self, record: Mapping[str, Any]) -> str:
        """The external id of a billing record.

        Raises:
            RecordRefusedError: A part of the key is missing, or the identifier is no valid market identifier.
        """
        try:
            parts = [_key_text(record.get(name)) for name in self.entity.key]
        except RefusedError as refusal:
            raise RecordRefusedError(refusal.code, f"the key {refusal.reason}", (EXTERNAL_ID,)) from refusal
        if not all(parts):
            missing = ", ".join(name for name, part in zip(self.entity.key, parts, strict=True) if not part)
            message = f"{missing} is missing: the record cannot be identified"
            raise RecordRefusedError("MISSING_KEY", message, (EXTERNAL_ID,))
        return self._joined(record, parts)

    def _joined(self, record: Record, parts: list[str]) -> str:
        key = ":".join(parts)
        if key.count(":") >= len(parts) > 1:
            message = f"{' and '.join(parts)}: a colon joins the parts of a key, so none may hold one"
            raise RecordRefusedError("AMBIGUOUS_KEY", message, (EXTERNAL_ID,))
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
                raise refused(column, refusal) from refusal
            if value is not MISSING:
                values[column.name] = value
        values |= {name: address for name, of in self._links if (address := of(key))}
        for name in self._required:
            if values.get(name) in _EMPTY:
                raise RecordRefusedError("REQUIRED_FIELD_MISSING", f"{name} is empty; Salesforce needs it", (name,))
        return Row(key, self._parents(record), values)

    def csv_row(self, record: Any, today: date) -> CsvRow:
        """The record as CSV cells: what :meth:`row` and :func:`cells` say, several times as fast.

        The parents' keys stand in the order of ``entity.parents``, the cells in that of the header.

        Args:
            record: A billing record: by neutral attribute, or as the dialect spells it where the transform knows how.
            today: The day on which derived values are taken.

        Raises:
            RecordRefusedError: As :meth:`row` and :func:`cells` do.
        """
        try:
            found = self._swift(record, today)
        except RefusedError:
            found = None
        return self._explained(self.neutral(record), today) if found is None else found

    @property
    def takes_native(self) -> bool:
        """Whether :meth:`csv_row` takes the dialect's own records."""
        return self._native is not None

    def neutral(self, record: Any) -> Record:
        """The record by neutral attribute."""
        return record if self._native is None else self._native.read(record)

    def _explained(self, record: Record, today: date) -> CsvRow:
        row = self.row(record, today)
        save, activate = (self._cells(row.values, phase) for phase in (Phase.SAVE, Phase.ACTIVATE))
        return row.key, tuple(row.parents[parent.field] for parent in self.entity.parents), save, activate

    def _cells(self, values: Values, phase: Phase) -> list[str]:
        names = (column.name for column, _ in self._readers if column.phase is phase)
        spelt = cells(self.entity, values, phase)
        return [
            "" if cell == CLEAR and name in self._left_alone else cell for name, cell in zip(names, spelt, strict=True)
        ]

    def record(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The billing attributes of canonical values; absent values give no attribute, derived ones neither."""
        attributes: dict[str, Any] = {}
        for column, _ in self._readers:
            if column.name in values and column.attributes[0] not in {*DERIVED, LINK_ATTRIBUTE}:
                spelt = self._spell(column, values[column.name])
                attributes.update(zip(column.attributes, spelt, strict=True))
        return attributes

    def _spell(self, column: Column, value: Any) -> list[Any]:
        if column.part is not None:
            return list(part_to_billing(column.part, value))
        value = column.kind.cleared if value is None else value
        return [None if value is None else column.kind.to_billing(value, self.form)]

    def _identifier(self, record: Mapping[str, Any], identifier: str) -> str:
        kind_of, value_of_it = self.entity.identifier or ("", "")
        try:
            verify(record.get(kind_of) or None, identifier)
        except RefusedError as refusal:
            raise RecordRefusedError(refusal.code, f"{value_of_it} {refusal.reason}", (EXTERNAL_ID,)) from refusal
        return identifier

    def _parents(self, record: Mapping[str, Any]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for parent in self.entity.parents:
            try:
                found[parent.field] = _key_text(record.get(parent.billing)) or None
            except RefusedError as refusal:
                message = f"{parent.billing} {refusal.reason}"
                raise RecordRefusedError(refusal.code, message, (parent.field,)) from refusal
            if parent.required and found[parent.field] is None:
                message = f"{parent.billing} is missing: the {parent.entity} it belongs to is unknown"
                raise RecordRefusedError("MISSING_PARENT", message, (parent.field,))
        return found


def _link(column: Column) -> Callable[[str], str] | None:
    """How the column follows from the record's key alone, for a context link."""
    kind = column.kind
    return kind.place.of if isinstance(kind, ContextLink) and kind.place is not None else None


def _reader(column: Column, form: BillingForm) -> Reader:
    if column.part is not None:
        return _address_reader(column.part, column.attributes)
    attribute, decode, cleared = column.attributes[0], column.kind.from_billing, column.kind.cleared
    derived = DERIVED.get(attribute)

    def read(record: Record, today: date) -> Any:
        raw = derived(record, today) if derived else record.get(attribute, MISSING)
        if raw is None:
            return cleared
        return raw if raw is MISSING else decode(raw, form)

    return read


def _address_reader(part: Part, attributes: tuple[str, ...]) -> Reader:
    def read(record: Record, today: date) -> Any:  # noqa: ARG001 - readers share one shape
        raws = [record[name] for name in attributes if name in record]
        return part_from_billing(part, raws) if raws else MISSING

    return read


def _key_text(raw: Any) -> str:
    """A key as text; empty where there is none.

    Raises:
        RefusedError: The value is no key, or is one that a CSV file cannot hold.
    """
    if raw is None:
        return ""
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise RefusedError(f"is {type(raw).__name__}, not text")
    key = clean(digits(raw) if isinstance(raw, int) else raw)
    if key == CLEAR:
        raise RefusedError(
            f"is the text {CLEAR}, which Salesforce's Bulk API reads as 'clear'", "UNREPRESENTABLE_VALUE"
        )
    return key
