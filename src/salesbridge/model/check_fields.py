"""One object of the data model against the org's describe of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salesbridge.model.check_codes import found
from salesbridge.model.check_finding import Finding, Fix
from salesbridge.model.columns import Column, columns
from salesbridge.model.entity import EXTERNAL_ID, Entity
from salesbridge.model.kinds import SalesforceType

Describe = Mapping[str, Any]
_TEXTUAL = frozenset({"string", "textarea", "picklist", "combobox", "phone", "email", "url", "multipicklist"})
_NUMERIC = frozenset({"double", "currency", "percent", "int"})
_UNKNOWN = "the field is missing, or hidden from the connector's user"
_GONE = "the field is missing"
_HIDDEN = "the field is hidden from the connector's user"
_RIGHTS = {"queryable": "readable", "createable": "creatable", "updateable": "editable"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known besides the describe of the object.

    Args:
        custom_fields: ``Object.Field`` of every custom field, whoever may see it; None where that is not known.
        permission_set: Name of the package's permission set; empty where nothing is to be fixed.
        absent: Objects that are not there because their feature is off: lookups to them are no findings.
    """

    custom_fields: frozenset[str] | None = None
    permission_set: str = ""
    absent: frozenset[str] = frozenset()

    def access(self, *deploy: str) -> Fix | None:
        """Deploys components and the permission set, and assigns it."""
        if not self.permission_set:
            return Fix(deploy) if deploy else None
        return Fix((*deploy, f"PermissionSet:{self.permission_set}"), (self.permission_set,))

    def held(self, entity: str, field: str) -> bool:
        """Whether the custom field is known to be in the org."""
        wanted = f"{entity}.{field}".lower()
        return self.custom_fields is not None and any(name.lower() == wanted for name in self.custom_fields)


def check_object(entity: Entity, describe: Describe, seen: Seen) -> Iterator[Finding]:
    """Every finding of an object that the connector's user sees."""
    fields = {field["name"].lower(): field for field in describe["fields"]}
    yield from _rights(entity, describe, seen)
    yield from _external_id(entity, fields.get(EXTERNAL_ID.lower()), seen)
    for parent in entity.parents:
        if parent.entity not in seen.absent:
            yield from _lookup(entity, parent.field, fields, seen, create_only=parent.create_only)
    for name, _ in entity.facts:
        yield from _lookup(entity, name, fields, seen, create_only=True)
    for column in columns(entity):
        yield from _column(entity, column, fields.get(column.name.lower()), seen)
    yield from _unmapped(entity, fields)


def _rights(entity: Entity, describe: Describe, seen: Seen) -> Iterator[Finding]:
    for right, word in _RIGHTS.items():
        if not describe.get(right, True):
            message = f"the object is not {right} for the connector's user"
            yield found(f"object-not-{word}", entity.name, "", message, fix=seen.access())


def _absent(entity: Entity, name: str, seen: Seen, *, custom: bool, mend: str = "") -> Finding:
    """A field that the describe does not show."""
    if not custom:
        return found("field-hidden", entity.name, name, _UNKNOWN, mend=mend, fix=None if mend else seen.access())
    if seen.held(entity.name, name):
        return found("field-hidden", entity.name, name, _HIDDEN, fix=seen.access())
    message = _UNKNOWN if seen.custom_fields is None else _GONE
    return found("field-missing", entity.name, name, message, fix=seen.access(f"CustomField:{entity.name}.{name}"))


def _external_id(entity: Entity, field: Describe | None, seen: Seen) -> Iterator[Finding]:
    if field is None:
        yield _absent(entity, EXTERNAL_ID, seen, custom=True)
        return
    if field["type"] != "string":
        message = f"is of type {field['type']}, string is needed"
        yield found("field-type", entity.name, EXTERNAL_ID, message)
        return
    fix = Fix((f"CustomField:{entity.name}.{EXTERNAL_ID}",))
    for code, message in _external_id_faults(entity, field):
        yield found(code, entity.name, EXTERNAL_ID, message, fix=fix)
    yield from _writable(entity, EXTERNAL_ID, field, seen)


