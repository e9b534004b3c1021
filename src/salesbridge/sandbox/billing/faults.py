"""Troubles on order: named, counted, and gone again when they have happened often enough."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

NAMES = (
    "unavailable",
    "failed",
    "slow",
    "throttled",
    "cut",
    "key_revoked",
    "malformed_rows",
    "truncated_page",
    "truncated_body",
    "webhook_repeat",
    "webhook_reorder",
    "webhook_lost",
    "webhook_late",
    "webhook_bad_signature",
    "webhook_old_timestamp",
    "webhook_down",
)


class UnknownFaultError(ValueError):
    """No such fault, or no such option of a fault."""


@dataclass(slots=True)
class Fault:
    """An armed fault.

    Args:
        name: One of ``NAMES``.
        times: Calls that are hit; None: all of them.
        after: Calls that pass before.
        path: Only calls whose path contains this; of webhooks: only events whose type contains it.
        method: Only calls with this method; empty: all.
        seconds: The delay of ``slow`` and ``webhook_late``, the ``Retry-After`` of ``throttled`` and, when above 0, of
            ``unavailable``, the age of ``webhook_old_timestamp``, and how long ``webhook_reorder`` waits for the next.
        every: ``malformed_rows`` spoils each row whose place in the page is a multiple of this; ``webhook_reorder``
            turns round at most so many events at once.
        copies: How often in all ``webhook_repeat`` delivers an event.
        when: ``cut`` closes the connection ``before`` the call is carried out or ``after`` it.
        seen: Calls that could have been hit.
        fired: Calls that were hit.
    """

    name: str
    times: int | None = 1
    after: int = 0
    path: str = ""
    method: str = ""
    seconds: float = 0.0
    every: int = 3
    when: str = "before"
    copies: int = 2
    seen: int = 0
    fired: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Count a call; whether it is hit."""
        if self.path not in path or self.method not in {"", method}:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True


_TYPES = {
    "times": (int, type(None)),
    "after": (int,),
    "path": (str,),
    "method": (str,),
    "seconds": (int, float),
    "every": (int,),
    "when": (str,),
    "copies": (int,),
}


class Faults:
    """The armed faults, at most one of each name; safe to use from several threads."""

    def __init__(self) -> None:
        self._armed: dict[str, Fault] = {}
        self._lock = threading.Lock()

    def arm(self, name: str, **options: Any) -> Fault:
        """Arm a fault in place of an armed one of that name.

        Raises:
            UnknownFaultError: No such fault, no such option, or an option of the wrong type.
        """
        if name not in NAMES:
            raise UnknownFaultError(f"No fault is called {name!r}; choose one of {', '.join(NAMES)}")
        for option, value in options.items():
            if option not in _TYPES or not isinstance(value, _TYPES[option]) or isinstance(value, bool):
                raise UnknownFaultError(f"{option}={value!r} is no option of a fault; see {', '.join(_TYPES)}")
        if options.get("copies", 1) < 1:
            raise UnknownFaultError("copies is at least 1")
        if options.get("every", 1) < 1 or options.get("when", "before") not in {"before", "after"}:
            raise UnknownFaultError("every is at least 1, and when is before or after")
        fault = Fault(name, **options)
        with self._lock:
            self._armed[name] = fault
        return fault

    def disarm(self, name: str | None = None) -> None:
        """Take back one fault, or all of them."""
        with self._lock:
            if name is None:
                self._armed.clear()
            else:
                self._armed.pop(name, None)

    def armed(self, name: str) -> bool:
        """Whether a fault is armed, however often it hit."""
        return name in self._armed

    def strikes(self, name: str, method: str, path: str) -> Fault | None:
        """Count a call for a fault; the fault when it hits."""
        if name not in self._armed:
            return None
        with self._lock:
            fault = self._armed.get(name)
            return fault if fault and fault.strikes(method, path) else None

    def state(self) -> list[dict[str, Any]]:
        """What is armed and how often it hit."""
        with self._lock:
            return [asdict(fault) for fault in self._armed.values()]


def spoil(rows: list[dict[str, Any]], every: int, number: str) -> list[Any]:
    """Spoil every so many-th row: by turns it is no object, lacks its number, or has a number for a text."""
    spoiled: list[Any] = list(rows)
    for turn, at in enumerate(range(every - 1, len(rows), every)):
        row = rows[at]
        if turn % 3 == 0:
            spoiled[at] = f"row {at}"
        elif turn % 3 == 1:
            spoiled[at] = {name: value for name, value in row.items() if name != number}
        else:
            spoiled[at] = {**row, number: 4711}
    return spoiled
