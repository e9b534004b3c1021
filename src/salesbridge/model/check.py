"""Validate Data Model: compare the table with what an org says of itself, and tell every difference at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from salesbridge.model.columns import Column, columns
from salesbridge.model.entity import EXTERNAL_ID, Entity, Table

Describe = Mapping[str, Any]
_TEXTUAL = frozenset({"string", "textarea", "picklist", "combobox", "phone", "email", "url", "multipicklist"})
_NUMERIC = frozenset({"double", "currency", "percent", "int"})
_PACKAGE = "install the Salesforce package of this version, then validate again"


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
    for column in columns(entity):
        yield from _column(entity, column, fields.get(column.name.lower()))
    yield from _unmapped(entity, fields)


def _rights(entity: Entity, describe: Describe) -> Iterator[Finding]:
    for right in ("createable", "updateable", "queryable"):
        if not describe.get(right, True):
            mend = "assign the permission set of the Salesforce package to the connector's user"
            yield Finding("error", entity.name, "", f"the object is not {right} for the connector's user", mend)


def _external_id(entity: Entity, field: Describe | None) -> Iterator[Finding]:
    if field is None:
        message = "the external id is missing, or hidden from the connector's user"
        yield Finding("error", entity.name, EXTERNAL_ID, message, f"{_PACKAGE}, and assign its permission set")
        return
    if not field["externalId"]:
        yield Finding(
            "error",
            entity.name,
            EXTERNAL_ID,
            "is not marked as External ID",
            "edit the field: tick External ID",
        )
    if not field["unique"]:
        message = "is not unique: an upsert may find several records"
        yield Finding("error", entity.name, EXTERNAL_ID, message, "edit the field: tick Unique")
    if field["length"] < entity.external_id_length:
        message = f"holds {field['length']} characters, {entity.external_id_length} are needed"
        yield Finding("error", entity.name, EXTERNAL_ID, message, "edit the field: set its length")


def _column(entity: Entity, column: Column, field: Describe | None) -> Iterator[Finding]:
    if field is None:
        mend = (
            f"{_PACKAGE}, and assign its permission set" if column.field.custom else "give the connector's user access"
        )
        yield Finding(
            "error",
            entity.name,
            column.name,
            "the field is missing, or hidden from the connector's user",
            mend,
        )
        return
    yield from _writable(entity, column, field)
    yield from _type(entity, column, field)
    yield from _values(entity, column, field)


def _writable(entity: Entity, column: Column, field: Describe) -> Iterator[Finding]:
    needed = ["createable"] if column.field.create_only else ["createable", "updateable"]
    refused = [right for right in needed if not field[right]]
    if column.attributes and refused:
        message = f"the field is not {' and not '.join(refused)} for the connector's user"
        yield Finding("error", entity.name, column.name, message, "give edit access in the permission set")


def _type(entity: Entity, column: Column, field: Describe) -> Iterator[Finding]:
    wanted, found = column.kind.salesforce_type, field["type"]
    family = next((f for f in (_TEXTUAL, _NUMERIC) if wanted.describe in f), frozenset({wanted.describe}))
    if found not in family:
        message = f"is of type {found}, {wanted.describe} is needed"
        yield Finding("error", entity.name, column.name, message, "rename the field that is there, then " + _PACKAGE)
    elif family is _TEXTUAL and wanted.length and field["length"] < wanted.length and found != "picklist":
        message = f"holds {field['length']} characters, billing has up to {wanted.length}"
        yield Finding(
            "warning",
            entity.name,
            column.name,
            message,
            "longer values will be refused row by row; lengthen it",
        )
    elif family is _NUMERIC and found != "int" and field["scale"] < wanted.scale:
        message = f"keeps {field['scale']} decimals, billing has {wanted.scale}; Salesforce rounds"
        yield Finding("warning", entity.name, column.name, message, "edit the field: set its decimal places")


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
