from __future__ import annotations

import contextlib
import threading
import time

import grpc
import pytest

from salesbridge.protocols import pubsub_api_pb2 as pb

from .conftest import TOPIC

CUT = (grpc.StatusCode.UNAVAILABLE, None)
CORRUPTED = (grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


@pytest.fixture
def accounts(save):
    def make(*names):
        for name in names:
            save("insert", "Account", Name=name)

    return make


@pytest.fixture
def alive(bus, api):
    """A stream that has been heard of, at the tip."""
    bus.settings.keepalive_s = 0.1
    stream = api.subscribe(preset=pb.LATEST)
    stream.take()
    bus.settings.keepalive_s = 270
    return stream


def test_a_stream_is_cut_after_the_events_let_through(api, org, accounts):
    accounts(*"abcde")
    org.faults.arm("stream_cut", after=3)
    stream = api.subscribe()
    assert api.names(stream.events(3)) == ["a", "b", "c"]
    assert stream.outcome() == CUT


def test_an_idle_stream_is_cut_at_once(org, alive):
    org.faults.arm("stream_cut")
    assert alive.outcome() == CUT


def test_what_a_cut_stream_did_not_deliver_comes_after_resuming(api, org, accounts):
    accounts("a", "b")
    org.faults.arm("stream_cut", after=1)
    [event] = api.subscribe().events(1)
    assert api.names(api.subscribe(preset=pb.CUSTOM, replay_id=event.replay_id).events(1)) == ["b"]


def test_a_stalled_stream_sends_neither_events_nor_keepalives(org, bus, alive, accounts):
    org.faults.arm("stream_stall")
    time.sleep(0.4)
    bus.settings.keepalive_s = bus.settings.idle_s = 0.05
    accounts("unheard")
    answers = []
    reader = threading.Thread(target=_collect, args=(alive.call, answers))
    reader.start()
    time.sleep(0.6)
    assert alive.call.is_active()
    alive.call.cancel()
    reader.join()
    assert answers == []


def _collect(call, answers):
    with contextlib.suppress(grpc.RpcError):
        answers.extend(call)


def test_a_stall_of_some_seconds_passes(api, org, accounts, alive):
    org.faults.arm("stream_stall", seconds=0.5)
    time.sleep(0.3)
    accounts("late")
    began = time.monotonic()
    assert api.names(alive.events(1)) == ["late"]
    assert time.monotonic() - began > 0.1


def test_the_next_custom_subscription_is_refused_as_corrupted(api, org, accounts):
    accounts("a")
    [event] = api.subscribe().events(1)
    org.faults.arm("replay_invalid")
    assert len(api.subscribe().events(1)) == 1
    assert api.subscribe(preset=pb.CUSTOM, replay_id=event.replay_id).outcome() == CORRUPTED
    later = api.subscribe(preset=pb.CUSTOM, replay_id=event.replay_id)
    accounts("b")
    assert api.names(later.events(1)) == ["b"]


def test_a_stream_reset_cuts_streams_and_loses_events_and_replay_ids(api, org, bus, accounts, alive):
    accounts("lost")
    [event] = alive.events(1)
    org.faults.arm("stream_reset")
    assert alive.outcome() == CUT
    assert bus.retained(TOPIC) == []
    assert api.subscribe(preset=pb.CUSTOM, replay_id=event.replay_id).outcome() == CORRUPTED
    accounts("new")
    assert api.names(api.subscribe().events(1)) == ["new"]


def test_a_reset_by_hand_cuts_every_stream(bus, alive):
    bus.reset()
    assert alive.outcome() == CUT


def test_a_token_expires_under_its_stream(org, alive, token, http):
    org.faults.arm("token_expired_stream")
    assert alive.outcome() == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")
    assert http.get("/sobjects").status_code == 401


def test_the_delivery_limit_strikes_on_order(api, org, accounts):
    accounts("a")
    org.faults.arm("delivery_limit")
    assert api.subscribe().outcome() == (grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded")
    assert api.names(api.subscribe().events(1)) == ["a"]


def test_a_duplicate_is_delivered_with_the_same_uuid(api, org, accounts):
    org.faults.arm("duplicate_events")
    accounts("a")
    first, second = api.subscribe().events(2)
    assert first.event.id == second.event.id
    assert first.replay_id < second.replay_id


def test_a_lost_event_leaves_no_trace(api, org, accounts):
    org.faults.arm("lost_events", after=1)
    accounts("a", "lost", "b")
    assert api.names(api.subscribe().events(2)) == ["a", "b"]


def test_events_come_out_of_order_on_order(api, org, accounts):
    org.faults.arm("reorder_events")
    accounts("a", "b")
    assert api.names(api.subscribe().events(2)) == ["b", "a"]


def test_an_overtaken_event_comes_late_even_when_nothing_follows(api, org, accounts):
    stream = api.subscribe()
    org.faults.arm("reorder_events")
    accounts("alone")
    assert api.names(stream.events(1)) == ["alone"]


def test_an_event_of_a_save_that_failed_is_heard(api, org, user):
    org.faults.arm("event_before_commit")
    assert not org.save("insert", "Account", [{"Name": "ghost"}], user=user)[0].success
    assert api.names(api.subscribe().events(1)) == ["ghost"]


def test_a_fault_armed_over_http_hits_too(http, served, api, accounts):
    accounts("a")
    armed = http.post(f"{served.url}/sandbox/faults", json={"name": "stream_cut", "after": 1})
    assert armed.status_code == 200
    assert api.subscribe().outcome() == CUT


def test_resuming_after_every_cut_loses_and_repeats_nothing(api, org, bus, accounts):
    writers = [threading.Thread(target=accounts, args=[f"{one}-{n}" for n in range(40)]) for one in range(3)]
    for writer in writers:
        writer.start()
    org.faults.arm("stream_cut", times=None, share=0.05, seed=3)
    heard, start = [], {"preset": pb.EARLIEST}
    while len(heard) < 120:
        stream = api.subscribe(7, **start)
        with contextlib.suppress(grpc.RpcError):
            while len(heard) < 120:
                heard += stream.take().events
                stream.ask(1)
        stream.cancel()
        start = {"preset": pb.CUSTOM, "replay_id": heard[-1].replay_id} if heard else start
    for writer in writers:
        writer.join()
    assert [each.event.id for each in heard] == [each.uuid for each in bus.retained(TOPIC)]
    assert org.faults.armed("stream_cut").fired > 1
