"""The retained events of one topic, and the replay ids that name places among them.

Source: Platform Events Developer Guide, *Event Bus*, *Event Message Durability*: an id is opaque, later ones are
higher but not the next number, and both event and id are gone 72 hours after publication.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_NUMBER_BYTES = 8
_CHECK_BYTES = 2
_WIDEST_GAP = 40
EARLIEST = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A published event. ``uuid`` is its EventUuid, ``at`` seconds since the epoch, ``payload`` Avro binary."""

    topic: str
    uuid: str
    schema_id: str
    payload: bytes = field(repr=False)
    at: float
    number: int = 0
    replay_id: bytes = b""


class TopicLog:
    """The events of one topic in the order subscribers get them. The caller guards it.

    Args:
        topic: Its name.
        secret: What makes replay ids of another org, topic or time before a reset recognisable.
        chance: Draws the gaps between the ids.
    """

    def __init__(self, topic: str, secret: bytes, chance: random.Random) -> None:
        self.topic = topic
        self._secret = secret
        self._chance = chance
        self._last = chance.randrange(1_000, 1_000_000)
        self._events: list[Event] = []
        self._numbers: list[int] = []
        self._marks: list[int] = []
        self._mark_times: list[float] = []

    def append(self, event: Event) -> Event:
        """Retain an event at the end; the event with its place."""
        number = self._next(event.at)
        made = Event(event.topic, event.uuid, event.schema_id, event.payload, event.at, number, self.replay_id(number))
        self._events.append(made)
        self._numbers.append(number)
        return made

    def _next(self, at: float) -> int:
        self._last += self._chance.randint(1, _WIDEST_GAP)
        self._marks.append(self._last)
        self._mark_times.append(at)
        return self._last

    def mark(self, at: float) -> int:
        """A new place at the end, behind every event so far."""
        return self._next(at)

    @property
    def tip(self) -> int:
        """The place behind the last event."""
        return self._last

    def after(self, number: int, limit: int) -> list[Event]:
        """At most ``limit`` events behind a place."""
        first = bisect_right(self._numbers, number)
        return self._events[first : first + limit]

    def purge(self, before: float) -> None:
        """Forget events and replay ids older than a moment, in seconds since the epoch."""
        if not self._mark_times or self._mark_times[0] >= before:
            return
        gone = bisect_left(self._mark_times, before)
        border = self._marks[gone - 1]
        del self._marks[:gone], self._mark_times[:gone]
        count = bisect_right(self._numbers, border)
        del self._numbers[:count], self._events[:count]

    def replay_id(self, number: int) -> bytes:
        """The replay id of a place."""
        plain = number.to_bytes(_NUMBER_BYTES, "big")
        check = hashlib.blake2s(self.topic.encode() + plain, key=self._secret, digest_size=_CHECK_BYTES)
        return plain + check.digest()

    def place(self, replay_id: bytes) -> int | None:
        """The place a replay id names; None when it was never given out here or is too old."""
        number = int.from_bytes(replay_id[:_NUMBER_BYTES], "big")
        if len(replay_id) != _NUMBER_BYTES + _CHECK_BYTES or self.replay_id(number) != replay_id:
            return None
        found = bisect_left(self._marks, number)
        return number if found < len(self._marks) and self._marks[found] == number else None
