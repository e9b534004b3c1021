"""What may be called: groups of paths for each product, and which methods read or write there.

What no group names is refused. Left out on purpose is what would change how the connector itself works, such as
switching the publishing of events off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salesbridge.engine.credentials.clients import READ, WRITE

READING: Final = frozenset({"GET", "HEAD"})
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS: Final = READING | WRITING


@dataclass(frozen=True, slots=True)
class Group:
    """Paths that belong together.

    Attributes:
        name: What they are about.
        path: Their beginning, such as ``/accounts``; ``*`` stands for any one segment.
        methods: Methods that change something here; ``GET`` and ``HEAD`` always read.
        below: Whether everything below belongs to it too.
    """

    name: str
    path: str
    methods: frozenset[str] = frozenset()
    below: bool = True

    def holds(self, segments: Sequence[str]) -> bool:
        """Whether a path is one of these."""
        wanted = self.path.strip("/").split("/")
        if len(segments) < len(wanted) or (len(segments) > len(wanted) and not self.below):
            return False
        return all(want in {"*", given} for want, given in zip(wanted, segments, strict=False))


_CHANGED: Final = frozenset({"POST", "PUT"})
_LINKED: Final = frozenset({"POST", "PUT", "DELETE"})
_ENTERED: Final = frozenset({"POST"})

GROUPS: Final[Mapping[str, tuple[Group, ...]]] = {
    "junifer": (
        Group("System", "/version", below=False),
        Group("Customers", "/customers", _CHANGED),
        Group("Accounts", "/accounts", _LINKED),
        Group("Accounts", "/uk/accounts"),
        Group("Account customers", "/accountCustomers", _LINKED),
        Group("Contacts", "/contacts", _CHANGED),
        Group("Products", "/products"),
        Group("Agreements", "/agreements"),
        Group("Meter points", "/meterPoints", _ENTERED),
        Group("Orders", "/orders", _CHANGED),
        Group("Bills", "/bills"),
        Group("Bills", "/billFiles"),
        Group("Payment schedules", "/paymentSchedulePeriods", _CHANGED),
        Group("Registry services", "/ecoes/mpans", below=False),
        Group("Registry services", "/des/mprns", below=False),
    ),
    "velocity": (
        Group("System", "/system", below=False),
        Group("Customers", "/Customers", frozenset({"POST", "PATCH", "PUT"})),
        Group("Accounts", "/Accounts", frozenset({"POST", "PATCH", "PUT"})),
        Group("Account customers", "/AccountCustomers", frozenset({"POST", "PATCH", "PUT", "DELETE"})),
        Group("Products", "/Products"),
        Group("Agreements", "/Contracts"),
        Group("Service points", "/ServicePoints"),
        Group("Orders", "/Orders", frozenset({"POST", "PATCH", "PUT"})),
    ),
}


def scope_of(groups: Iterable[Group], method: str, segments: Sequence[str]) -> str | None:
    """The scope that a call needs; None if it is not offered."""
    for group in groups:
        if group.holds(segments):
            if method in READING:
                return READ
            if method in group.methods:
                return WRITE
    return None


def further(told: Sequence[Any]) -> tuple[Group, ...]:
    """A tenant's own groups, from its API policy; an entry that is none offers nothing."""
    return tuple(_own(entry) for entry in told if _sound(entry))


def _sound(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("path"), str) and entry["path"].strip("/") != ""


def _own(entry: Mapping[str, Any]) -> Group:
    path = str(entry["path"])
    named = entry.get("methods")
    methods = {str(each).upper() for each in named} if isinstance(named, list) else set()
    below = path.endswith("/**")
    return Group("Tenant", path.removesuffix("/**"), frozenset(methods & WRITING), below)
