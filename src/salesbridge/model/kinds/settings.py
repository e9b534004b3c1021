"""Kinds as a tenant's settings spell them: ``{"type": "Text", "length": 80}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from salesbridge.model.kinds.core import Kind
from salesbridge.model.kinds.scalar import Boolean, Date, DateTime, Number, money
from salesbridge.model.kinds.text import MultiPicklist, Phone, Picklist, Text, email, url


class OverrideError(ValueError):
    """A tenant's override that cannot be merged; the message names the place and the mend."""


#: Type -> how it is made, and which settings it takes.
_KINDS: Mapping[str, tuple[Callable[..., Kind], frozenset[str]]] = {
    "Text": (Text, frozenset({"length", "lines"})),
    "Phone": (Phone, frozenset()),
    "Email": (email, frozenset()),
    "Url": (url, frozenset()),
    "Picklist": (Picklist, frozenset({"values", "restricted", "codes"})),
    "MultiPicklist": (MultiPicklist, frozenset({"values"})),
    "Boolean": (Boolean, frozenset()),
    "Date": (Date, frozenset()),
    "DateTime": (DateTime, frozenset()),
    "Number": (Number, frozenset({"precision", "scale"})),
    "Money": (money, frozenset({"precision", "scale"})),
}
#: The longest LongTextArea, the largest number (Metadata API guide, CustomField).
_LENGTHS = range(1, 131_073)
_PRECISIONS = range(1, 19)


def kind_of(settings: Any, where: str) -> Kind:
    """The kind of ``{"type": "Text", "length": 80}``.

    Args:
        settings: The type with its settings; lists as JSON has them, a picklist's codes as an object.
        where: The place that a refusal names.

    Raises:
        OverrideError: The type is unknown or its settings do not fit.
    """
    name = settings.get("type") if isinstance(settings, Mapping) else None
    if not isinstance(name, str) or name not in _KINDS:
        raise OverrideError(f"{where}: needs a type, one of {', '.join(_KINDS)}")
    make, known = _KINDS[name]
    unknown = set(settings) - {"type"} - known
    if unknown:
        raise OverrideError(f"{where}: {name} has no setting {', '.join(sorted(unknown))}")
    if name == "Text" and "length" not in settings:
        raise OverrideError(f"{where}.length: is missing")
    arguments = {key: _checked(key, value, f"{where}.{key}") for key, value in settings.items() if key != "type"}
    _together(name, arguments, where)
    return make(**arguments)


def _checked(key: str, value: Any, where: str) -> Any:
    match key, value:
        case (("lines" | "restricted"), bool()):
            return value
        case "length", int() if value in _LENGTHS and not isinstance(value, bool):
            return value
        case "precision", int() if value in _PRECISIONS and not isinstance(value, bool):
            return value
        case "scale", int() if value in range(18) and not isinstance(value, bool):
            return value
        case "values", [*items] if items and all(isinstance(item, str) and _choice(item) for item in items):
            return tuple(dict.fromkeys(items))
        case "codes", Mapping() if all(isinstance(item, str) and item for pair in value.items() for item in pair):
            return tuple(value.items())
    raise OverrideError(f"{where}: {value!r} does not fit")


def _choice(value: str) -> bool:
    """Whether a text can be a picklist's value: trimmed, in one line, without the sign that joins several."""
    return bool(value) and value == value.strip() and value.isprintable() and ";" not in value and len(value) <= 255  # noqa: PLR2004 - as Salesforce


def _together(name: str, arguments: Mapping[str, Any], where: str) -> None:
    if name in {"Number", "Money"} and arguments.get("scale", 2) >= arguments.get("precision", 15):
        raise OverrideError(f"{where}.scale: leaves no digit before the point")
    values = arguments.get("values", ())
    if (name == "MultiPicklist" or arguments.get("restricted")) and not values:
        raise OverrideError(f"{where}.values: at least one value is needed")
    for code, value in arguments.get("codes", ()):
        if value not in values:
            raise OverrideError(f"{where}.codes: {code!r} stands for {value!r}, which is none of the values")
        if code in values and code != value:
            raise OverrideError(f"{where}.codes: {code!r} is itself a value and cannot stand for {value!r}")
