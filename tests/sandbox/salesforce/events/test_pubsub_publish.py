from __future__ import annotations

import grpc
import pytest

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.sandbox.salesforce.bus_avro import EventSchema, event_schema
from salesbridge.sandbox.salesforce.schema import Field

from .conftest import PATIENCE, TOPIC, refusal

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def refused(api, *events, topic=TOPIC):
    with pytest.raises(grpc.RpcError) as caught:
        api.publish(*events, topic=topic)
    return refusal(caught.value)


def test_a_published_event_is_delivered_as_it_was_sent(api):
    answer = api.publish(api.produced(id_="mine", Object_Type__c="x"))
    [event] = api.subscribe().events(1)
    assert (event.event.id, event.replay_id) == ("mine", answer.results[0].replay_id)
    assert api.values(event)["Object_Type__c"] == "x"


def test_results_come_in_order_with_the_events_keys(api):
    answer = api.publish(api.produced(id_="a"), api.produced())
    first, second = answer.results
    assert first.correlation_key == "a"
    assert len(second.correlation_key) == 36
    assert first.replay_id < second.replay_id
    assert answer.schema_id == api.topic().schema_id


def test_a_bad_payload_fails_alone(api):
    bad = pb.ProducerEvent(id="bad", schema_id=api.topic().schema_id, payload=b"\xff")
    good, spoilt = api.publish(api.produced(), bad).results
    assert good.replay_id
    assert (spoilt.error.code, spoilt.correlation_key, spoilt.replay_id) == (pb.PUBLISH, "bad", b"")


def test_text_longer_than_its_field_fails_alone(api):
    [result] = api.publish(api.produced(Object_Type__c="x" * 65)).results
    assert "Object_Type__c" in result.error.msg


def test_an_event_over_a_megabyte_fails_alone(api):
    known = api.topic().schema_id
    huge = pb.ProducerEvent(schema_id=known, payload=b"x" * (1024 * 1024 + 1))
    good, spoilt = api.publish(api.produced(), huge).results
    assert good.replay_id
    assert spoilt.error.code == pb.PUBLISH


def test_a_request_over_four_megabytes_fails_whole(api):
    events = [pb.ProducerEvent(schema_id="x", payload=b"x" * 1_000_000) for _ in range(5)]
    assert refused(api, *events) == (grpc.StatusCode.RESOURCE_EXHAUSTED, None)


def test_a_request_without_events_is_refused(api):
    assert refused(api) == (INVALID, "publish.event.count.invalid")


@pytest.mark.parametrize(
    ("topic", "code"), [("", "publish.topic.validation.empty"), ("/event/No__e", "topic.not.found")]
)
def test_a_topic_that_is_not_there_is_refused(api, topic, code):
    assert refused(api, api.produced(), topic=topic)[1] == code


def test_an_event_without_a_schema_id_is_refused(api):
    assert refused(api, api.produced(), pb.ProducerEvent()) == (INVALID, "schema.validation.failed")


def test_a_schema_that_is_not_the_topics_fails_alone(api):
    good, spoilt = api.publish(api.produced(), pb.ProducerEvent(id="bad", schema_id="x")).results
    assert good.replay_id
    assert (spoilt.error.code, spoilt.correlation_key) == (pb.PUBLISH, "bad")


def test_an_older_schema_of_the_topic_is_still_good(api, org, bus):
    old = bus.schema(TOPIC)
    org.schema.add_field("Gentrack_Object_Event__e", Field("Extra__c", "Extra", "boolean", custom=True))
    assert api.topic().schema_id != old.id
    assert api.publish(api.produced(old)).results[0].replay_id


def test_the_creation_fields_are_required_and_moments_are_milliseconds(org):
    fields = {"At__c": "datetime", "On__c": "date", "Many__c": "double", "Sure__c": "boolean"}
    for name, kind in fields.items():
        org.schema.add_field("Gentrack_Object_Event__e", Field(name, name, kind, custom=True))
    schema = event_schema(org.sobject("Gentrack_Object_Event__e"))
    assert isinstance(schema, EventSchema)
    values = {"At__c": "1970-01-01T00:00:01.000+0000", "On__c": "1970-01-02", "Many__c": 2, "Sure__c": True}
    event = org.bus.event("Gentrack_Object_Event__e", values, "005")
    told = org.bus.decode(event)
    assert [told[name] for name in fields] == [1000, 86_400_000, 2.0, True]
    with pytest.raises(ValueError, match="CreatedDate"):
        schema.encode({"CreatedById": "005"})


# -- streams ---------------------------------------------------------------------------------------------------------


def request(api, *events, **more):
    return pb.PublishRequest(topic_name=TOPIC, events=events or [api.produced()], **more)


def test_a_stream_answers_each_request(api, bus):
    stream = api.publish_stream()
    for _ in range(3):
        assert stream.send(request(api)).results[0].replay_id
    stream.close()
    assert stream.outcome() == (grpc.StatusCode.OK, None)
    assert len(bus.retained(TOPIC)) == 3


def test_the_topic_of_a_stream_may_be_left_out_but_not_changed(api):
    stream = api.publish_stream()
    stream.send(request(api))
    assert stream.send(pb.PublishRequest(events=[api.produced()])).results[0].replay_id
    with pytest.raises(grpc.RpcError) as caught:
        stream.send(pb.PublishRequest(topic_name="/event/Other__e", events=[api.produced()]))
    assert refusal(caught.value) == (INVALID, "publish.topic.mismatch")


def test_a_silent_publisher_is_cut_off(api, bus):
    bus.settings.publish_idle_s = 0.3
    stream = api.publish_stream()
    stream.send(request(api))
    assert stream.outcome()[1] == "publish.stream.sweeper.timeout"


def test_the_first_request_of_a_stream_may_not_refresh_the_session(api, token):
    stream = api.publish_stream()
    with pytest.raises(grpc.RpcError) as caught:
        stream.send(request(api, auth_refresh=token))
    assert refusal(caught.value) == (INVALID, "publish.auth.refresh.invalid")


def test_a_refresh_with_a_dead_token_ends_the_stream(api, token):
    stream = api.publish_stream()
    stream.send(request(api))
    stream.send(request(api, auth_refresh=token))
    with pytest.raises(grpc.RpcError) as caught:
        stream.send(request(api, auth_refresh="x"))
    assert refusal(caught.value) == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.refresh.invalid")


def test_publishing_wakes_a_waiting_subscriber(api):
    stream = api.subscribe()
    api.stub.Publish(request(api), metadata=api.metadata, timeout=PATIENCE)
    assert len(stream.events(1)) == 1
