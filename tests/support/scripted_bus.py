"""A Pub/Sub API on loopback that does what a test's script says, and keeps what it was asked."""

from __future__ import annotations

import contextlib
import io
import json
import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import fastavro
import grpc

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc
from salesbridge.salesforce.events import Delivery

PREFIX = "sfdc.platform.eventbus.grpc."
TOPIC = "/event/Gentrack_Object_Event__e"
SCHEMA = {
    "type": "record",
    "name": "Gentrack_Object_Event__e",
    "namespace": "com.sforce.eventbus",
    "fields": [
        {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
        {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
        {"name": "Object_Type__c", "type": ["null", "string"], "default": None},
        {"name": "New_Payload__c", "type": ["null", "string"], "default": None},
    ],
}
_PARSED = fastavro.parse_schema(json.loads(json.dumps(SCHEMA)))
CREATED_MS = 1_790_000_000_123


def payload(**values: object) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _PARSED, {"CreatedDate": CREATED_MS, "CreatedById": "005", **values})
    return out.getvalue()


def event(number: int, *, schema_id: str = "schema-1", body: bytes | None = None) -> pb.ConsumerEvent:
    content = payload(Object_Type__c="Account", New_Payload__c=str(number)) if body is None else body
    produced = pb.ProducerEvent(id=f"uuid-{number}", schema_id=schema_id, payload=content)
    return pb.ConsumerEvent(event=produced, replay_id=number.to_bytes(4, "big"))


def refuse(context: grpc.ServicerContext, status: grpc.StatusCode, code: str = "", said: str = "refused") -> None:
    if code:
        context.set_trailing_metadata((("error-code", PREFIX + code),))
    context.abort(status, said)


@dataclass
class Session:
    """One Subscribe call as the server sees it."""

    context: grpc.ServicerContext
    requests: list[pb.FetchRequest] = field(default_factory=list)
    sent: int = 0
    most_outstanding: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    arrivals: queue.SimpleQueue[pb.FetchRequest] = field(default_factory=queue.SimpleQueue)

    @property
    def outstanding(self) -> int:
        return sum(request.num_requested for request in self.requests) - self.sent

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.context.invocation_metadata())

    def read(self, requests: Iterator[pb.FetchRequest]) -> None:
        with contextlib.suppress(Exception):  # the call may end in any way
            for request in requests:
                self.requests.append(request)
                self.most_outstanding = max(self.most_outstanding, self.outstanding)
                self.arrivals.put(request)

    def request(self, timeout: float = 3.0) -> pb.FetchRequest:
        return self.arrivals.get(timeout=timeout)

    def events(self, *numbers: int) -> pb.FetchResponse:
        assert self.outstanding >= len(numbers), "the server sends no more than it was asked for"
        self.sent += len(numbers)
        return self.response([event(number) for number in numbers])

    def response(self, events: list[pb.ConsumerEvent], latest: bytes = b"latest") -> pb.FetchResponse:
        return pb.FetchResponse(events=events, latest_replay_id=latest, pending_num_requested=self.outstanding)

    def refuse(self, status: grpc.StatusCode, code: str = "", said: str = "refused") -> None:
        refuse(self.context, status, code, said)

    def idle(self) -> None:
        self.over.wait(10)


Script = Callable[[Session], Iterator[pb.FetchResponse]]


class ScriptedBus(pubsub_api_pb2_grpc.PubSubServicer):
    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.sessions: list[Session] = []
        self.unary: list[tuple[str, dict[str, str]]] = []
        self.before_unary: Callable[[str, grpc.ServicerContext], None] = lambda *_: None
        self.published: list[pb.PublishRequest] = []
        self.publish_results: Callable[[pb.PublishRequest], list[pb.PublishResult]] = _all_taken
        self.schemas = {"schema-1": json.dumps(SCHEMA)}
        self._pool = ThreadPoolExecutor(8)
        self._server: grpc.Server | None = None
        self.port = 0

    def start(self, credentials: grpc.ServerCredentials | None = None, *, least_ping_ms: int = 100) -> None:
        options = [("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", least_ping_ms)]
        self._server = grpc.server(self._pool, options=options)
        pubsub_api_pb2_grpc.add_PubSubServicer_to_server(self, self._server)
        if credentials:
            self.port = self._server.add_secure_port("127.0.0.1:0", credentials)
        else:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self) -> None:
        for session in self.sessions:
            session.over.set()
        if self._server:
            self._server.stop(0).wait(5)
        self._pool.shutdown()

    def asked(self, method: str) -> list[dict[str, str]]:
        return [metadata for name, metadata in self.unary if name == method]

    def Subscribe(self, request_iterator, context):  # noqa: N802  the protocol's name
        session = Session(context)
        context.add_callback(session.over.set)
        script = self.scripts[min(len(self.sessions), len(self.scripts) - 1)]
        self.sessions.append(session)
        threading.Thread(target=session.read, args=(request_iterator,), daemon=True).start()
        session.request()
        yield from script(session)

    def GetTopic(self, request, context):  # noqa: N802
        self._note("GetTopic", context)
        return pb.TopicInfo(topic_name=request.topic_name, can_subscribe=True, can_publish=True, schema_id="schema-1")

    def GetSchema(self, request, context):  # noqa: N802
        self._note("GetSchema", context)
        return pb.SchemaInfo(schema_json=self.schemas[request.schema_id], schema_id=request.schema_id)

    def Publish(self, request, context):  # noqa: N802
        self._note("Publish", context)
        self.published.append(request)
        return pb.PublishResponse(results=self.publish_results(request), schema_id="schema-1")

    def _note(self, method: str, context: grpc.ServicerContext) -> None:
        self.unary.append((method, dict(context.invocation_metadata())))
        self.before_unary(method, context)


def _all_taken(request: pb.PublishRequest) -> list[pb.PublishResult]:
    return [pb.PublishResult(replay_id=uuid.uuid4().bytes, correlation_key=found.id) for found in request.events]


def decoded(content: bytes) -> dict[str, object]:
    return dict(fastavro.schemaless_reader(io.BytesIO(content), _PARSED, None))


def idle(session: Session) -> Iterator[pb.FetchResponse]:
    yield from ()
    session.idle()


def ending(*numbers: int) -> Script:
    """Delivers some events, then ends the stream."""

    def script(session: Session) -> Iterator[pb.FetchResponse]:
        yield session.events(*numbers)

    return script


def refusing(status: grpc.StatusCode, code: str = "", *, after: tuple[int, ...] = (), said: str = "refused") -> Script:
    """Delivers some events, then breaks the stream."""

    def script(session: Session) -> Iterator[pb.FetchResponse]:
        if after:
            yield session.events(*after)
        session.refuse(status, code, said)

    return script


def numbers(delivery: Delivery) -> list[str]:
    return [found.values["New_Payload__c"] for found in delivery.events]
