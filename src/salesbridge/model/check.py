"""Validate Data Model: compare the table with what an org says of itself, and tell every difference at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from salesbridge.model.columns import Column, columns
from salesbridge.model.entity import EXTERNAL_ID, Entity, Table
from salesbridge.model.kinds import SalesforceType

Describe = Mapping[str, Any]
_TEXTUAL = frozenset({"string", "textarea", "picklist", "combobox", "phone", "email", "url", "multipicklist"})
_NUMERIC = frozenset({"double", "currency", "percent", "int"})
_PACKAGE = "install the Salesforce package of this version, then validate again"
_ASSIGN = "assign the permission set of the Salesforce package to the connector's user"
_HIDDEN = "the field is missing, or hidden from the connector's user"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between the data model and the org.

    Args:
        severity: ``error`` stops an initial data synchronisation, ``warning`` does not.
        entity: Salesforce object.
        field: Salesforce field, or empty for the object itself.
        message: What is wrong.
        mend: What to do about it.
    """

    severity: Literal["error", "warning"]
    entity: str
    field: str
    message: str
    mend: str


def check(table: Table, describes: Mapping[str, Describe | None], *, initial: bool = False) -> list[Finding]:
    """All findings of an org.

    Args:
        table: The tenant's data model.
        describes: sObject describe by object name; None where Salesforce answered that there is none.
        initial: Check only what the initial data synchronisation loads.
    """
    wanted = [entity for entity in table.entities if entity.initial or not initial]
    return [finding for entity in wanted for finding in _entity(entity, describes.get(entity.name))]


def _entity(entity: Entity, describe: Describe | None) -> Iterator[Finding]:
    if describe is None:
        mend = entity.feature or "give the connector's user access to the object"
        yield Finding("error", entity.name, "", "Salesforce does not show this object to the connector's user", mend)
        return
    fields = {field["name"].lower(): field for field in describe["fields"]}
    yield from _rights(entity, describe)
    yield from _external_id(entity, fields.get(EXTERNAL_ID.lower()))
    for parent in entity.parents:
        yield from _lookup(entity, parent.field, fields, create_only=parent.create_only)
    for name, _ in entity.facts:
        yield from _lookup(entity, name, fields, create_only=True)
    for column in columns(entity):
        yield from _column(entity, column, fields.get(column.name.lower()))
    yield from _unmapped(entity, fields)


def _rights(entity: Entity, describe: Describe) -> Iterator[Finding]:
    for right in ("createable", "updateable", "queryable"):
        if not describe.get(right, True):
            message = f"the object is not {right} for the connector's user"
            yield Finding("error", entity.name, "", message, _ASSIGN)


def _external_id(entity: Entity, field: Describe | None) -> Iterator[Finding]:
    if field is None:
        message = "the external id is missing, or hidden from the connector's user"
        yield Finding("error", entity.name, EXTERNAL_ID, message, f"{_PACKAGE}, and assign its permission set")
        return
    for message, mend in _external_id_faults(entity, field):
        yield Finding("error", entity.name, EXTERNAL_ID, message, mend)
    yield from _writable(entity, EXTERNAL_ID, field)


def _external_id_faults(entity: Entity, field: Describe) -> Iterator[tuple[str, str]]:
    needed = entity.external_id_length
    if field["type"] != "string":
        yield f"is of type {field['type']}, string is needed", "rename the field that is there, then " + _PACKAGE
    if not field["externalId"]:
        yield "is not marked as External ID", "edit the field: tick External ID"
    if not field["unique"]:
        yield "is not unique: an upsert may find several records", "edit the field: tick Unique"
    if entity.case_sensitive and not field["caseSensitive"]:
        yield (
            "ignores case, which billing does not: two records could become one",
            "edit the field: tick case sensitive",
        )
    if field["length"] < needed:
        yield f"holds {field['length']} characters, {needed} are needed", "edit the field: set its length"


