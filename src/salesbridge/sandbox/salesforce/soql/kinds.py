"""How the types of fields behave in a statement: which constants they take, how they compare, how they sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from salesbridge.sandbox.salesforce.schema import Field

Kind = Literal["text", "id", "number", "boolean", "date", "datetime", "time", "multi", "opaque"]

_KINDS: dict[str, Kind] = {
    "id": "id",
    "reference": "id",
    "int": "number",
    "long": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "multipicklist": "multi",
    "address": "opaque",
    "location": "opaque",
    "base64": "opaque",
    "anyType": "opaque",
}
_SPELLED = {"datetime": "dateTime", "currency": "double", "percent": "double", "long": "int"}
_LONG_TEXT = 255

_COUNTABLE = frozenset({"text", "id", "number", "date", "datetime"})


def kind_of(field: Field) -> Kind:
    """The family of a field's type."""
    return _KINDS.get(field.type, "text")


def type_name(field: Field) -> str:
    """A field's type as the org spells it when a constant does not fit."""
    return "string" if kind_of(field) in {"text", "id", "multi"} else _SPELLED.get(field.type, field.type)


def long_text(field: Field) -> bool:
    """Whether the field is a long or rich text area, which takes part in no filter, sort or aggregate."""
    return field.type == "textarea" and field.length > _LONG_TEXT


def filterable(field: Field) -> bool:
    """Whether WHERE may use the field (WHERE, *fieldExpression*)."""
    return field.filterable and not long_text(field) and kind_of(field) != "opaque" and field.type != "encryptedstring"


def sortable(field: Field) -> bool:
    """Whether ORDER BY may use the field (ORDER BY, limits of data types)."""
    unsorted = kind_of(field) in {"multi", "opaque"} or field.type == "encryptedstring"
    return field.sortable and not unsorted and not long_text(field)


def groupable(field: Field) -> bool:
    """Whether GROUP BY may use the field (Considerations for GROUP BY)."""
    unusable = kind_of(field) in {"multi", "opaque"} or field.type == "encryptedstring" or long_text(field)
    return field.groupable and not field.calculated and not unusable


def aggregatable(field: Field, function: str) -> bool:
    """Whether an aggregate function takes the field (Support for Field Types in Aggregate Functions)."""
    kind = kind_of(field)
    if field.type == "encryptedstring" or long_text(field):
        return False
    return kind == "number" if function in {"SUM", "AVG"} else kind in _COUNTABLE


def sort_key(field: Field) -> Callable[[Any], Any]:
    """A function from a non-null wire value to what orders it: text by its capitals, picklists as set up."""
    if field.type == "picklist" and field.picklist:
        places = {value: place for place, value in enumerate(field.picklist)}
        return lambda value: (places.get(value, len(places)), str(value).upper())
    if kind_of(field) in {"text", "multi"}:
        return lambda value: str(value).upper()
    return lambda value: value
