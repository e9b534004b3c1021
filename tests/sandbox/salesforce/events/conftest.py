from __future__ import annotations

import json
import queue
from datetime import UTC, datetime, timedelta

import grpc
import httpx2
import pytest
from sample_package import telling_org

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc as rpc
from salesbridge.sandbox.salesforce.server import start_in_thread

TOPIC = "/event/Gentrack_Object_Event__e"
PATIENCE = 10
DIRECT = [("grpc.enable_http_proxy", 0)]


class Clock:
    """The org's clock: real time, moved on by hand."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead

    def forward(self, **time):
        self.ahead += timedelta(**time)


class Stream:
    """A bidirectional RPC, one request and one response at a time."""

    def __init__(self, method, metadata, first=None):
        self._requests = queue.SimpleQueue()
        if first is not None:
            self._requests.put(first)
        self.call = method(iter(self._requests.get, None), metadata=metadata, timeout=PATIENCE)

    def ask(self, number=0, **more):
        self._requests.put(pb.FetchRequest(num_requested=number, **more))

    def send(self, request):
        self._requests.put(request)
        return self.take()

    def take(self):
        return next(self.call)

    def events(self, number):
        """The next events, however many responses they come in."""
        found = []
        while len(found) < number:
            found += self.take().events
        return found

    def close(self):
        self._requests.put(None)

    def outcome(self):
        """How the stream ended, after whatever is still delivered: status and error code."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError as error:
            return refusal(error)
        return self.call.code(), None

    def cancel(self):
        self._requests.put(None)
        self.call.cancel()


class Api:
    """The generated stub with one session's metadata."""

    def __init__(self, org, channel, metadata):
        self.org = org
        self.stub = rpc.PubSubStub(channel)
        self.metadata = metadata
        self.streams = []

    def topic(self, name=TOPIC):
        return self.stub.GetTopic(pb.TopicRequest(topic_name=name), metadata=self.metadata, timeout=PATIENCE)

    def schema(self, id_):
        return self.stub.GetSchema(pb.SchemaRequest(schema_id=id_), metadata=self.metadata, timeout=PATIENCE)

    def publish(self, *events, topic=TOPIC):
        request = pb.PublishRequest(topic_name=topic, events=events)
        return self.stub.Publish(request, metadata=self.metadata, timeout=PATIENCE)

    def produced(self, schema=None, id_="", **values):
        known = schema or self.org.bus.schema(TOPIC)
        payload = known.encode({"CreatedDate": 0, "CreatedById": "005", **values})
        return pb.ProducerEvent(id=id_, schema_id=known.id, payload=payload)

    def subscribe(self, number=100, *, topic=TOPIC, preset=pb.EARLIEST, **more):
        first = pb.FetchRequest(topic_name=topic, replay_preset=preset, num_requested=number, **more)
        return self._kept(Stream(self.stub.Subscribe, self.metadata, first))

    def silent(self):
        return self._kept(Stream(self.stub.Subscribe, self.metadata))

    def publish_stream(self):
        return self._kept(Stream(self.stub.PublishStream, self.metadata))

    def _kept(self, stream):
        self.streams.append(stream)
        return stream

    def names(self, events):
        """The account names in the new payloads of events."""
        return [json.loads(self.values(each)["New_Payload__c"])["Name"] for each in events]

    def values(self, consumed):
        return self.org.bus.schema_by_id(consumed.event.schema_id).decode(consumed.event.payload)


def refusal(error):
    trailers = dict(error.trailing_metadata() or ())
    return error.code(), trailers.get("error-code", "").removeprefix("sfdc.platform.eventbus.grpc.") or None


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def demo(clock):
    """A ready-made org whose triggers tell of every save."""
    demo = telling_org()
    demo.org.clock = clock
    return demo


@pytest.fixture
def org(demo):
    return demo.org


@pytest.fixture
def bus(org):
    return org.bus


@pytest.fixture
def user(demo):
    return demo.integration.id


@pytest.fixture
def save(org, user):
    """Save one record, which must be fine; its id."""

    def run(operation, sobject, **values):
        result = org.save(operation, sobject, [values], user=user)[0]
        assert result.success, result.errors
        return result.id

    return run


@pytest.fixture
def heard(bus):
    """What the retained events tell: operation, object, old and new record."""

    def run():
        told = bus.values(TOPIC)
        names = ("Old_Payload__c", "New_Payload__c")
        records = [[json.loads(each[name]) if each[name] else None for name in names] for each in told]
        return [
            (each["Operation_Type__c"], each["Object_Type__c"], *pair) for each, pair in zip(told, records, strict=True)
        ]

    return run


@pytest.fixture
def served(demo):
    with start_in_thread(demo.org, pubsub_port=0) as running:
        yield running


@pytest.fixture
def token(demo):
    return demo.org.directory.open_session(demo.integration, demo.app).token


@pytest.fixture
def metadata(served, token):
    return (("accesstoken", token), ("instanceurl", served.url), ("tenantid", served.org.id))


@pytest.fixture
def channel(served):
    with grpc.insecure_channel(served.pubsub_address, options=DIRECT) as channel:
        yield channel


@pytest.fixture
def api(org, channel, metadata):
    api = Api(org, channel, metadata)
    yield api
    for stream in api.streams:
        stream.cancel()


@pytest.fixture
def http(served, token):
    """A REST client of version 66.0 with a live session."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{served.url}/services/data/v66.0", headers=headers, trust_env=False) as client:
        yield client
