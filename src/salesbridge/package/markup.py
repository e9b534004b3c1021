"""Metadata XML, written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TypeAlias

#: An element: its name, then its text or its children.
Element: TypeAlias = "tuple[str, str | tuple[Element, ...]]"
_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


def document(root: str, children: Iterable[Element]) -> str:
    """A metadata file of a root element with its children, indented, with a line break at the end."""
    inner = "".join(line for child in children for line in _lines(child, 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{inner}</{root}>\n'


def elements(**members: str | int | bool | None) -> tuple[Element, ...]:
    """Elements of plain members in the given order; None leaves one out."""
    return tuple((name, _plain(value)) for name, value in members.items() if value is not None)


def _plain(value: str | int | bool) -> str:  # noqa: FBT001 - a value to write
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lines(element: Element, depth: int) -> Iterator[str]:
    name, content = element
    indent = "    " * depth
    if isinstance(content, str):
        yield f"{indent}<{name}>{escape(content, quote=False)}</{name}>\n"
        return
    yield f"{indent}<{name}>\n"
    for child in content:
        yield from _lines(child, depth + 1)
    yield f"{indent}</{name}>\n"
