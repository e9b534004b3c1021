"""The event bus of an org: topics, the schemas of their events, and what is retained for subscribers.

Source: Platform Events Developer Guide; Pub/Sub API guide.
"""

from __future__ import annotations

import random
import secrets
import threading
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .bus_avro import EventSchema, avro_value, event_schema, milliseconds
from .bus_log import Event, TopicLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .org import Org

PREFIX = "/event/"
DELIVERED = "DailyDeliveredPlatformEvents"
PUBLISHED = "HourlyPublishedPlatformEvents"
_DAY = 86_400.0
_HOLD = 0.5


@dataclass(slots=True)
class BusSettings:
    """How the bus behaves; all may be changed while it runs, but ``seed``.

    ``keepalive_s`` (a subscriber hears at least this often), ``idle_s`` (a subscriber that wants nothing more is cut
    off) and ``publish_idle_s`` (so is a silent publisher) are seconds of real time; ``retention_s`` passes on the org's
    clock. ``daily_deliveries`` events go to API subscribers in 24 hours of the org's clock. ``seed`` makes replay ids
    and event uuids repeatable; without one no two buses give out the same.
    """

    keepalive_s: float = 270.0
    idle_s: float = 60.0
    publish_idle_s: float = 70.0
    retention_s: float = 72 * 3600.0
    daily_deliveries: int = 25_000
    seed: int | None = None


