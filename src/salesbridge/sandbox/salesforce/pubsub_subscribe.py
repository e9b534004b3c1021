"""The Subscribe RPC: events on demand, keep-alives, and the ends of a stream.

Source: Pub/Sub API guide, *Subscribe RPC Method*, *Flow Control*, *Event Message Durability*, *Handle Errors*; the
comments of ``pubsub_api.proto``.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from salesbridge.protocols import pubsub_api_pb2 as pb

from .bus_log import EARLIEST
from .pubsub_access import RefusalError, live, refreshed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .access import Session
    from .bus_log import Event
    from .org import Org

MOST_PENDING = 100
"""More requested events than this are not kept in mind."""
RESPONSE_BYTES = 3 * 1024 * 1024
_INT32 = 2**31 - 1
_TURN = 0.2
_STREAM_FAULTS = ("stream_stall", "stream_cut", "token_expired_stream", "stream_reset")


class Subscription:
    """One Subscribe stream: a thread reads requests, the RPC's own thread answers. The bus's condition guards it.

    Args:
        org: The org.
        session: Who subscribes.
        rpc_id: Names the RPC in answers and errors.
        path: The RPC's path, for faults.
    """

    def __init__(self, org: Org, session: Session, rpc_id: str, path: str) -> None:
        self._org, self._bus, self._session = org, org.bus, session
        self._rpc_id, self._path = rpc_id, path
        self._topic: str | None = None
        self._place = 0
        self._pending = 0
        self._refusal: RefusalError | None = None
        self._ended = False
        self._gone = False
        self._stalled_until: float | None = None
        self._cut = False
        self._generation = org.bus.generation
        self._last_told = time.monotonic()

    # -- requests ----------------------------------------------------------------------------------------------

    def listen(self, requests: Iterator[Any]) -> None:
        """Read requests in a thread of their own."""
        threading.Thread(target=self._read, args=(requests,), name=f"subscribe-{self._rpc_id}", daemon=True).start()

    def _read(self, requests: Iterator[Any]) -> None:
        try:
            for request in requests:
                with self._bus.changed:
                    self._take(request)
                    self._bus.changed.notify_all()
        except RefusalError as refusal:
            self._refusal = refusal
        except Exception:  # noqa: BLE001 - gRPC's own iterator raises a bare Exception when the client went away
            self._gone = True
        with self._bus.changed:
            self._ended = True
            self._bus.changed.notify_all()

    def leave(self) -> None:
        """The client went away."""
        with self._bus.changed:
            self._gone = True
            self._bus.changed.notify_all()

    def _take(self, request: Any) -> None:
        if request.auth_refresh:
            self._session = refreshed(self._org, request.auth_refresh)
        if self._topic is None:
            self._begin(request)
        elif request.topic_name and request.topic_name != self._topic:
            message = f"The topic can't change within a stream: {request.topic_name} is not {self._topic}."
            raise RefusalError("subscription.fetch.topic.mismatch", message)
        if request.num_requested or not request.auth_refresh:
            self._add(request.num_requested)

    def _add(self, number: int) -> None:
        if number <= 0:
            message = f"The number of requested events must be positive, not {number}."
            raise RefusalError("subscription.fetch.requested.events.invalid", message)
        if self._pending + number > _INT32:
            raise RefusalError("subscription.fetch.overflow", "Too many events were requested at once.")
        self._pending = min(MOST_PENDING, self._pending + number)

    def _begin(self, request: Any) -> None:
        topic = request.topic_name
        if not topic:
            raise RefusalError("topic.validation.empty", "The topic name can't be empty.")
        if self._bus.schema(topic) is None:
            raise RefusalError("topic.not.found", f"The topic {topic} was not found.")
        self._place = self._start(topic, request)
        self._topic = topic

    def _start(self, topic: str, request: Any) -> int:
        log = self._bus.log(topic)
        if request.replay_preset == pb.EARLIEST:
            return EARLIEST
        if request.replay_preset != pb.CUSTOM:
            return log.tip
        if not request.replay_id:
            message = "The replay preset CUSTOM needs a replay id."
            raise RefusalError("subscription.fetch.replayid.validation.failed", message)
        place = log.place(request.replay_id)
        if place is None or self._org.faults.strikes("replay_invalid", self._path):
            message = "The replay id is invalid, or older than the retention window."
            raise RefusalError("subscription.fetch.replayid.corrupted", message)
        return place

    # -- answers -----------------------------------------------------------------------------------------------

    def answers(self) -> Iterator[Any]:
        """The answers, as they are due, until the stream ends.

        Raises:
            RefusalError: The stream ends with an error.
        """
        while True:
            with self._bus.changed:
                answer = self._turn()
                if answer is None and not self._over():
                    self._bus.changed.wait(min(_TURN, self._bus.settings.keepalive_s / 4))
                    continue
            if answer is None:
                return
            yield answer

    def _over(self) -> bool:
        """Whether the stream ends by itself: the client left, or wants nothing more and has been silent too long."""
        if self._gone:
            return True
        if self._pending or self._stalled_until is not None:
            return False
        return self._ended or time.monotonic() - self._last_told >= self._bus.settings.idle_s

    def _turn(self) -> Any:
        """One look at the state of things: an answer, or None when there is none to give now."""
        if self._gone:
            return None
        self._check()
        if self._topic is None or self._stalled():
            return None
        if self._bus.schema(self._topic) is None:
            raise RefusalError("topic.not.found", f"The topic {self._topic} was deleted.")
        if not self._pending:
            return None
        events = self._due()
        if events:
            return self._batch(events)
        waited = time.monotonic() - self._last_told
        return self._answer([]) if waited >= self._bus.settings.keepalive_s else None

    def _check(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        self._strike_idle()
        if self._cut or self._generation != self._bus.generation:
            raise RefusalError(None, "RST_STREAM closed stream")
        live(self._org, self._session.token)

    def _strike_idle(self) -> None:
        """Let armed stream faults hit although nothing is sent, once as many events went as they let pass."""
        for name in _STREAM_FAULTS:
            fault = self._org.faults.armed(name)
            if fault is not None and not fault.spent and fault.share >= 1 and fault.seen >= fault.after:
                self._hit(name)

    def _hit(self, name: str) -> bool:
        fault = self._org.faults.strikes(name, self._path)
        if fault is None:
            return False
        if name == "stream_stall":
            self._stalled_until = time.monotonic() + fault.seconds if fault.seconds else float("inf")
        elif name == "token_expired_stream":
            self._org.directory.close_session(self._session.token)
        elif name == "stream_reset":
            self._bus.reset()
        else:
            self._cut = True
        return True

    def _stalled(self) -> bool:
        if self._stalled_until is not None and time.monotonic() >= self._stalled_until:
            self._stalled_until = None
        return self._stalled_until is not None

    def _due(self) -> list[Event]:
        """The events that fit the next answer."""
        found = self._bus.log(self._topic or "").after(self._place, self._pending)
        size = 0
        fitting: list[Event] = []
        for event in found:
            size += len(event.payload)
            if fitting and size > RESPONSE_BYTES:
                break
            fitting.append(event)
        return fitting

    def _batch(self, events: list[Event]) -> Any:
        events = self._allowed(events)
        for position, _ in enumerate(events):
            if any(self._hit(name) for name in _STREAM_FAULTS):
                events = events[:position]
                break
        if not events:
            return None
        self._bus.charge(events)
        return self._answer(events)

    def _allowed(self, events: list[Event]) -> list[Event]:
        """The events the delivery allocation still covers."""
        left = self._bus.allowance()
        if not left or self._org.faults.strikes("delivery_limit", self._path):
            message = "The organization's daily limit of delivered events is exceeded."
            raise RefusalError("subscription.limit.exceeded", message)
        return events[:left]

    def _answer(self, events: list[Event]) -> Any:
        log = self._bus.log(self._topic or "")
        self._place = events[-1].number if events else log.mark(self._bus.now())
        self._pending -= len(events)
        self._last_told = time.monotonic()
        return pb.FetchResponse(
            events=[_consumer_event(each) for each in events],
            latest_replay_id=log.replay_id(self._place),
            rpc_id=self._rpc_id,
            pending_num_requested=self._pending,
        )


def _consumer_event(event: Event) -> Any:
    produced = pb.ProducerEvent(id=event.uuid, schema_id=event.schema_id, payload=event.payload)
    return pb.ConsumerEvent(event=produced, replay_id=event.replay_id)
