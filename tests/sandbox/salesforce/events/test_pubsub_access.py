from __future__ import annotations

import json

import grpc
import pytest
import trustme

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc as rpc
from salesbridge.sandbox.salesforce.pubsub import PubSubServer
from salesbridge.sandbox.salesforce.server import start_in_thread

from .conftest import DIRECT, PATIENCE, TOPIC, Stream, refusal

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
AUTH = (UNAUTHENTICATED, "service.auth.error")
HEADERS = (UNAUTHENTICATED, "service.auth.headers.invalid")


def ask(api, metadata):
    with pytest.raises(grpc.RpcError) as caught:
        api.stub.GetTopic(pb.TopicRequest(topic_name=TOPIC), metadata=metadata, timeout=PATIENCE)
    return caught.value


def changed(metadata, **values):
    return tuple((key, values.get(key, value)) for key, value in metadata if values.get(key, value) is not None)


@pytest.mark.parametrize("key", ["accesstoken", "instanceurl", "tenantid"])
def test_each_of_the_three_headers_is_needed(api, metadata, key):
    assert refusal(ask(api, changed(metadata, **{key: None}))) == HEADERS


@pytest.mark.parametrize(
    "wrong",
    [
        {"accesstoken": "00D!nonsense"},
        {"tenantid": "00D000000000001"},
        {"instanceurl": "https://other.my.salesforce.com"},
        {"instanceurl": "nonsense"},
    ],
)
def test_headers_that_do_not_belong_together_are_refused(api, metadata, wrong):
    assert refusal(ask(api, changed(metadata, **wrong))) == AUTH


def test_the_tenant_id_may_have_15_characters(api, metadata, org):
    request = pb.TopicRequest(topic_name=TOPIC)
    answer = api.stub.GetTopic(request, metadata=changed(metadata, tenantid=org.id[:15]), timeout=PATIENCE)
    assert answer.topic_name == TOPIC


def test_every_rpc_wants_a_session(api, metadata):
    wrong = changed(metadata, accesstoken="x")
    unary = [
        (api.stub.GetSchema, pb.SchemaRequest(schema_id="x")),
        (api.stub.Publish, pb.PublishRequest(topic_name=TOPIC)),
    ]
    for method, request in unary:
        with pytest.raises(grpc.RpcError) as caught:
            method(request, metadata=wrong, timeout=PATIENCE)
        assert refusal(caught.value) == AUTH
    for method in (api.stub.Subscribe, api.stub.PublishStream):
        stream = Stream(method, wrong)
        assert stream.outcome() == AUTH
        stream.close()


def test_an_error_names_its_rpc_in_message_and_trailer(api, metadata):
    error = ask(api, changed(metadata, accesstoken="x"))
    assert f"rpcId: {dict(error.trailing_metadata())['rpc-id']}" in error.details()


def test_a_session_that_timed_out_is_refused(api, metadata, clock):
    clock.forward(hours=3)
    assert refusal(ask(api, metadata)) == AUTH


def test_an_rpc_keeps_its_session_alive(api, clock):
    for _ in range(3):
        clock.forward(hours=1, minutes=30)
        assert api.topic().can_subscribe


def test_a_topic_tells_its_schema_and_what_may_be_done(api):
    topic = api.topic()
    assert (topic.topic_name, topic.can_publish, topic.can_subscribe) == (TOPIC, True, True)
    assert topic.tenant_guid
    assert topic.rpc_id
    assert api.schema(topic.schema_id).schema_id == topic.schema_id


def test_the_schema_has_required_system_fields_and_optional_own_ones(api):
    schema = json.loads(api.schema(api.topic().schema_id).schema_json)
    fields = {each["name"]: each["type"] for each in schema["fields"]}
    optional = ["null", "string"]
    assert schema["name"] == "Gentrack_Object_Event__e"
    assert fields == {
        "CreatedDate": "long",
        "CreatedById": "string",
        "Operation_Type__c": optional,
        "Object_Type__c": optional,
        "Old_Payload__c": optional,
        "New_Payload__c": optional,
    }


@pytest.mark.parametrize(
    ("name", "code"), [("", "topic.validation.empty"), ("/event/No__e", "topic.not.found"), ("x", "topic.not.found")]
)
def test_a_topic_that_is_not_there_is_refused(api, name, code):
    with pytest.raises(grpc.RpcError) as caught:
        api.topic(name)
    assert refusal(caught.value)[1] == code


def test_an_unknown_schema_is_refused(api):
    with pytest.raises(grpc.RpcError) as caught:
        api.schema("nonsense")
    assert refusal(caught.value) == (grpc.StatusCode.PERMISSION_DENIED, "schema.meta.permission")


def test_a_schema_needs_an_id(api):
    with pytest.raises(grpc.RpcError) as caught:
        api.schema("")
    assert refusal(caught.value) == (grpc.StatusCode.INVALID_ARGUMENT, "schema.validation.failed")


def test_managed_subscriptions_are_unimplemented(api):
    call = api.stub.ManagedSubscribe(iter([pb.ManagedFetchRequest()]), metadata=api.metadata, timeout=PATIENCE)
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_service_that_is_down_says_unavailable(org, api, metadata):
    org.faults.arm("pubsub_unavailable")
    assert refusal(ask(api, metadata)) == (grpc.StatusCode.UNAVAILABLE, "service.unavailable")
    assert api.topic().can_subscribe


# -- serving ---------------------------------------------------------------------------------------------------------


def test_tls_takes_the_certificate_of_the_web_server(demo, tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    trust = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    with start_in_thread(demo.org, certfile=str(tmp_path / "cert.pem"), pubsub_port=0) as running:
        token = demo.org.directory.open_session(demo.integration).token
        metadata = (("accesstoken", token), ("instanceurl", running.url), ("tenantid", demo.org.id))
        with grpc.secure_channel(running.pubsub_address, trust, options=DIRECT) as channel:
            stub = rpc.PubSubStub(channel)
            answer = stub.GetTopic(pb.TopicRequest(topic_name=TOPIC), metadata=metadata, timeout=PATIENCE)
    assert answer.topic_name == TOPIC


def test_an_org_serves_no_pubsub_unless_told_to(org):
    with start_in_thread(org) as running:
        assert running.pubsub_address is None
    assert org.pubsub_address is None


def test_the_address_is_told_while_it_is_served(org, served, http):
    assert org.pubsub_address == served.pubsub_address
    assert http.get(f"{served.url}/sandbox/state").json()["pubsub"] == served.pubsub_address


def test_a_port_that_is_taken_is_an_error(org, served):
    port = int(served.pubsub_address.rpartition(":")[2])
    with pytest.raises(OSError, match="can't listen"):
        PubSubServer(org, "127.0.0.1", port)


def test_stopping_ends_open_streams(demo):
    with start_in_thread(demo.org, pubsub_port=0) as running:
        token = demo.org.directory.open_session(demo.integration).token
        metadata = (("accesstoken", token), ("instanceurl", running.url), ("tenantid", demo.org.id))
        with grpc.insecure_channel(running.pubsub_address, options=DIRECT) as channel:
            first = pb.FetchRequest(topic_name=TOPIC, num_requested=1)
            stream = Stream(rpc.PubSubStub(channel).Subscribe, metadata, first)
            running.stop()
            assert stream.outcome()[0] in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
            stream.close()