class EventBus:
    """The events of one org; safe to use from several threads.

    Args:
        org: The org.
        settings: How it behaves.

    Attributes:
        changed: Guards the bus; notified whenever subscribers should look again.
        settings: How the bus behaves.
        generation: Counts the times everything was lost; streams of an earlier generation are cut.
    """

    def __init__(self, org: Org, settings: BusSettings | None = None) -> None:
        self._org = org
        self.settings = settings or BusSettings()
        self.changed = threading.Condition(threading.RLock())
        self._schemas: dict[str, EventSchema] = {}
        self._current: dict[str, tuple[object, EventSchema]] = {}
        self._held: dict[str, list[Event]] = {}
        self._delivered = 0
        self.generation = 0
        self._day_began: float | None = None
        self._start()

    def _start(self) -> None:
        seed = self.settings.seed
        self._chance = random.Random(secrets.randbits(128) if seed is None else seed)
        self._secret = self._chance.randbytes(16)
        self._logs: dict[str, TopicLog] = {}

    def reseed(self, seed: int) -> None:
        """Begin anew with repeatable replay ids and uuids; everything retained is lost."""
        with self.changed:
            self.settings.seed = seed
            self._start()
            self.reset()

    def reset(self) -> None:
        """Lose every retained event and make every replay id invalid, as moving the org to another instance does.

        Source: Platform Events Developer Guide, *Considerations for Subscribing*, on stream resets.
        """
        with self.changed:
            self._secret = self._chance.randbytes(16)
            self._logs.clear()
            self._held.clear()
            self.generation += 1
            self.changed.notify_all()

    def now(self) -> float:
        """Seconds since the epoch on the org's clock."""
        return self._org.clock().timestamp()

    # -- topics and schemas ------------------------------------------------------------------------------------

    def topics(self) -> list[str]:
        """The topics there are: one for each deployed platform event."""
        return [PREFIX + name for name in self._org.schema.names() if name.endswith("__e")]

    def schema(self, topic: str) -> EventSchema | None:
        """The present schema of a topic; None when there is no such topic. Names are case-sensitive."""
        name = topic.removeprefix(PREFIX)
        sobject = self._org.schema.sobject(name)
        if sobject is None or topic != PREFIX + sobject.name or not name.endswith("__e"):
            return None
        with self.changed:
            known = self._current.get(name)
            if known is None or known[0] is not sobject:
                known = self._current[name] = (sobject, event_schema(sobject))
                self._schemas[known[1].id] = known[1]
            return known[1]

    def schema_by_id(self, schema_id: str) -> EventSchema | None:
        """A schema of this org that a topic has or had."""
        for topic in self.topics():
            self.schema(topic)
        return self._schemas.get(schema_id)

    # -- publishing --------------------------------------------------------------------------------------------

    def event(self, name: str, values: Mapping[str, Any], user: str) -> Event:
        """An event of the org's own making, not yet published.

        Args:
            name: The platform event's name.
            values: Stored field values by name; fields the event hasn't are left out.
            user: Who causes it.

        Raises:
            KeyError: There is no such platform event.
        """
        sobject = self._org.schema.sobject(name)
        schema = self.schema(PREFIX + name)
        if sobject is None or schema is None:
            raise KeyError(f"The org has no platform event {name}")
        fields = (each for each in sobject.fields.values() if each.custom)
        avro: dict[str, Any] = {each.name: avro_value(each, values.get(each.name)) for each in fields}
        avro |= {"CreatedDate": milliseconds(self._org.clock()), "CreatedById": user}
        return Event(PREFIX + name, self.new_uuid(), schema.id, schema.encode(avro), self.now())

    def new_uuid(self) -> str:
        """The EventUuid of a new event."""
        with self.changed:
            return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def publish(self, events: Sequence[Event]) -> list[bytes]:
        """Put events on their topics and wake the subscribers; their replay ids.

        The faults ``lost_events``, ``duplicate_events`` and ``reorder_events`` work here, on events one by one.
        """
        with self.changed:
            self._org.limits.charge(len(events), limit=PUBLISHED)
            ids = [self._publish(replace(each, at=self.now())) for each in events]
            self.changed.notify_all()
        return ids

    def _publish(self, event: Event) -> bytes:
        faults, log = self._org.faults, self._log(event.topic)
        if faults.strikes("lost_events", event.topic):
            return log.replay_id(log.mark(event.at))
        if faults.strikes("reorder_events", event.topic):
            self._held.setdefault(event.topic, []).append(event)
            return log.replay_id(log.mark(event.at))
        found = log.append(event).replay_id
        if faults.strikes("duplicate_events", event.topic):
            log.append(event)
        self._release(log)
        return found

    def _release(self, log: TopicLog) -> None:
        """Publish what ``reorder_events`` held back, now that a later event overtook it."""
        for each in self._held.pop(log.topic, ()):
            log.append(replace(each, at=self.now()))

    def _log(self, topic: str) -> TopicLog:
        if topic not in self._logs:
            self._logs[topic] = TopicLog(topic, self._secret, self._chance)
        log = self._logs[topic]
        log.purge(self.now() - self.settings.retention_s)
        return log

    # -- subscribing -------------------------------------------------------------------------------------------

    def log(self, topic: str) -> TopicLog:
        """What is retained of a topic; use it while holding ``changed``.

        An event that ``reorder_events`` holds back and nothing overtakes comes after half a second.
        """
        log = self._log(topic)
        held = self._held.get(topic)
        if held and abs(self.now() - held[0].at) >= _HOLD:
            self._release(log)
        return log

    def retained(self, topic: str) -> list[Event]:
        """Every retained event of a topic, oldest first."""
        with self.changed:
            log = self.log(topic)
            return log.after(0, log.tip)

    def decode(self, event: Event) -> dict[str, Any]:
        """The values of an event by field name."""
        return self._schemas[event.schema_id].decode(event.payload)

    def values(self, topic: str) -> list[dict[str, Any]]:
        """The values of every retained event of a topic, oldest first."""
        return [self.decode(each) for each in self.retained(topic)]

    def allowance(self) -> int:
        """How many events may still go to API subscribers in the present 24 hours.

        Source: Platform Events Developer Guide, *Platform Event Allocations*.
        """
        with self.changed:
            if self._day_began is not None and self.now() - self._day_began >= _DAY:
                self._org.limits.charge(-self._delivered, limit=DELIVERED)
                self._delivered, self._day_began = 0, None
            return max(0, self.settings.daily_deliveries - self._delivered)

    def charge(self, events: Iterable[Event]) -> None:
        """Count deliveries."""
        with self.changed:
            count = sum(1 for _ in events)
            self._day_began = self.now() if self._day_began is None else self._day_began
            self._delivered += count
            self._org.limits.charge(count, limit=DELIVERED)
