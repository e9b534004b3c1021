"""Metadata files read strictly: every element must be one the type has, where the type has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_INT = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a component could not be deployed, or what to know about it (``warning``), and where in its file."""

    text: str
    line: int = 0
    column: int = 0
    warning: bool = False


class MetadataError(ValueError):
    """A file or component that cannot be deployed.

    Args:
        text: Salesforce's problem text.
        line: Line in the file, from 1; 0 when unknown.
        column: Column in the file, from 1; 0 when unknown.
    """

    def __init__(self, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.problem = Problem(text, line, column)


@dataclass(slots=True)
class Element:
    """One XML element with where it stands."""

    name: str
    namespace: str
    line: int
    column: int
    text: str = ""
    children: list[Element] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Many:
    """An element that may be repeated, without other elements in between."""

    kind: Kind


Kind = str | tuple[str, ...] | Many | Mapping[str, "Kind"]
"""What an element holds: ``string``, ``boolean``, ``int``, ``double``, ``any`` (as it is), an enumeration, a type."""


def read(data: bytes, root: str) -> Element:
    """Parse a metadata file.

    Raises:
        MetadataError: It is no well-formed XML of the metadata namespace with this root element.
    """
    element = _parse(data)
    if element.name != root or element.namespace != NAMESPACE:
        text = f"Error parsing file: Element {_qualified(element)} invalid at this location, {root} was expected"
        raise MetadataError(text, element.line, element.column)
    return element


def _parse(data: bytes) -> Element:
    parser = expat.ParserCreate(namespace_separator="}")
    stack: list[Element] = []
    roots: list[Element] = []

    def start(qualified: str, _attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition("}")
        element = Element(name, namespace, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def text(value: str) -> None:
        if stack:
            stack[-1].text += value

    def doctype(*_: object) -> None:
        raise MetadataError("Error parsing file: DOCTYPE is disallowed", parser.CurrentLineNumber, 1)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MetadataError(
            f"Error parsing file: {expat.ErrorString(error.code)}", error.lineno, error.offset + 1
        ) from None
    return roots[0]


def _qualified(element: Element) -> str:
    return f"{{{element.namespace}}}{element.name}"


def interpret(element: Element, spec: Mapping[str, Kind], type_name: str) -> dict[str, Any]:
    """Read an element's children by the type's specification.

    Args:
        element: The element.
        spec: Allowed children and what they hold.
        type_name: The type's name, for problem texts.

    Raises:
        MetadataError: A child is unknown, repeated, out of its group, or holds no value of its type.
    """
    found: dict[str, Any] = {}
    previous = ""
    for child in element.children:
        kind = spec.get(child.name) if child.namespace == NAMESPACE else None
        if kind is None:
            raise _at(child, f"Element {_qualified(child)} invalid at this location in type {type_name}")
        if child.name in found and (not isinstance(kind, Many) or previous != child.name):
            raise _at(child, f"Element {child.name} is duplicated at this location in type {type_name}")
        previous = child.name
        if isinstance(kind, Many):
            found.setdefault(child.name, []).append(_value(child, kind.kind))
        else:
            found[child.name] = _value(child, kind)
    return found


def _value(element: Element, kind: Kind) -> Any:
    if isinstance(kind, Mapping):
        return interpret(element, kind, element.name) | {"": element}
    if kind == "any":
        return element.text.strip()
    if element.children:
        child = element.children[0]
        raise _at(child, f"Element {_qualified(child)} invalid at this location in type {element.name}")
    return _scalar(element, element.text.strip(), kind)


def _scalar(element: Element, text: str, kind: Kind) -> Any:
    if kind == "boolean":
        if text not in ("true", "false", "1", "0"):
            raise _invalid(element, text, "boolean")
        return text in ("true", "1")
    if kind == "int":
        if not _INT.fullmatch(text):
            raise _invalid(element, text, "int")
        return int(text)
    if kind == "double":
        try:
            return float(text)
        except ValueError:
            raise _invalid(element, text, "double") from None
    if isinstance(kind, tuple) and text not in kind:
        raise _at(element, f"'{text}' is not a valid value for the enum '{element.name[:1].upper()}{element.name[1:]}'")
    return text


def _invalid(element: Element, text: str, kind: str) -> MetadataError:
    return _at(element, f"'{text}' is not a valid value for the type xsd:{kind}")


def _at(element: Element, text: str) -> MetadataError:
    return MetadataError(f"Error parsing file: {text}", element.line, element.column)
