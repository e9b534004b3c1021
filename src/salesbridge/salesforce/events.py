"""Salesforce's event bus: hearing platform events, and publishing them (Pub/Sub API)."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc
from salesbridge.salesforce.errors import SalesforceError
from salesbridge.salesforce.event_channel import Caller, StoppedError, open_channel
from salesbridge.salesforce.event_errors import ReplayLostError, UnreadableEventError
from salesbridge.salesforce.event_schema import Schemas, decode, encode
from salesbridge.salesforce.event_stream import Stream
from salesbridge.salesforce.event_values import BusEvent, Delivery, PublishResult, Start, Topic
from salesbridge.salesforce.event_window import MAX_BATCH, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from salesbridge.salesforce.rest import Salesforce
    from salesbridge.salesforce.tokens import Token

__all__ = [
    "BusEvent",
    "Delivery",
    "Events",
    "PublishResult",
    "ReplayLostError",
    "Start",
    "Topic",
    "UnreadableEventError",
]

# Pub/Sub API guide, "Publish RPC Method": 200 events and 3 MB are recommended, at 4 MB the call breaks.
MAX_PUBLISH: Final = 200
_MAX_PUBLISH_BYTES: Final = 3_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The generated code carries no types.
_PubSubStub: Any = pubsub_api_pb2_grpc.PubSubStub


class Events:
    """The event bus of one org, by the token of its connection; safe to share between threads.

    Every method raises ``SalesforceError`` and nothing else of the wire.

    Args:
        salesforce: Whose token is used and renewed; its sandbox mode counts here too.
        address: Host and port of the Pub/Sub API.
        ca_file: PEM file of the certificate authorities to trust beside the system's.
        plaintext: Without TLS, for simulators on this machine.
        watchdog_s: Seconds of silence after which a subscription is given up; the server gives a sign of life
            every 270 seconds.
        batch: Most events to be sent to us before we have taken them, 1 to 100.
        credit_s: Seconds, below 60, without anything asked for after which one event is asked for, so that the
            server keeps the stream of a slow consumer.
        ping_s: Seconds of quiet after which the connection itself is probed. A server that wants fewer probes breaks
            the stream, which is a passing trouble; gRPC then probes half as often.
    """

    def __init__(
        self,
        salesforce: Salesforce,
        *,
        address: str = "api.pubsub.salesforce.com:7443",
        ca_file: Path | None = None,
        plaintext: bool = False,
        watchdog_s: float = 300.0,
        batch: int = MAX_BATCH,
        credit_s: float = 40.0,
        ping_s: float = 30.0,
    ) -> None:
        if not 1 <= batch <= MAX_BATCH:
            raise ValueError(f"A batch has 1 to {MAX_BATCH} events, not {batch}.")
        self._address = address
        self._channel = open_channel(
            address, ca_file=ca_file, plaintext=plaintext, ping_s=ping_s, allow_loopback=salesforce.allow_loopback
        )
        self._stub = _PubSubStub(self._channel)
        self._caller = Caller(salesforce)
        self._schemas = Schemas()
        self._watchdog_s, self._batch, self._credit_s = watchdog_s, batch, credit_s
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all subscriptions, as their ``stop`` would, and closes the connection."""
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.close()
        self._channel.close()

    def topic(self, name: str) -> Topic:
        """Asks what a topic is and what we may do with it.

        Args:
            name: Such as ``/event/Gentrack_Object_Event__e``.
        """
        return self._topic(name)

    def subscribe(self, topic: str, start: Start, *, stop: threading.Event) -> Iterator[Delivery]:
        """Yields what is published, until ``stop`` is set.

        Asking for the next delivery says that the one before is stored: only then is the server asked for more. A
        token that expires is renewed, and the stream goes on after the last delivery that was yielded.

        Args:
            topic: Such as ``/event/Gentrack_Object_Event__e``.
            start: Where to start.
            stop: Ends the iteration within a second.

        Raises:
            ReplayLostError: The place in ``start`` is gone.
            UnreadableEventError: An event does not fit its schema; those before it were yielded.
            SalesforceError: The stream broke (``transient``; ``STREAM_SILENT``, ``STREAM_ENDED``), an allowance is used
                up (``throttled``; ``EVENT_ALLOCATION``), or somebody has to mend something.
        """
        token, just_renewed = self._caller.token, False
        while not stop.is_set():
            stream = self._open(topic, start, token)
            try:
                for delivery in self._deliveries(stream, start.replay_id, stop):
                    just_renewed = False
                    if delivery.latest_replay_id:
                        start = Start.after(delivery.latest_replay_id)
                    yield delivery
            except StoppedError:
                return
            except SalesforceError as exc:
                token, just_renewed = self._caller.renewed(token, exc, again=just_renewed), True
            finally:
                self._drop(stream)

    def publish(
        self, topic: str, records: Sequence[Mapping[str, Any]], *, event_ids: Sequence[str] = ()
    ) -> list[PublishResult]:
        """Publishes events at once; one result per record, in the order given.

        Args:
            topic: Such as ``/event/Gentrack_Object_Event__e``.
            records: Fields as the schema has them; nullable ones may be left out, ``CreatedDate`` and ``CreatedById``
                are filled in. At most 200, and 3 MB together.
            event_ids: A UUID for each; the same again when an unknown outcome is repeated, so that subscribers see
                the same event. Made up when left out.

        Raises:
            ValueError: Too many or too large, or a record does not fit the schema.
            SalesforceError: With ``unknown_outcome`` if events may have been published.
        """
        if len(records) > MAX_PUBLISH:
            raise ValueError(f"A call publishes {MAX_PUBLISH} events, not {len(records)}.")
        ids = list(event_ids) or [str(uuid.uuid4()) for _ in records]
        if len(ids) != len(records):
            raise ValueError("Each event has one id.")
        if not records:
            return []
        request = self._publication(topic, records, ids)
        answer = self._caller.ask(self._stub.Publish, request, safe=False)
        return _published(list(answer.results), ids)

    def _publication(self, topic: str, records: Sequence[Mapping[str, Any]], ids: list[str]) -> pb.PublishRequest:
        schema_id = self._topic(topic).schema_id
        schema = self._schemas.get(schema_id, self._schema_text)
        system = _system_fields(self._caller.token)
        request = pb.PublishRequest(
            topic_name=topic,
            events=[
                pb.ProducerEvent(id=event_id, schema_id=schema_id, payload=encode(schema, {**system, **record}))
                for event_id, record in zip(ids, records, strict=True)
            ],
        )
        if request.ByteSize() > _MAX_PUBLISH_BYTES:
            raise ValueError("A call publishes 3 MB of events: publish fewer at once.")
        return request

    def _topic(self, name: str) -> Topic:
        found = self._caller.ask(self._stub.GetTopic, pb.TopicRequest(topic_name=name))
        return Topic(found.topic_name, found.can_subscribe, found.can_publish, found.schema_id)

    def _schema_text(self, schema_id: str, stop: threading.Event | None = None) -> str:
        answer = self._caller.ask(self._stub.GetSchema, pb.SchemaRequest(schema_id=schema_id), stop=stop)
        return str(answer.schema_json)

    def _open(self, topic: str, start: Start, token: Token) -> Stream:
        window = Window(self._batch, self._credit_s)
        with self._lock:
            if self._closed:
                raise ValueError("The event bus is closed.")
            stream = Stream(self._stub.Subscribe, topic, start, token, window, watchdog_s=self._watchdog_s)
            self._streams.add(stream)
        return stream

    def _drop(self, stream: Stream) -> None:
        with self._lock:
            self._streams.discard(stream)
        stream.close()

    def _deliveries(self, stream: Stream, place: bytes, stop: threading.Event) -> Iterator[Delivery]:
        while True:
            response = stream.receive(stop)
            events, unreadable = self._decoded(response, stop)
            place = _place(events, b"" if unreadable else response.latest_replay_id, place)
            if events or not unreadable:
                yield Delivery(tuple(events), place, response.pending_num_requested)
            if unreadable:
                raise unreadable
            if stop.is_set():  # before more is asked for: events that nobody takes count against the allowance too
                raise StoppedError
            stream.taken(len(events))

    def _decoded(
        self, response: pb.FetchResponse, stop: threading.Event
    ) -> tuple[list[BusEvent], UnreadableEventError | None]:
        """Decodes events up to the first that cannot be."""
        events: list[BusEvent] = []
        for found in response.events:
            schema = self._schemas.get(found.event.schema_id, lambda schema_id: self._schema_text(schema_id, stop))
            try:
                values = decode(schema, found.event.payload, event_id=found.event.id, replay_id=found.replay_id)
            except UnreadableEventError as exc:
                return events, exc
            events.append(BusEvent(found.event.id, found.replay_id, values, _instant(values.get("CreatedDate"))))
        return events, None


