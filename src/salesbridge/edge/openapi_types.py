"""Records of a product as JSON Schema, made of the product's table of paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from salesbridge.billing import DIALECTS, Product
from salesbridge.billing.write_table import Call

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "nullable": True}
_FLAG: Final[Schema] = {"type": "boolean", "nullable": True}
_WHOLE: Final[Schema] = {"type": "integer", "nullable": True}
_NUMBER: Final[Schema] = {"type": "number", "nullable": True}
_DATE: Final[Schema] = {"type": "string", "format": "date", "nullable": True}
_TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}, "nullable": True}
#: Attributes that are no text; the rest is.
_TYPES: Final[Mapping[str, Schema]] = {
    "primary": _FLAG, "active": _FLAG, "cancelled": _FLAG, "credit_hold": _FLAG, "term_months": _WHOLE,
    "quantity": _NUMBER, "roles": _TEXTS, "birth_date": _DATE, "start_date": _DATE, "end_date": _DATE,
    "contracted_to_date": _DATE, "supply_start": _DATE, "supply_end": _DATE, "valid_until": _DATE,
}  # fmt: skip
#: Where the products differ.
_OWN: Final[Mapping[str, Mapping[str, Schema]]] = {
    "junifer": {"internal_id": _WHOLE, "unit_price": _NUMBER},
    "velocity": {},
}
_PLACE: Final = re.compile(r"\{(\w+)\}")


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_WHOLE_1: Final[Schema] = {"type": "integer", "minimum": 1}
#: What a list can be asked with.
_QUERIES: Final[Mapping[str, tuple[Schema, ...]]] = {
    "junifer": (
        _query("limit", {**_WHOLE_1, "maximum": 1000}, "Records of a page."),
        _query("after", {"type": "integer", "minimum": 0}, "Id of the last record of the page before."),
        _query("modifiedSinceDttm", {"type": "string"}, "Local timestamp: only what has changed since then."),
    ),
    "velocity": (
        _query("pageSize", {**_WHOLE_1, "maximum": 500}, "Records of a page."),
        _query("cursor", {"type": "string"}, "Cursor of the next page, from the page before."),
        _query("updatedSince", {"type": "string"}, "Timestamp with offset: only what has changed since then."),
    ),
}


def _junifer_list(item: Schema) -> Schema:
    links = {"type": "object", "properties": {"next": {"type": "string"}}}
    return {"type": "object", "properties": {"results": {"type": "array", "items": item}, "links": links}}


def _velocity_list(item: Schema) -> Schema:
    page = {
        "type": "object",
        "properties": {"NextCursor": {"type": "string", "nullable": True}, "Total": {"type": "integer"}},
    }
    return {"type": "object", "properties": {"Items": {"type": "array", "items": item}, "Page": page}}


#: A list's page around the schema of its records.
LISTS: Final[Mapping[str, Callable[[Schema], Schema]]] = {"junifer": _junifer_list, "velocity": _velocity_list}


def parameters(product: str, path: str, what: str) -> list[Schema]:
    """The parameters of a call: the places of its path, and what a list can be asked with."""
    places = [
        {"name": place, "in": "path", "required": True, "schema": _place(product, place)}
        for place in _PLACE.findall(path)
    ]
    return [*places, *(_QUERIES[product] if what == "list" else ())]


def _place(product: str, name: str) -> Schema:
    told = _OWN[product].get(name, _TEXT)
    return {"type": told["type"], **({"minLength": 1} if told["type"] == "string" else {"minimum": 0})}


def record_schema(product: str, kind: str) -> Schema:
    """A record as a list or an item shows it; billing may tell more."""
    schema = _object()
    for attribute, path in _attributes(product, kind).items():
        _put(schema, path, _type(product, kind, attribute))
    return schema


def body_schema(product: str, kind: str, call: Call) -> Schema:
    """What a call that changes something takes."""
    paths, schema = _attributes(product, kind), _object()
    for attribute in call.attributes:
        if attribute in paths:
            _put(schema, call.member(attribute, paths[attribute]), _type(product, kind, attribute))
    return schema


def _attributes(product: str, kind: str) -> dict[str, str]:
    start = f"{kind}.attr."
    table = DIALECTS[cast("Product", product)].paths
    return {name.removeprefix(start): native.path for name, native in table.items() if name.startswith(start)}


def _type(product: str, kind: str, attribute: str) -> Schema:
    if attribute == "lines":
        return {"type": "array", "items": _lines(product, kind), "nullable": True}
    return {**_TYPES, **_OWN[product]}.get(attribute, _TEXT)


def _lines(product: str, kind: str) -> Schema:
    start, schema = f"{kind}.line.", _object()
    for name, native in DIALECTS[cast("Product", product)].paths.items():
        if name.startswith(start):
            _put(schema, native.path, _type(product, kind, name.removeprefix(start)))
    return schema


def _object() -> Schema:
    return {"type": "object", "properties": {}}


def _put(schema: Schema, path: str, value: Schema) -> None:
    """Put a member at its dotted place, with the objects around it."""
    *around, last = path.split(".")
    for name in around:
        schema = schema["properties"].setdefault(name, {**_object(), "nullable": True})
    schema["properties"].setdefault(last, dict(value))
