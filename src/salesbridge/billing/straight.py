"""The fast way from a native record to attributes: one dict display, compiled once per record kind.

Measured on a customer of 25 attributes it takes a third of the time of the general way, which remains for records
that lack a member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def straight(attributes: Mapping[str, str]) -> Callable[[Any], dict[str, Any]]:
    """Compiles a function from a native record to its attributes, for records that have every member.

    Args:
        attributes: Attribute to dotted member path.

    Returns:
        A function that raises KeyError or TypeError for any other record: a member of a dict is all it ever asks for.
    """
    objects = dict.fromkeys(parents for path in attributes.values() for parents in _parents(path))
    names = {(): "native"} | {path: f"inner{number}" for number, path in enumerate(objects)}
    taken = (f"{names[path]} = {_member(path, names)}" for path in objects)
    pairs = (f"{attribute!r}: {_member(tuple(path.split('.')), names)}" for attribute, path in attributes.items())
    source = "\n    ".join(["def read(native):", *taken, f"return {{{', '.join(pairs)}}}"])
    scope: dict[str, Any] = {}
    exec(compile(source, "<straight>", "exec"), scope)  # noqa: S102  text enters the source by repr only, as in dataclasses
    read: Callable[[Any], dict[str, Any]] = scope["read"]
    return read


def _parents(path: str) -> Iterator[tuple[str, ...]]:
    """Yields the objects on the way to a member, outermost first."""
    parts = path.split(".")
    return (tuple(parts[:depth]) for depth in range(1, len(parts)))


def _member(path: tuple[str, ...], names: Mapping[tuple[str, ...], str]) -> str:
    return f"{names[path[:-1]]}[{path[-1]!r}]"
