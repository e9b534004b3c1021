"""A circuit breaker: while billing is down, calls are answered at once instead of piling up in front of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

#: Failures in a row that open it.
TRIES: Final = 5
#: Seconds for which it is open at first; doubled each time a trial fails.
PAUSE_S: Final = 2.0
_LONGEST_S: Final = 30.0


class Breaker:
    """Closed: calls pass. Open: none does. Half open, when the pause is over: one trial call at a time passes.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = PAUSE_S
        self._until: float | None = None
        self._trial: float | None = None

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half open``."""
        if self._until is None:
            return "closed"
        return "open" if self._clock() < self._until else "half open"

    def wait_s(self) -> float:
        """Seconds until a call may be tried; 0 if this one may, which then counts as the trial when half open."""
        if self._until is None:
            return 0.0
        now = self._clock()
        if now < self._until:
            return self._until - now
        if self._trial is not None and now - self._trial < _LONGEST_S:  # a trial that never ended is given up
            return PAUSE_S
        self._trial = now
        return 0.0

    def succeeded(self) -> None:
        """Billing has answered."""
        self._failures, self._pause, self._until, self._trial = 0, PAUSE_S, None, None

    def failed(self) -> None:
        """Billing has not answered, or only to say that it cannot."""
        self._failures += 1
        if self._trial is not None:
            self._pause = min(_LONGEST_S, self._pause * 2)
        elif self._failures < TRIES:
            return
        self._until, self._trial = self._clock() + self._pause, None

    def given_up(self) -> None:
        """A call ended without telling anything of billing, as when the caller left."""
        self._trial = None
