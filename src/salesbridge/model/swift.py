"""The swift way from a billing record to CSV cells: one closure a column, compiled once for a tenant.

Each closure takes the common good values itself and leaves every other one to the column's kind, so that what a cell
holds is said by the kinds alone; that both ways agree is a tested property.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from salesbridge.model.columns import Column
from salesbridge.model.kinds import (
    CLEAR,
    BillingForm,
    Boolean,
    Date,
    Kind,
    MultiPicklist,
    Number,
    Picklist,
    Text,
    cell_of,
)

Record = Mapping[str, Any]
Reader = Callable[[Record, date], Any]
CellReader = Callable[[Record, date], str]
MISSING = object()
#: A load meets the same days, prices and roles over and over; this many are remembered by column.
_REMEMBERED = 4096
_PLAIN = {str, int, float}


def cell_reader(column: Column, form: BillingForm, read: Reader, *, derived: bool) -> CellReader:
    """The function that reads a column's cell from a record.

    Args:
        column: The column; one that billing knows.
        form: How the billing dialect spells values.
        read: The same column's general reader, which answers its canonical value or ``MISSING``.
        derived: Whether the value follows from other attributes.

    The function raises :class:`~salesbridge.model.kinds.RefusedError` for a value that cannot be carried over.
    """
    if derived:
        return _general(column.kind, read)
    if len(column.attributes) > 1:
        return _lines(column, read)
    attribute = column.attributes[0]
    known = _known(column.kind, form)
    if known:
        return _chosen(attribute, known, read, column.kind)
    if isinstance(column.kind, Text):
        return _text(attribute, column.kind, read)
    if isinstance(column.kind, Boolean):
        return _flag(attribute, read, column.kind)
    if isinstance(column.kind, (Date, Number, MultiPicklist)):
        return _remembered(attribute, read, column.kind, form)
    return _general(column.kind, read)


def _known(kind: Kind, form: BillingForm) -> dict[str, str]:
    """The cells of a picklist's codes and values; none for other kinds and for unrestricted lists without codes."""
    if not isinstance(kind, Picklist) or not (kind.codes or kind.restricted):
        return {}
    spellings = {*kind.values, *(code for code, _ in kind.codes)} - {"", CLEAR}
    return {text: cell_of(kind, kind.from_billing(text, form)) for text in spellings}


def _general(kind: Kind, read: Reader) -> CellReader:
    def cell(record: Record, today: date) -> str:
        value = read(record, today)
        return "" if value is MISSING else cell_of(kind, value)

    return cell


def _text(attribute: str, kind: Text, read: Reader) -> CellReader:
    length, other = kind.length, _general(kind, read)

    def cell(record: Record, today: date) -> str:
        raw = record.get(attribute, MISSING)
        if raw is None:
            return CLEAR
        if type(raw) is str:
            text = raw.strip()
            if len(text) <= length and text.isprintable() and text != CLEAR:
                return text or CLEAR
        return other(record, today)

    return cell


def _lines(column: Column, read: Reader) -> CellReader:
    attributes, length, other = column.attributes, column.kind.salesforce_type.length, _general(column.kind, read)

    def cell(record: Record, today: date) -> str:
        lines = []
        for attribute in attributes:
            raw = record.get(attribute)
            if raw is None:
                continue
            if type(raw) is not str or not raw.isprintable():
                return other(record, today)
            line = raw.strip()
            if line:
                lines.append(line)
        text = "\n".join(lines)
        return text if text and len(text) <= length and text != CLEAR else other(record, today)

    return cell


def _chosen(attribute: str, known: Mapping[str, str], read: Reader, kind: Kind) -> CellReader:
    other = _general(kind, read)

    def cell(record: Record, today: date) -> str:
        raw = record.get(attribute)
        found = known.get(raw) if type(raw) is str else None
        return found or other(record, today)

    return cell


def _flag(attribute: str, read: Reader, kind: Kind) -> CellReader:
    other = _general(kind, read)

    def cell(record: Record, today: date) -> str:
        raw = record.get(attribute)
        if raw is True:
            return "true"
        return "false" if raw is False else other(record, today)

    return cell


def _remembered(attribute: str, read: Reader, kind: Kind, form: BillingForm) -> CellReader:
    other = _general(kind, read)

    @lru_cache(_REMEMBERED, typed=True)
    def spelt(raw: Any) -> str:
        return cell_of(kind, kind.from_billing(list(raw) if type(raw) is tuple else raw, form))

    def cell(record: Record, today: date) -> str:
        raw = record.get(attribute)
        if type(raw) in _PLAIN:
            return spelt(raw)
        if type(raw) is list and all(type(member) is str for member in raw):
            return spelt(tuple(raw))
        return other(record, today)

    return cell
