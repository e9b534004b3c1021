"""One record by its business key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from salesbridge.billing.dialect import UnexpectedShapeError
from salesbridge.billing.keys import alike, key_of, parts_of, places
from salesbridge.billing.paths import Native
from salesbridge.billing.port import BillingError
from salesbridge.billing.shape import MisshapenError, Reader, Row

T = TypeVar("T")
_NOT_FOUND: Final = 404
_REFERENCE: Final = "externalReference"
# What a system that knows its own paths calls one that is none; an answer of another shape is given this code by us.
_UNKNOWN_PATH: Final = frozenset({"PATH_NOT_FOUND", "PathNotFound"})


class Ask(Protocol):
    """Asks a path with GET, patiently, and understands the decoded answer."""

    def __call__(
        self,
        name: str,
        understand: Callable[[Any], T],
        query: Mapping[str, str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
    ) -> T:
        """Does so; ``at`` fills the path's places."""


class Reading:
    """Reads records by key: by an item path that takes the key's parts, or else by a list that filters by them.

    Args:
        paths: The tenant's paths.
        readers: Kind to the reader of its native records.
        ask: How a path is asked.
        items: Takes the native items out of a list's answer.
    """

    def __init__(
        self,
        paths: Mapping[str, Native],
        readers: Mapping[str, Reader],
        ask: Ask,
        items: Callable[[Any], Sequence[Any]],
    ) -> None:
        self._paths = paths
        self._readers = readers
        self._ask = ask
        self._items = items

    def read(self, kind: str, key: str) -> Row | None:
        """Reads one record; None where there is none.

        Raises:
            BillingError: Also where the path is not known, or the answer is another record.
        """
        parts = parts_of(kind, key)
        if places(self._paths[f"{kind}.item"].path) <= parts.keys():
            return self._by_item(kind, key, parts)
        if f"{kind}.find" in self._paths:
            return self._by_list(kind, key, parts)
        raise BillingError(
            f"The path {self._paths[f'{kind}.item'].path} cannot be asked by business key.",
            kind="permanent",
            code="NO_LOOK_UP",
            mend=f"Set {kind}.item in the tenant's settings to a path with the places {_places(parts)}.",
        )

    def referenced(self, kind: str, reference: str) -> Row | None:
        """Reads the record that its creator called so; None where there is none.

        Raises:
            BillingError: Also where several are called so, or the system cannot be asked.
        """
        name = f"{kind}.reference"
        if name not in self._paths:
            raise _no_references(kind)
        rows = self._ask(
            name, lambda body: [self.row(kind, native) for native in self._items(body)], {_REFERENCE: reference}
        )
        named = [row for row in rows if row.get("external_reference") == reference]
        if len(named) > 1 or (rows and not named):
            said = f"with {len(rows)} records" if named else "with others"
            mend = f"Check {name} in the tenant's settings, and duplicates in the billing system."
            raise _answered(kind, f"with the reference {reference}", said, "AMBIGUOUS", mend)
        return named[0] if named else None

    def _by_item(self, kind: str, key: str, parts: Mapping[str, str]) -> Row | None:
        try:
            row = self._ask(f"{kind}.item", lambda native: self.row(kind, native), at=parts)
        except BillingError as exc:
            if is_missing(exc):
                return None
            raise
        return _chosen(kind, key, [row])

    def _by_list(self, kind: str, key: str, parts: Mapping[str, str]) -> Row | None:
        query = {self._paths[f"{kind}.attr.{name}"].path: text for name, text in parts.items()}
        rows = self._ask(f"{kind}.find", lambda body: [self.row(kind, native) for native in self._items(body)], query)
        return _chosen(kind, key, rows)

    def row(self, kind: str, native: Any) -> Row:
        """Reads a native record.

        Raises:
            UnexpectedShapeError: It cannot be read.
        """
        try:
            return self._readers[kind](native)
        except MisshapenError as exc:
            raise UnexpectedShapeError(str(exc)) from None


def _no_references(kind: str) -> BillingError:
    return BillingError(
        f"This tenant's settings say that {kind.replace('_', ' ')} records cannot be looked up by their reference.",
        kind="permanent",
        code="NO_LOOK_UP",
        mend=f"Set {kind}.reference in the tenant's settings: without it nothing could be created just once.",
    )


def is_missing(error: BillingError) -> bool:
    """Whether the system says that a record is not there, and not that it does not know the path."""
    return error.status == _NOT_FOUND and error.code not in _UNKNOWN_PATH


def _places(parts: Mapping[str, str]) -> str:
    return " and ".join(f"{{{name}}}" for name in parts)


def _chosen(kind: str, key: str, rows: Sequence[Row]) -> Row | None:
    """Picks the record that was asked for: spelt exactly so, or else the only one that is spelt alike."""
    keyed = [(key_of(kind, row) or "", row) for row in rows]
    found = [row for its, row in keyed if its == key] or [row for its, row in keyed if alike(its, key)]
    if len(found) == 1 or not rows:
        return found[0] if found else None
    if found:
        raise _answered(kind, key, f"with {len(found)} records", "AMBIGUOUS", "Correct the duplicate there.")
    mend = f"Check {kind}.item and {kind}.find in the tenant's settings: the path must look up by business key."
    raise _answered(kind, key, f"with others, such as {keyed[0][0]}", "BAD_ANSWER", mend)


def _answered(kind: str, key: str, said: str, code: str, mend: str) -> BillingError:
    asked = f"Asked for the {kind.replace('_', ' ')} {key}, the billing system answered {said}."
    return BillingError(asked, kind="permanent", code=code, mend=mend)
