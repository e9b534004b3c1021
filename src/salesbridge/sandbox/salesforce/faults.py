"""Faults on order: named, counted, seeded troubles that a real org makes only when it hurts most."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

NAMES = frozenset(
    {
        "session_expires",
        "unavailable",
        "limit_exceeded",
        "slow_batch",
        "cut_after_commit",
        "job_failed",
        "lock_rows",
        "login_unavailable",
        "credential_unavailable",
        "credential_locked",
        "credential_slow",
        "credential_push_fails",
        "credential_push_unsure",
        "credential_push_lost",
        "token_slow",
        "pubsub_unavailable",
        "stream_stall",
        "stream_cut",
        "stream_reset",
        "token_expired_stream",
        "replay_invalid",
        "delivery_limit",
        "lost_events",
        "duplicate_events",
        "reorder_events",
        "event_before_commit",
    }
)


class UnknownFaultError(ValueError):
    """The name is not one of the faults this org can make."""


@dataclass(slots=True)
class Fault:
    """An armed fault: what is still to happen and what already did.

    ``after`` calls pass untouched, then ``times`` calls (None: all of them) are hit, each with probability
    ``share``. ``seconds`` is a delay, ``path`` restricts the fault to requests whose path contains it.
    """

    name: str
    after: int = 0
    times: int | None = 1
    share: float = 1.0
    seconds: float = 0.0
    path: str = ""
    seed: int = 0
    seen: int = 0
    fired: int = 0
    random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    @property
    def spent(self) -> bool:
        """Whether it has hit as often as it was to."""
        return self.times is not None and self.fired >= self.times

    def strike(self) -> bool:
        """Count one opportunity; whether the fault hits it."""
        spent = self.spent
        self.seen += 1
        if self.seen <= self.after or spent or self.random.random() >= self.share:
            return False
        self.fired += 1
        return True


class Faults:
    """The armed faults of an org, at most one of each name; safe to use from several threads."""

    def __init__(self) -> None:
        self._armed: dict[str, Fault] = {}
        self._lock = threading.Lock()

    def arm(self, name: str, **options: Any) -> Fault:
        """Arm a fault, replacing an armed one of that name.

        Args:
            name: One of ``NAMES``.
            **options: ``after``, ``times`` (None: for ever), ``share``, ``seconds``, ``path``, ``seed``.

        Raises:
            UnknownFaultError: No such fault.
            TypeError: No such option.
        """
        if name not in NAMES:
            raise UnknownFaultError(f"No fault is called {name!r}; choose one of {', '.join(sorted(NAMES))}")
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

    def armed(self, name: str) -> Fault | None:
        """The armed fault of that name, without counting an opportunity."""
        return self._armed.get(name)

    def strikes(self, name: str, path: str = "") -> Fault | None:
        """Count one opportunity for the fault; the fault when it hits, else None."""
        if not self._armed:
            return None
        with self._lock:
            fault = self._armed.get(name)
            if fault is None or fault.path not in path:
                return None
            return fault if fault.strike() else None

    def state(self) -> list[dict[str, Any]]:
        """What is armed and how often it hit, for the control routes."""
        with self._lock:
            return [
                {"name": f.name, "after": f.after, "times": f.times, "seen": f.seen, "fired": f.fired}
                for f in self._armed.values()
            ]
