from __future__ import annotations

import time

import grpc
import pytest

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.sandbox.salesforce.bus import DELIVERED

from .conftest import TOPIC

INVALID = grpc.StatusCode.INVALID_ARGUMENT
OK = (grpc.StatusCode.OK, None)


@pytest.fixture
def accounts(save):
    def make(*names):
        for name in names:
            save("insert", "Account", Name=name)

    return make


def subscribed(bus, stream):
    """Wait until a stream that starts at the tip has started."""
    bus.settings.keepalive_s = 0.1
    assert not stream.take().events
    bus.settings.keepalive_s = 270
    return stream


# -- where it starts -------------------------------------------------------------------------------------------------


def test_the_tip_of_the_stream_gives_new_events_only(api, bus, accounts):
    accounts("before")
    stream = subscribed(bus, api.subscribe(preset=pb.LATEST))
    accounts("after")
    assert api.names(stream.events(1)) == ["after"]


def test_the_tip_is_where_a_stream_starts_by_default(api, bus, accounts):
    accounts("before")
    stream = api.silent()
    stream.ask(1, topic_name=TOPIC)
    subscribed(bus, stream)
    accounts("after")
    assert api.names(stream.events(1)) == ["after"]


def test_the_earliest_point_gives_everything_retained(api, accounts):
    accounts("a", "b")
    stream = api.subscribe()
    assert api.names(stream.events(2)) == ["a", "b"]


def test_a_custom_point_gives_what_comes_after_it(api, accounts):
    accounts("a", "b", "c")
    seen = api.subscribe().events(3)
    stream = api.subscribe(preset=pb.CUSTOM, replay_id=seen[0].replay_id)
    assert api.names(stream.events(2)) == ["b", "c"]


def test_the_replay_id_of_an_empty_batch_is_a_point_to_resume_after(api, bus, accounts):
    bus.settings.keepalive_s = 0.1
    accounts("before")
    stream = api.subscribe(preset=pb.LATEST)
    kept = stream.take().latest_replay_id
    accounts("after")
    assert api.names(api.subscribe(preset=pb.CUSTOM, replay_id=kept).events(1)) == ["after"]


@pytest.mark.parametrize("spoil", [lambda id_: id_[:-1], lambda id_: b"\0" + id_[1:-1] + b"?", lambda _: b"x"])
def test_a_corrupt_replay_id_is_refused(api, accounts, spoil):
    accounts("a")
    [event] = api.subscribe().events(1)
    stream = api.subscribe(preset=pb.CUSTOM, replay_id=spoil(event.replay_id))
    assert stream.outcome() == (INVALID, "subscription.fetch.replayid.corrupted")


def test_a_replay_id_older_than_72_hours_is_refused(api, org, demo, accounts, clock):
    accounts("old")
    [event] = api.subscribe().events(1)
    clock.forward(hours=73)
    renewed = org.directory.open_session(demo.integration).token
    api.metadata = (("accesstoken", renewed), *api.metadata[1:])
    stream = api.subscribe(preset=pb.CUSTOM, replay_id=event.replay_id)
    assert stream.outcome() == (INVALID, "subscription.fetch.replayid.corrupted")


def test_a_custom_point_needs_a_replay_id(api):
    stream = api.subscribe(preset=pb.CUSTOM)
    assert stream.outcome() == (INVALID, "subscription.fetch.replayid.validation.failed")


def test_the_starting_point_is_read_from_the_first_request_only(api, accounts):
    accounts("a", "b")
    stream = api.subscribe(1)
    assert api.names(stream.events(1)) == ["a"]
    stream.ask(1, replay_preset=pb.EARLIEST)
    assert api.names(stream.events(1)) == ["b"]


# -- flow control ----------------------------------------------------------------------------------------------------


def test_no_more_comes_than_was_asked_for(api, accounts):
    accounts("a", "b", "c")
    stream = api.subscribe(2)
    stream.close()
    assert [len(each.events) for each in stream.call] == [2]
    assert stream.call.code() == grpc.StatusCode.OK


def test_requests_add_up_and_answers_tell_what_is_left(api, accounts):
    stream = api.subscribe(2, preset=pb.EARLIEST)
    stream.ask(3)
    stream.ask(auth_refresh=api.metadata[0][1])
    time.sleep(0.2)
    accounts("a")
    assert stream.take().pending_num_requested == 4


def test_more_than_100_pending_are_forgotten(api, org, user):
    org.save("insert", "Account", [{"Name": f"n{number}"} for number in range(150)], user=user)
    stream = api.subscribe(100)
    stream.close()
    assert sum(len(each.events) for each in stream.call) == 100
    greedy = api.subscribe(1_000)
    greedy.close()
    assert sum(len(each.events) for each in greedy.call) == 100