def _lookup(entity: Entity, name: str, fields: Mapping[str, Describe], *, create_only: bool) -> Iterator[Finding]:
    field = fields.get(name.lower())
    if field is None:
        mend = entity.feature or "give the connector's user access to the field"
        yield Finding("error", entity.name, name, _HIDDEN, mend)
        return
    yield from _writable(entity, name, field, create_only=create_only)


def _column(entity: Entity, column: Column, field: Describe | None) -> Iterator[Finding]:
    if field is None:
        custom = column.field.custom
        mend = f"{_PACKAGE}, and assign its permission set" if custom else "give the connector's user access"
        yield Finding("error", entity.name, column.name, _HIDDEN, mend)
        return
    yield from _writable(entity, column.name, field, create_only=column.field.create_only)
    found = field["type"]
    wanted = column.kind.salesforce_type
    if found not in _family(wanted.describe):
        message = f"is of type {found}, {wanted.describe} is needed"
        yield Finding("error", entity.name, column.name, message, "rename the field that is there, then " + _PACKAGE)
        return
    for message, mend in (*_too_short(wanted, field), *_too_coarse(wanted, field)):
        yield Finding("warning", entity.name, column.name, message, mend)
    yield from _values(entity, column, field)


def _writable(entity: Entity, name: str, field: Describe, *, create_only: bool = False) -> Iterator[Finding]:
    needed = ["createable"] if create_only else ["createable", "updateable"]
    refused = [right for right in needed if not field[right]]
    if refused:
        message = f"the field is not {' and not '.join(refused)} for the connector's user"
        yield Finding("error", entity.name, name, message, _ASSIGN)


def _family(describe: str) -> frozenset[str]:
    """The describe types that hold values of one of them."""
    return next((family for family in (_TEXTUAL, _NUMERIC) if describe in family), frozenset({describe}))


def _too_short(wanted: SalesforceType, field: Describe) -> Iterator[tuple[str, str]]:
    if wanted.length and field["type"] != "picklist" and field["length"] < wanted.length:
        message = f"holds {field['length']} characters, billing has up to {wanted.length}"
        yield message, "longer values will be refused row by row; lengthen it"


def _too_coarse(wanted: SalesforceType, field: Describe) -> Iterator[tuple[str, str]]:
    if not wanted.precision or field["type"] == "int":
        return
    whole, room = wanted.precision - wanted.scale, field["precision"] - field["scale"]
    if field["scale"] < wanted.scale:
        message = f"keeps {field['scale']} decimals, billing has {wanted.scale}; Salesforce rounds"
        yield message, "edit the field: set its decimal places"
    if room < whole:
        message = f"holds {room} digits before the point, billing has up to {whole}"
        yield message, "larger values will be refused row by row; edit the field: set its length"


def _values(entity: Entity, column: Column, field: Describe) -> Iterator[Finding]:
    wanted = column.kind.salesforce_type.values
    active = {value["value"] for value in field.get("picklistValues") or () if value.get("active", True)}
    missing = [value for value in wanted if value not in active]
    if missing and field["type"] in {"picklist", "multipicklist"}:
        severity: Literal["error", "warning"] = "error" if field.get("restrictedPicklist") else "warning"
        message = f"lacks the values {', '.join(missing)}"
        yield Finding(severity, entity.name, column.name, message, "add them to the picklist (Setup > Object Manager)")


def _unmapped(entity: Entity, fields: Mapping[str, Describe]) -> Iterator[Finding]:
    ours = {column.name.lower() for column in columns(entity)} | {EXTERNAL_ID.lower()}
    ours |= {parent.field.lower() for parent in entity.parents} | {name.lower() for name, _ in entity.facts}
    for name, field in fields.items():
        needed = field["createable"] and not field["nillable"] and not field["defaultedOnCreate"]
        if needed and name not in ours:
            message = "Salesforce requires a value here, and billing has none"
            yield Finding("error", entity.name, field["name"], message, "give the field a default, or make it optional")
