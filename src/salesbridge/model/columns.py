"""The columns of an entity: each mapped field as the single cells that JSON, CSV and SOQL know.

An address field is several columns, every other field one. Everything that reads or writes whole records works on
these, so that an event and a bulk row go through the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from salesbridge.model.entity import EXTERNAL_ID, Entity, Field, Phase
from salesbridge.model.kinds import Kind, Side
from salesbridge.model.kinds.address import PARTS, Part


@dataclass(frozen=True, slots=True)
class Column:
    """One Salesforce field with the billing attributes behind it.

    Args:
        name: Salesforce API name.
        kind: How its values are spelt.
        attributes: Neutral billing attributes; several where lines of an address share one field; none where billing
            has no such thing yet.
        field: The mapped field that it belongs to.
        part: The address part, for addresses.
    """

    name: str
    kind: Kind
    attributes: tuple[str, ...]
    field: Field
    part: Part | None = None

    @property
    def master(self) -> Side:
        """The side whose value wins."""
        return self.field.master

    @property
    def phase(self) -> Phase:
        """When it is written."""
        return self.field.phase


@cache
def columns(entity: Entity) -> tuple[Column, ...]:
    """The columns of the entity's mapped fields in the order of the table."""
    return tuple(column for field in entity.fields for column in _columns(field))


@cache
def header(entity: Entity, phase: Phase = Phase.SAVE) -> tuple[str, ...]:
    """The CSV header of a phase: external id, parents, facts, then the fields that billing knows."""
    own = tuple(column.name for column in columns(entity) if column.phase is phase and column.attributes)
    if phase is not Phase.SAVE:
        return (EXTERNAL_ID, *own)
    parents = tuple(parent.column for parent in entity.parents)
    return (EXTERNAL_ID, *parents, *(name for name, _ in entity.facts), *own)


def select_list(entity: Entity) -> tuple[str, ...]:
    """The SOQL select list that reads a whole record back."""
    return (
        "Id",
        EXTERNAL_ID,
        *(p.column for p in entity.parents),
        *(column.name for column in columns(entity)),
    )


def _columns(field: Field) -> tuple[Column, ...]:
    if field.kind is not None:
        attributes = (field.billing,) if field.billing else ()
        return (Column(field.name, field.kind, attributes, field),)
    return tuple(
        Column(
            field.name + part.suffix,
            part.kind,
            tuple(f"{field.billing}_{ending}" for ending in part.attributes),
            field,
            part,
        )
        for part in PARTS
    )
