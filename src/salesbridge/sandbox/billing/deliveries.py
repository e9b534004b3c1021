"""What became of events: a record of each attempt, those given up, and what still waits."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice

_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver an event (members as in the platform's delivery record); moments in milliseconds.

    ``status`` is None where no answer came, ``response`` then tells why.
    """

    sequence: int
    app_id: str
    event_id: str
    event_type: str
    attempt: int
    status: int | None
    response: str
    success: bool
    latency: float
    at: int
    first_received: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An event that was given up, and why."""

    app_id: str
    event_id: str
    event_type: str
    attempts: int
    reason: str


class DeliveryLog:
    """The newest 100,000 attempts and given-up events; safe to use from several threads."""

    def __init__(self) -> None:
        self._attempts: deque[Delivery] = deque(maxlen=_KEPT)
        self._failed: deque[Undelivered] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self.last = 0

    def add(self, delivery: Delivery) -> None:
        """Keep an attempt; its sequence is ``last`` + 1."""
        with self._lock:
            self.last = delivery.sequence
            self._attempts.append(delivery)

    def give_up(self, event: Undelivered) -> None:
        """Keep an event that is not tried again."""
        with self._lock:
            self._failed.append(event)

    def attempts(self, after: int = 0) -> list[Delivery]:
        """The attempts with a sequence above ``after``, oldest first."""
        with self._lock:
            newest = islice(reversed(self._attempts), max(0, self.last - after))
            return list(newest)[::-1]

    def failed(self) -> list[Undelivered]:
        """The events given up, oldest first."""
        with self._lock:
            return list(self._failed)


class Backlog:
    """How many events wait for one app, with an upper bound; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0
        self._idle = threading.Condition()

    @property
    def waiting(self) -> int:
        """Events neither delivered nor given up."""
        return self._waiting

    def admit(self, count: int) -> bool:
        """Make room for some; False when there is none."""
        with self._idle:
            if self._waiting + count > self._most:
                return False
            self._waiting += count
            return True

    def done(self) -> None:
        """One is delivered or given up."""
        with self._idle:
            self._waiting -= 1
            if not self._waiting:
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether nothing waits any more, within some seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._waiting, seconds)
