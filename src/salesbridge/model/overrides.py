"""A tenant's own fields and masters: a second table, merged into the first by one function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from salesbridge.model.columns import columns
from salesbridge.model.entity import EXTERNAL_ID, Entity, Field, Phase, Table
from salesbridge.model.kinds import Side
from salesbridge.model.kinds.settings import OverrideError, kind_of

_SETTABLE: Mapping[str, type] = {
    "kind": object, "master": str, "billing": str, "label": str, "required": bool, "create_only": bool, "phase": str,
    "unique": bool, "record": str, "help": str,
}  # fmt: skip
#: Characters of a field's label and help text (Metadata API guide, CustomField).
_LENGTHS = {"label": 40, "help": 510}
_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*(?:__c)?", re.ASCII)


def merge(table: Table, overrides: Mapping[str, Mapping[str, Any]]) -> Table:
    """The table with a tenant's overrides.

    Args:
        table: The product's data model.
        overrides: Salesforce object -> ``{"fields": {API name: {...} or null}, "initial": bool}``. A field's mapping
            changes what it names (``master``, ``billing``, ``kind`` as ``{"type": "Text", "length": 80}``, ...); null
            leaves the field out; a name that the table lacks becomes a new field and needs a kind and a billing
            attribute.

    Raises:
        OverrideError: An object, field, kind or setting is unknown or contradicts the table.
    """
    unknown = set(overrides) - set(table.by_name)
    if unknown:
        raise OverrideError(f"{', '.join(sorted(unknown))}: no such object in the data model")
    merged = replace(table, entities=tuple(_entity(e, overrides.get(e.name, {})) for e in table.entities))
    for entity in merged.entities:
        _loadable(merged, entity)
    return merged


def _loadable(table: Table, entity: Entity) -> None:
    for parent in entity.parents:
        above = table.by_name.get(parent.entity)
        if entity.initial and parent.required and above and not above.initial:
            message = f"{entity.name}.initial: its records need their {above.name}, which is not loaded initially"
            raise OverrideError(message)


def _entity(entity: Entity, change: Mapping[str, Any]) -> Entity:
    unknown = set(change) - {"fields", "initial"}
    if unknown:
        raise OverrideError(f"{entity.name}: {', '.join(sorted(unknown))} cannot be overridden")
    initial = change.get("initial", entity.initial)
    if not isinstance(initial, bool):
        raise OverrideError(f"{entity.name}.initial: {initial!r} is not true or false")
    fields = {field.name: field for field in entity.fields}
    for name, settings in (change.get("fields") or {}).items():
        where = f"{entity.name}.{name}"
        if settings is None:
            _leave_out(fields, name, where)
        else:
            fields[name] = _field(fields.get(name), name, settings, where)
    changed = replace(entity, fields=tuple(fields.values()), initial=initial)
    _refuse_twins(changed)
    return changed


def _refuse_twins(entity: Entity) -> None:
    """Refuse two columns of one name: Salesforce does not tell names apart by case."""
    taken = {EXTERNAL_ID.lower(), *(p.field.lower() for p in entity.parents), *(n.lower() for n, _ in entity.facts)}
    for column in columns(entity):
        if column.name.lower() in taken:
            raise OverrideError(f"{entity.name}.{column.name}: this name is taken, by a key, a parent or another field")
        taken.add(column.name.lower())


def _leave_out(fields: dict[str, Field], name: str, where: str) -> None:
    if name not in fields:
        raise OverrideError(f"{where}: there is no such field to leave out")
    if fields[name].required:
        raise OverrideError(f"{where}: Salesforce needs this field, it cannot be left out")
    del fields[name]


def _field(field: Field | None, name: str, settings: Mapping[str, Any], where: str) -> Field:
    changes = _typed(settings, where)
    if "kind" in changes:
        if field is not None and field.address:
            raise OverrideError(f"{where}.kind: an address is written as its parts and has no kind of its own")
        changes["kind"] = kind_of(changes["kind"], f"{where}.kind")
    for key, enumeration in (("master", Side), ("phase", Phase)):
        if key in changes:
            changes[key] = _member(enumeration, changes[key], f"{where}.{key}")
    if field is not None:
        return replace(field, **changes)
    if not _API_NAME.fullmatch(name):
        raise OverrideError(f"{where}: {name!r} is no API name of a Salesforce field")
    if not changes.get("kind") or not changes.get("billing"):
        raise OverrideError(f"{where}: a new field needs a kind and a billing attribute")
    return Field(name, **{"master": Side.SALESFORCE, **changes})


def _typed(settings: Any, where: str) -> dict[str, Any]:
    if not isinstance(settings, Mapping):
        raise OverrideError(f"{where}: needs settings, or null to leave the field out")
    unknown = set(settings) - set(_SETTABLE)
    if unknown:
        raise OverrideError(f"{where}: unknown setting {', '.join(sorted(unknown))}")
    for name, value in settings.items():
        if not isinstance(value, _SETTABLE[name]):
            raise OverrideError(f"{where}.{name}: {value!r} is not of type {_SETTABLE[name].__name__}")
        if isinstance(value, str) and not (value.isprintable() and len(value) <= _LENGTHS.get(name, 255)):
            raise OverrideError(f"{where}.{name}: has more than {_LENGTHS.get(name, 255)} characters, or line breaks")
        if name == "billing" and not str(value).strip():
            raise OverrideError(f"{where}.billing: is blank; name a billing attribute")
    return dict(settings)


def _member(enumeration: type[Side | Phase], value: Any, where: str) -> Side | Phase:
    try:
        return enumeration(value)
    except ValueError:
        raise OverrideError(f"{where}: {value!r} is not one of {', '.join(enumeration)}") from None
