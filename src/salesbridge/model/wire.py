"""Canonical values as Salesforce carries them: CSV cells of the Bulk API and JSON members, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salesbridge.model.columns import Column, columns
from salesbridge.model.entity import Entity, Phase
from salesbridge.model.kinds import RefusedError, cell_of, value_of
from salesbridge.model.refusal import refused
from salesbridge.model.swift import MISSING

Values = dict[str, Any]


def cells(entity: Entity, values: Mapping[str, Any], phase: Phase = Phase.SAVE) -> list[str]:
    """The CSV cells of a phase's own columns, in the order of the header; an absent value is an empty cell.

    Raises:
        RecordRefusedError: A value cannot be spelt in a CSV cell.
    """
    found = []
    for column in columns(entity):
        if column.phase is not phase or not column.attributes:
            continue
        value = values.get(column.name, MISSING)
        try:
            found.append("" if value is MISSING else cell_of(column.kind, value))
        except RefusedError as refusal:
            raise refused(column, refusal) from refusal
    return found


def values_of_cells(entity: Entity, names: Iterable[str], row: Iterable[str]) -> Values:
    """Canonical values of CSV cells; columns that are no mapped field are passed over.

    Raises:
        RecordRefusedError: A cell is not of its kind.
    """
    known = {column.name: column for column in columns(entity)}
    values: Values = {}
    for name, cell in zip(names, row, strict=True):
        if name in known and cell != "":
            try:
                values[name] = value_of(known[name].kind, cell)
            except RefusedError as refusal:
                raise refused(known[name], refusal) from refusal
    return values


def to_json(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """The Salesforce JSON members of canonical values."""
    kinds = {column.name: column.kind for column in columns(entity)}
    members: dict[str, Any] = {}
    for name, value in values.items():
        held = kinds[name].cleared if value is None else value
        members[name] = None if held is None else kinds[name].to_salesforce(held)
    return members


def from_json(entity: Entity, members: Mapping[str, Any]) -> Values:
    """Canonical values of a Salesforce record; members that are no mapped field are passed over.

    Raises:
        RecordRefusedError: A value is not of its kind.
    """
    return {c.name: from_member(c, members[c.name]) for c in columns(entity) if c.name in members}


def from_member(column: Column, raw: Any) -> Any:
    """The canonical value of one member of a Salesforce record.

    Raises:
        RecordRefusedError: The value is not of its kind.
    """
    try:
        return column.kind.cleared if raw is None else column.kind.from_salesforce(raw)
    except RefusedError as refusal:
        raise refused(column, refusal) from refusal
