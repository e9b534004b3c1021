"""The Publish and PublishStream RPCs.

Source: Pub/Sub API guide, *Publish RPC Method*, *PublishStream RPC Method*, *Handle Errors*; the comments of
``pubsub_api.proto``. That a publisher's own ``CreatedDate`` and ``CreatedById`` are delivered as sent is ours.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from salesbridge.protocols import pubsub_api_pb2 as pb

from .bus import PREFIX
from .bus_avro import PayloadError
from .bus_log import Event
from .pubsub_access import RefusalError, refreshed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .org import Org

EVENT_BYTES = 1024 * 1024
"""The largest payload of one event."""
_END = object()


def publish(org: Org, topic: str, request: Any, rpc_id: str) -> Any:
    """Publish the events of one request; the response with a result for each.

    Raises:
        RefusalError: No such topic, no events, or an event without the id of its schema.
    """
    if not topic:
        raise RefusalError("publish.topic.validation.empty", "The topic name can't be empty.")
    schema = org.bus.schema(topic)
    if schema is None:
        raise RefusalError("topic.not.found", f"The topic {topic} was not found.")
    if not request.events:
        raise RefusalError("publish.event.count.invalid", "A publish request needs at least one event.")
    if not all(each.schema_id for each in request.events):
        raise RefusalError("schema.validation.failed", "The schema id can't be empty.")
    results = [_result(org, topic, each) for each in request.events]
    return pb.PublishResponse(results=results, schema_id=schema.id, rpc_id=rpc_id)


def _result(org: Org, topic: str, produced: Any) -> Any:
    problem = _problem(org, topic, produced)
    if problem is not None:
        error = pb.Error(code=pb.PUBLISH, msg=problem)
        return pb.PublishResult(error=error, correlation_key=produced.id)
    bus = org.bus
    event = Event(topic, produced.id or bus.new_uuid(), produced.schema_id, produced.payload, bus.now())
    return pb.PublishResult(replay_id=bus.publish([event])[0], correlation_key=event.uuid)


def _problem(org: Org, topic: str, produced: Any) -> str | None:
    """Why one event can't be published; None when it can."""
    if len(produced.payload) > EVENT_BYTES:
        return f"The event is larger than {EVENT_BYTES} bytes."
    schema = org.bus.schema_by_id(produced.schema_id)
    if schema is None or topic != PREFIX + schema.event:
        return f"{produced.schema_id!r} is no schema of {topic}."
    try:
        values = schema.decode(produced.payload)
    except PayloadError as error:
        return f"The payload can't be read with the schema {produced.schema_id}: {error}"
    return _too_long(org, schema.event, values)


def _too_long(org: Org, event: str, values: dict[str, Any]) -> str | None:
    sobject = org.schema.sobject(event)
    for name, value in values.items():
        known = sobject.field(name) if sobject is not None else None
        if isinstance(value, str) and known is not None and known.custom and len(value) > known.length:
            return f"{name}: data value too large (max length={known.length})"
    return None


class Publication:
    """One PublishStream RPC: a response for each request, on one topic.

    Args:
        org: The org.
        rpc_id: Names the RPC in answers and errors.
    """

    def __init__(self, org: Org, rpc_id: str) -> None:
        self._org, self._rpc_id = org, rpc_id
        self._topic = ""
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen(self, requests: Iterator[Any]) -> None:
        """Read requests in a thread of their own."""
        threading.Thread(target=self._read, args=(requests,), name=f"publish-{self._rpc_id}", daemon=True).start()

    def _read(self, requests: Iterator[Any]) -> None:
        try:
            for request in requests:
                self._requests.put(request)
        except Exception:  # noqa: BLE001 - gRPC's own iterator raises a bare Exception when the client went away
            self.leave()
        self._requests.put(_END)

    def leave(self) -> None:
        """The client went away."""
        self._requests.put(_END)

    def answers(self) -> Iterator[Any]:
        """A response for each request until the client ends the stream.

        Raises:
            RefusalError: A request is refused, or none comes in time.
        """
        while True:
            try:
                request = self._requests.get(timeout=self._org.bus.settings.publish_idle_s)
            except queue.Empty:
                message = "No events were published in time; the stream is closed."
                raise RefusalError("publish.stream.sweeper.timeout", message) from None
            if request is _END:
                return
            yield publish(self._org, self._named(request), request, self._rpc_id)

    def _named(self, request: Any) -> str:
        if request.auth_refresh and not self._topic:
            raise RefusalError("publish.auth.refresh.invalid", "The first request can't refresh the session.")
        if request.auth_refresh:
            refreshed(self._org, request.auth_refresh)
        if self._topic and request.topic_name and request.topic_name != self._topic:
            message = f"The topic can't change within a stream: {request.topic_name} is not {self._topic}."
            raise RefusalError("publish.topic.mismatch", message)
        self._topic = self._topic or request.topic_name
        return self._topic
