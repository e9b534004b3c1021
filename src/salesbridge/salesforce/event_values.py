"""What the event bus speaks of: topics, events, deliveries, and places in a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as this user sees it."""

    name: str
    can_subscribe: bool
    can_publish: bool
    schema_id: str


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event.

    Attributes:
        event_id: The EventUuid; an event that is delivered twice has it twice.
        replay_id: Its place in the stream; opaque, never compared or counted with.
        values: The payload as its schema has it: date-times are milliseconds since 1970, numbers floats.
        created_at: When it was published (``CreatedDate``), in UTC.
    """

    event_id: str
    replay_id: bytes
    values: Mapping[str, Any]
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one response brought; without events it is a sign of life.

    Attributes:
        events: In the order of the stream.
        latest_replay_id: The place to go on after, once the events are stored: that of the last event, or what the
            server names when there is none. Store it then too, or the stored place grows older than the 72 hours
            of retention. Empty as long as the server has named none.
        pending: Events that the server may still send before it is asked again.
    """

    events: tuple[BusEvent, ...]
    latest_replay_id: bytes
    pending: int


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What became of one event that was published.

    Attributes:
        event_id: The EventUuid that subscribers see.
        replay_id: Its place in the stream; empty if it was refused.
        error: What Salesforce said; empty if it was taken.
    """

    event_id: str
    replay_id: bytes
    error: str = ""

    @property
    def success(self) -> bool:
        """Whether the event is on the bus."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Start:
    """Where a subscription starts.

    ``LATEST`` hears what is published from the moment the server takes the subscription: whoever starts or restarts
    there compares the records afterwards. ``EARLIEST`` hears all that is retained, up to 72 hours.

    Attributes:
        preset: The kind of start.
        replay_id: The place to start after, with ``custom`` only; opaque.
    """

    preset: Literal["latest", "earliest", "custom"]
    replay_id: bytes = b""

    LATEST: ClassVar[Start]
    EARLIEST: ClassVar[Start]

    @classmethod
    def after(cls, replay_id: bytes) -> Start:
        """Starts with the first event after a stored place.

        Raises:
            ValueError: The place is empty.
        """
        if not replay_id:
            raise ValueError("A replay id is needed to start after it.")
        return cls("custom", replay_id)


Start.LATEST = Start("latest")
Start.EARLIEST = Start("earliest")
