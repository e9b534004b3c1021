"""From neutral attributes to a native body: the way back of ``shape``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salesbridge.billing.paths import Native
from salesbridge.billing.port import BillingError
from salesbridge.billing.write_table import Call


def body_of(kind: str, call: Call, attributes: Mapping[str, Any], paths: Mapping[str, Native]) -> dict[str, Any]:
    """Makes a call's body: only the members of the given attributes, nested as the record has them.

    Raises:
        BillingError: An order's line has an attribute that has no place, or two paths contradict each other.
    """
    return _nested(
        (call.member(name, paths[f"{kind}.attr.{name}"].path), _value(kind, name, value, paths))
        for name, value in attributes.items()
    )


def _value(kind: str, name: str, value: Any, paths: Mapping[str, Native]) -> Any:
    if name != "lines" or f"{kind}.line.product_code" not in paths or not isinstance(value, (list, tuple)):
        return value
    return [_nested(_line(kind, line, paths)) for line in value]


def _line(kind: str, line: Mapping[str, Any], paths: Mapping[str, Native]) -> Iterable[tuple[str, Any]]:
    for name, value in line.items():
        native = paths.get(f"{kind}.line.{name}")
        if native is None:
            raise _unplaceable(f"A line's {name} has no place in this billing system.", name)
        yield native.path, value


def _nested(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for path, value in members:
        *parents, last = path.split(".")
        inner = body
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise _unplaceable(f"The paths of {path} and {parent} contradict each other.", path)
        inner[last] = value
    return body


def _unplaceable(message: str, name: str) -> BillingError:
    mend = "Correct the paths in the tenant's settings."
    return BillingError(message, kind="permanent", code="NOT_WRITABLE", mend=mend, fields=(name,))
