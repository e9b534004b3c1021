"""A tenant's own fields and masters: a second table, merged into the first by one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

from salesbridge.model.entity import EXTERNAL_ID, Entity, Field, Phase, Table
from salesbridge.model.kinds import (
    Boolean,
    Date,
    DateTime,
    Kind,
    MultiPicklist,
    Number,
    Phone,
    Picklist,
    Side,
    Text,
    email,
    money,
    url,
)
from salesbridge.model.order import load_order


class OverrideError(ValueError):
    """A tenant's override that cannot be merged; the message names the place and the mend."""


_KINDS: Mapping[str, Callable[..., Kind]] = {
    "Text": Text, "Phone": Phone, "Email": email, "Url": url, "Picklist": Picklist, "MultiPicklist": MultiPicklist,
    "Boolean": Boolean, "Date": Date, "DateTime": DateTime, "Number": Number, "Money": money,
}  # fmt: skip
_SETTABLE = frozenset(f.name for f in dataclass_fields(Field)) - {"name", "published"}


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
    entities = tuple(_entity(entity, overrides.get(entity.name, {})) for entity in table.entities)
    merged = replace(table, entities=entities)
    load_order(merged)
    return merged


def _entity(entity: Entity, change: Mapping[str, Any]) -> Entity:
    if not change:
        return entity
    unknown = set(change) - {"fields", "initial"}
    if unknown:
        raise OverrideError(f"{entity.name}: {', '.join(sorted(unknown))} cannot be overridden")
    fields = {field.name: field for field in entity.fields}
    for name, settings in (change.get("fields") or {}).items():
        where = f"{entity.name}.{name}"
        if name == EXTERNAL_ID or name in {parent.field for parent in entity.parents}:
            raise OverrideError(f"{where}: keys and parents cannot be overridden")
        if settings is None:
            _leave_out(fields, name, where)
        else:
            fields[name] = _field(fields.get(name), name, settings, where)
    return replace(entity, fields=tuple(fields.values()), initial=bool(change.get("initial", entity.initial)))


def _leave_out(fields: dict[str, Field], name: str, where: str) -> None:
    if name not in fields:
        raise OverrideError(f"{where}: there is no such field to leave out")
    if fields[name].required:
        raise OverrideError(f"{where}: Salesforce needs this field, it cannot be left out")
    del fields[name]


def _field(field: Field | None, name: str, settings: Mapping[str, Any], where: str) -> Field:
    unknown = set(settings) - _SETTABLE
    if unknown:
        raise OverrideError(f"{where}: unknown setting {', '.join(sorted(unknown))}")
    changes: dict[str, Any] = dict(settings)
    if "kind" in changes:
        changes["kind"] = kind_of(changes["kind"], where)
    for key, enumeration in (("master", Side), ("phase", Phase)):
        if key in changes:
            changes[key] = _member(enumeration, changes[key], f"{where}.{key}")
    if field is not None:
        return replace(field, **changes)
    if not changes.get("kind") or not changes.get("billing"):
        raise OverrideError(f"{where}: a new field needs a kind and a billing attribute")
    return Field(name, **{"master": Side.SALESFORCE, **changes})


def _member(enumeration: type[Side | Phase], value: Any, where: str) -> Side | Phase:
    try:
        return enumeration(value)
    except ValueError:
        raise OverrideError(f"{where}: {value!r} is not one of {', '.join(enumeration)}") from None


def kind_of(settings: Any, where: str) -> Kind:
    """The kind of ``{"type": "Text", "length": 80}``.

    Raises:
        OverrideError: The type is unknown or its settings do not fit.
    """
    if not isinstance(settings, Mapping) or settings.get("type") not in _KINDS:
        raise OverrideError(f"{where}.kind: needs a type, one of {', '.join(_KINDS)}")
    arguments = {key: tuple(v) if isinstance(v, list) else v for key, v in settings.items() if key != "type"}
    try:
        return _KINDS[settings["type"]](**arguments)
    except TypeError as error:
        raise OverrideError(f"{where}.kind: {error}") from error