def _place(events: list[BusEvent], latest: bytes, before: bytes) -> bytes:
    """Gives the place to go on after.

    That of the last event is certain; what a response names beside its events may be further than what it brought.
    """
    of_last = events[-1].replay_id if events else b""
    return of_last or latest or before


def _system_fields(token: Token) -> dict[str, Any]:
    """Gives the fields that a publisher fills in (Pub/Sub API guide, "Publish RPC Method")."""
    return {"CreatedDate": (datetime.now(UTC) - _EPOCH) // timedelta(milliseconds=1), "CreatedById": token.user_id}


def _instant(milliseconds: Any) -> datetime | None:
    if isinstance(milliseconds, datetime):
        return milliseconds.astimezone(UTC)
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except (TypeError, OverflowError):
        return None


def _published(results: list[Any], ids: list[str]) -> list[PublishResult]:
    if len(results) != len(ids):
        raise SalesforceError(
            f"Salesforce gave {len(results)} results for {len(ids)} events.",
            kind="transient",
            code="BAD_ANSWER",
            mend="Nothing to do: the events are published again with the same ids.",
            unknown_outcome=True,
        )
    return [
        PublishResult(
            result.correlation_key or event_id,
            result.replay_id,
            (result.error.msg or "refused") if result.HasField("error") else "",
        )
        for result, event_id in zip(results, ids, strict=True)
    ]