@pytest.mark.parametrize("number", [0, -1])
def test_asking_for_no_event_is_refused(api, number):
    stream = api.subscribe(number)
    assert stream.outcome() == (INVALID, "subscription.fetch.requested.events.invalid")


def test_asking_for_too_many_events_overflows(api):
    stream = api.subscribe(5)
    stream.ask(2**31 - 1)
    assert stream.outcome() == (INVALID, "subscription.fetch.overflow")


def test_the_topic_may_be_repeated_but_not_changed(api, accounts):
    stream = api.subscribe(1)
    stream.ask(1, topic_name=TOPIC)
    accounts("a", "b")
    assert len(stream.events(2)) == 2
    stream.ask(1, topic_name="/event/Other__e")
    assert stream.outcome() == (INVALID, "subscription.fetch.topic.mismatch")


@pytest.mark.parametrize(("topic", "code"), [("", "topic.validation.empty"), ("/event/No__e", "topic.not.found")])
def test_a_topic_that_is_not_there_is_refused(api, topic, code):
    assert api.subscribe(topic=topic).outcome()[1] == code


def test_a_topic_that_goes_ends_its_streams(api, bus, org):
    stream = subscribed(bus, api.subscribe())
    org.schema.remove_sobject("Gentrack_Object_Event__e")
    assert stream.outcome()[1] == "topic.not.found"


def test_big_events_come_in_several_answers(api, bus):
    for _ in range(3):
        api.publish(*[api.produced(Old_Payload__c="x" * 32_000, New_Payload__c="y" * 32_000) for _ in range(33)])
    stream = api.subscribe(99)
    stream.close()
    answers = list(stream.call)
    assert sum(len(each.events) for each in answers) == 99
    assert len(answers) == 3
    assert all(each.ByteSize() <= 3 * 1024 * 1024 + 100_000 for each in answers)


# -- idle streams ----------------------------------------------------------------------------------------------------


def test_a_keepalive_is_an_empty_batch_with_a_newer_replay_id(api, bus):
    bus.settings.keepalive_s = 0.1
    stream = api.subscribe(7)
    first, second = stream.take(), stream.take()
    assert (len(first.events), first.pending_num_requested) == (0, 7)
    assert first.latest_replay_id < second.latest_replay_id


def test_a_stream_that_wants_nothing_more_ends_after_its_time(api, bus, accounts):
    bus.settings.idle_s = 0.3
    accounts("a")
    stream = api.subscribe(1)
    stream.events(1)
    began = time.monotonic()
    assert stream.outcome() == OK
    assert 0.2 < time.monotonic() - began < 3


def test_a_request_in_time_keeps_the_stream(api, bus, accounts):
    bus.settings.idle_s = 1.0
    accounts("a")
    stream = api.subscribe(1)
    stream.events(1)
    stream.ask(1)
    time.sleep(1.5)
    accounts("b")
    assert api.names(stream.events(1)) == ["b"]


def test_a_stream_without_any_request_ends_too(api, bus):
    bus.settings.idle_s = 0.2
    assert api.silent().outcome() == OK


# -- sessions and allocations ----------------------------------------------------------------------------------------


def test_a_stream_ends_with_its_session(api, bus, org, token):
    stream = subscribed(bus, api.subscribe())
    org.directory.close_session(token)
    assert stream.outcome() == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")


def test_a_refreshed_session_carries_the_stream_on(api, demo, bus, token, accounts):
    stream = subscribed(bus, api.subscribe())
    stream.ask(auth_refresh=demo.org.directory.open_session(demo.integration).token)
    time.sleep(0.2)
    demo.org.directory.close_session(token)
    time.sleep(0.3)
    accounts("a")
    assert api.names(stream.events(1)) == ["a"]


def test_a_refresh_with_a_dead_token_ends_the_stream(api):
    stream = api.subscribe()
    stream.ask(auth_refresh="nonsense")
    assert stream.outcome() == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.refresh.invalid")


def test_deliveries_count_for_every_subscriber_together(api, bus, org, accounts, http):
    bus.settings.daily_deliveries = 3
    accounts("a", "b")
    assert len(api.subscribe().events(2)) == 2
    stream = api.subscribe()
    assert api.names(stream.events(1)) == ["a"]
    assert stream.outcome() == (grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded")
    assert org.limits.used(DELIVERED) == 3
    assert http.get("/limits").json()[DELIVERED]["Remaining"] == 24_997
