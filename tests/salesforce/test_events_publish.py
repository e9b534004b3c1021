from __future__ import annotations

import grpc
import pytest
from scripted_bus import TOPIC, decoded, refuse

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.salesforce import SalesforceError


def test_a_topic_tells_what_we_may_do(open_events):
    topic = open_events().topic(TOPIC)

    assert (topic.name, topic.can_subscribe, topic.can_publish, topic.schema_id) == (TOPIC, True, True, "schema-1")


def test_records_are_published_in_their_schema_with_the_system_fields(bus, open_events):
    results = open_events().publish(TOPIC, [{"Object_Type__c": "Asset"}, {"New_Payload__c": "{}", "CreatedDate": 5}])
    first, second = (decoded(found.payload) for found in bus.published[0].events)

    assert (first["Object_Type__c"], first["New_Payload__c"]) == ("Asset", None)
    assert first["CreatedById"] == "005000000000001AAA"
    assert first["CreatedDate"] > 1_700_000_000_000
    assert second["CreatedDate"] == 5
    assert [result.event_id for result in results] == [found.id for found in bus.published[0].events]
    assert all(result.success and result.replay_id for result in results)


def test_a_refused_event_is_told_in_its_place(bus, open_events):
    bus.publish_results = lambda request: [
        pb.PublishResult(replay_id=b"1", correlation_key=request.events[0].id),
        pb.PublishResult(error=pb.Error(code=pb.PUBLISH, msg="too large"), correlation_key=request.events[1].id),
    ]
    taken, refused = open_events().publish(TOPIC, [{}, {}], event_ids=["a", "b"])

    assert (taken.event_id, taken.success) == ("a", True)
    assert (refused.event_id, refused.success, refused.error) == ("b", False, "too large")


@pytest.mark.parametrize(
    ("records", "said"),
    [([{"Nope__c": 1}], "Nope__c"), ([{"Object_Type__c": 5}], "does not fit"), ([{}] * 201, "200")],
)
def test_what_does_not_fit_is_refused_before_it_is_sent(bus, open_events, records, said):
    with pytest.raises(ValueError, match=said):
        open_events().publish(TOPIC, records)

    assert bus.published == []


def test_three_megabytes_fit(bus, open_events):
    with pytest.raises(ValueError, match="3 MB"):
        open_events().publish(TOPIC, [{"New_Payload__c": "x" * 800_000}] * 4)

    assert bus.published == []


def test_nothing_to_publish_makes_no_call(bus, open_events):
    assert open_events().publish(TOPIC, []) == []
    assert bus.unary == []


def test_each_event_has_one_id(open_events):
    with pytest.raises(ValueError, match="one id"):
        open_events().publish(TOPIC, [{}, {}], event_ids=["a"])


def test_a_lost_reply_leaves_the_outcome_unknown(bus, open_events):
    def lose(method, context):
        if method == "Publish":
            refuse(context, grpc.StatusCode.UNAVAILABLE)

    bus.before_unary = lose
    with pytest.raises(SalesforceError) as caught:
        open_events().publish(TOPIC, [{}])

    assert caught.value.unknown_outcome


def test_too_few_results_leave_the_outcome_unknown(bus, open_events):
    bus.publish_results = lambda _: []
    with pytest.raises(SalesforceError) as caught:
        open_events().publish(TOPIC, [{}])

    assert (caught.value.code, caught.value.unknown_outcome) == ("BAD_ANSWER", True)
