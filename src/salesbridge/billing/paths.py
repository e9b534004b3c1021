"""A dialect's paths as a flat table: what is asked for where, what each attribute is called, how sure we are.

Names: ``customer.list``, ``customer.item``, ``customer.count``, ``customer.write`` and the like (see
``write_table``), ``customer.attr.forename``, ``order.line.quantity`` (a
member of each item of the list that ``order.attr.lines`` names), ``system.version``, ``system.publishing``. A tenant's
settings override any of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from salesbridge.billing.port import KEYS, KINDS, BillingError

Mark = Literal["documented", "assumed", "tenant"]

_URL_PATH: Final = re.compile(r"(/[A-Za-z0-9_.~:{}@-]+)+")
_MEMBER: Final = re.compile(r"[^.\s]+(\.[^.\s]+)*")
_PLACE: Final = re.compile(r"\{([^}]*)\}")
_CALL: Final = re.compile(r"\w+\.(count|find|reference|create|delete|write(\.\w+)?)")
_ATTRIBUTE: Final = re.compile(r"(\w+)\.(attr|line)\.([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Native:
    """A native path, dotted for a member, and how sure we are of it."""

    path: str
    mark: Mark = "assumed"


def documented(path: str) -> Native:
    """Marks a path as seen in public clients or documentation of the vendor."""
    return Native(path, "documented")


Paths = Mapping[str, Native]


def record(
    kind: str,
    members: Mapping[str, str | Native],
    *,
    list: str | Native,  # noqa: A002  the table's word
    item: str | Native,
    count: str | Native | None = None,
    lines: Mapping[str, str | Native] | None = None,
) -> Iterator[tuple[str, Native]]:
    """Yields the rows of one record kind."""
    yield f"{kind}.list", _native(list)
    yield f"{kind}.item", _native(item)
    if count is not None:
        yield f"{kind}.count", _native(count)
    for name, path in members.items():
        yield f"{kind}.attr.{name}", _native(path)
    for name, path in (lines or {}).items():
        yield f"{kind}.line.{name}", _native(path)


def _native(path: str | Native) -> Native:
    return Native(path) if isinstance(path, str) else path


def merged(paths: Paths, overrides: Mapping[str, str] | None) -> dict[str, Native]:
    """Lays a tenant's paths over a dialect's.

    An attribute that the dialect does not have may be added (a tenant's extra field); an empty path takes an
    attribute, a count or a call that writes away. Merging nothing changes nothing; a later mapping wins.

    Raises:
        BillingError: A name that is none, or a path that cannot be one.
    """
    result = dict(paths)
    for name, path in (overrides or {}).items():
        _require_name(name, paths)
        if path == "":
            _require_removable(name)
            result.pop(name, None)
        else:
            _require_path(name, path)
            result[name] = Native(path, "tenant")
    return result


def _require_name(name: str, paths: Paths) -> None:
    match = _ATTRIBUTE.fullmatch(name)
    if name in paths or (match and match[1] in KINDS):
        return
    close = difflib.get_close_matches(name, paths, n=1)
    hint = f"Did you mean {close[0]}?" if close else "Names look like customer.list or customer.attr.forename."
    raise _bad_override(f"{name} is not a path of this dialect.", hint)


def _require_removable(name: str) -> None:
    kind, _, rest = name.partition(".")
    if rest.startswith("line.") or _CALL.fullmatch(name) or name == "system.publishing":
        return
    if rest.startswith("attr.") and rest[5:] not in KEYS[kind]:
        return
    raise _bad_override(f"{name} cannot be left out.", "Give it a path, or take the override away.")


def _require_path(name: str, path: str) -> None:
    if not isinstance(path, str):
        raise _bad_override(f"{name}: a path is text.", "Write it like /customers or primaryContact.email.")
    if _ATTRIBUTE.fullmatch(name):
        if not _MEMBER.fullmatch(path):
            raise _bad_override(f"{name}: {path!r} is not a member path.", "Write it like primaryContact.email.")
    elif not _URL_PATH.fullmatch(path) or "/../" in f"{path}/" or "/./" in f"{path}/":
        raise _bad_override(
            f"{name}: {path!r} is not a path.", "Write it like /customers, relative to the base URL, without a query."
        )
    else:
        _require_places(name, path)


def _require_places(name: str, path: str) -> None:
    kind, _, rest = name.partition(".")
    one = rest in {"item", "delete"} or rest.startswith("write")
    known = (*KEYS[kind], "internal_id") if one else ()
    unknown = [place for place in _PLACE.findall(path) if place not in known]
    if unknown or not {"{", "}"}.isdisjoint(_PLACE.sub("", path)):
        hint = f"It can hold {', '.join(f'{{{place}}}' for place in known)}." if known else "It can hold no places."
        raise _bad_override(f"{name}: {path!r} has places that cannot be filled.", hint)


def _bad_override(message: str, mend: str) -> BillingError:
    return BillingError(message, kind="permanent", code="BAD_OVERRIDE", mend=mend)