def _external_id_faults(entity: Entity, field: Describe) -> Iterator[tuple[str, str]]:
    needed = entity.external_id_length
    if not field["externalId"]:
        yield "external-id-unmarked", "is not marked as External ID"
    if not field["unique"]:
        yield "external-id-not-unique", "is not unique: an upsert may find several records"
    elif entity.case_sensitive and not field["caseSensitive"]:  # only unique fields have the choice
        yield "external-id-ignores-case", "ignores case, which billing does not: two records could become one"
    if field["length"] < needed:
        yield "external-id-length", f"holds {field['length']} characters, {needed} are needed"


def _lookup(
    entity: Entity, name: str, fields: Mapping[str, Describe], seen: Seen, *, create_only: bool
) -> Iterator[Finding]:
    field = fields.get(name.lower())
    if field is None:
        yield _absent(entity, name, seen, custom=name.endswith("__c"), mend=entity.feature)
    else:
        yield from _writable(entity, name, field, seen, create_only=create_only)


def _column(entity: Entity, column: Column, field: Describe | None, seen: Seen) -> Iterator[Finding]:
    if field is None:
        yield _absent(entity, column.name, seen, custom=column.field.custom)
        return
    wanted = column.kind.salesforce_type
    if field["type"] not in _family(wanted.describe):
        message = f"is of type {field['type']}, {wanted.describe} is needed"
        yield found("field-type", entity.name, column.name, message)
        return
    yield from _writable(entity, column.name, field, seen, create_only=column.field.create_only)
    fix = Fix((f"CustomField:{entity.name}.{column.name}",)) if column.field.custom else None
    for code, message in (*_too_short(wanted, field), *_too_coarse(wanted, field)):
        yield found(code, entity.name, column.name, message, fix=fix)
    yield from _values(entity, column, field, fix)


def _writable(
    entity: Entity, name: str, field: Describe, seen: Seen, *, create_only: bool = False
) -> Iterator[Finding]:
    if field.get("calculated"):
        yield found("field-computed", entity.name, name, "the field is computed: nobody can write it")
        return
    for right in ("createable",) if create_only else ("createable", "updateable"):
        if not field[right]:
            message = f"the field is not {right} for the connector's user"
            yield found(f"field-not-{_RIGHTS[right]}", entity.name, name, message, fix=seen.access())


def _family(describe: str) -> frozenset[str]:
    """The describe types that hold values of one of them."""
    return next((family for family in (_TEXTUAL, _NUMERIC) if describe in family), frozenset({describe}))


def _too_short(wanted: SalesforceType, field: Describe) -> Iterator[tuple[str, str]]:
    if wanted.length and field["type"] != "picklist" and field["length"] < wanted.length:
        yield "field-length", f"holds {field['length']} characters, billing has up to {wanted.length}"


def _too_coarse(wanted: SalesforceType, field: Describe) -> Iterator[tuple[str, str]]:
    if not wanted.precision or field["type"] == "int":
        return
    whole, room = wanted.precision - wanted.scale, field["precision"] - field["scale"]
    if field["scale"] < wanted.scale:
        message = f"keeps {field['scale']} decimals, billing has {wanted.scale}; Salesforce rounds"
        yield "field-decimals", message
    if room < whole:
        yield "field-digits", f"holds {room} digits before the point, billing has up to {whole}"


def _values(entity: Entity, column: Column, field: Describe, fix: Fix | None) -> Iterator[Finding]:
    wanted = column.kind.salesforce_type.values
    active = {value["value"] for value in field.get("picklistValues") or () if value.get("active", True)}
    missing = [value for value in wanted if value not in active]
    if missing and field["type"] in {"picklist", "multipicklist"}:
        code = "picklist-values-missing" if field.get("restrictedPicklist") else "picklist-values-open"
        # a deployment replaces the list, so that it is no fix for one to which somebody has added values
        mended = fix if active <= set(wanted) else None
        yield found(code, entity.name, column.name, f"lacks the values {', '.join(missing)}", fix=mended)


def _unmapped(entity: Entity, fields: Mapping[str, Describe]) -> Iterator[Finding]:
    ours = {column.name.lower() for column in columns(entity)} | {EXTERNAL_ID.lower()}
    ours |= {parent.field.lower() for parent in entity.parents} | {name.lower() for name, _ in entity.facts}
    for name, field in fields.items():
        needed = field["createable"] and not field["nillable"] and not field["defaultedOnCreate"]
        if needed and name not in ours:
            message = "Salesforce requires a value here, and billing has none"
            yield found("required-field", entity.name, field["name"], message)
