from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc
import pytest
from scripted_bus import TOPIC, ending, event, idle, numbers, payload, refusing

from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.event_stream import Stream
from salesbridge.salesforce.events import Events, ReplayLostError, Start

Status = grpc.StatusCode


class Relay:
    """Passes bytes on between a client and a server, until it plays dead: nothing passes, nothing is closed."""

    def __init__(self, port: int) -> None:
        self.dead = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._far = socket.create_connection(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(2)

    def _accept(self) -> None:
        self._near, _ = self._listener.accept()
        back = threading.Thread(target=self._pass, args=(self._far, self._near), daemon=True)
        self._threads.append(back)
        back.start()
        self._pass(self._near, self._far)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.dead.is_set():
                    target.sendall(data)


# flow control


def test_more_is_asked_for_only_when_the_next_delivery_is_asked_for(bus, open_events, stop):
    def script(session):
        yield session.events(*range(100))
        session.request()
        yield session.events(*range(100, 200))
        session.idle()

    bus.scripts = [script]
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    next(stream)
    time.sleep(0.3)
    assert [request.num_requested for request in bus.sessions[0].requests] == [100]
    assert len(next(stream).events) == 100
    assert [request.num_requested for request in bus.sessions[0].requests] == [100, 100]


def test_never_more_than_a_hundred_events_are_outstanding(bus, open_events, stop):
    def script(session):
        sent = 0
        while sent < 1000:
            if session.outstanding == 0:
                session.over.wait(0.01)
                continue
            count = min(session.outstanding, 7, 1000 - sent)
            yield session.events(*range(sent, sent + count))
            sent += count
        session.idle()

    bus.scripts = [script]
    heard = []
    for delivery in open_events().subscribe(TOPIC, Start.LATEST, stop=stop):
        heard += numbers(delivery)
        if len(heard) == 1000:
            stop.set()

    assert heard == [str(number) for number in range(1000)]
    assert bus.sessions[0].most_outstanding <= 100
    assert len(bus.sessions[0].requests) <= 21


def test_a_slow_consumer_keeps_its_stream(bus, open_events, stop):
    asked = threading.Event()

    def script(session):
        yield session.events(1, 2)
        assert session.request().num_requested == 1
        asked.set()
        yield session.events(3)
        session.idle()

    bus.scripts = [script]
    stream = open_events(batch=2, credit_s=0.2).subscribe(TOPIC, Start.LATEST, stop=stop)
    next(stream)

    assert asked.wait(3), "the server hears of us although nobody asks for the next delivery"
    assert numbers(next(stream)) == ["3"]
    assert bus.sessions[0].most_outstanding <= 2


@pytest.mark.parametrize("batch", [0, 101])
def test_a_batch_is_one_to_a_hundred(open_events, batch):
    with pytest.raises(ValueError, match="100"):
        open_events(batch=batch)


# how it ends


def test_stop_ends_a_silent_subscription_within_a_second(bus, open_events, stop):
    bus.scripts = [idle]
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()

    assert list(open_events().subscribe(TOPIC, Start.LATEST, stop=stop)) == []
    assert time.monotonic() - begun < 1.3
    assert bus.sessions[0].over.wait(1), "the server sees the call cancelled"


def test_stop_is_heard_before_anything_is_asked(bus, open_events, stop):
    stop.set()

    assert list(open_events().subscribe(TOPIC, Start.LATEST, stop=stop)) == []
    assert bus.sessions == []


def test_stop_ends_the_wait_for_a_schema(bus, open_events, stop):
    bus.scripts = [lambda session: itertools.chain([session.events(1)], idle(session))]
    bus.before_unary = lambda *_: bus.sessions[0].over.wait(5)
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()

    assert list(open_events().subscribe(TOPIC, Start.LATEST, stop=stop)) == []
    assert time.monotonic() - begun < 1.3


def test_a_consumer_that_walks_away_leaves_nothing_running(bus, open_events, stop):
    bus.scripts = [lambda session: itertools.chain([session.events(1)], idle(session))]
    before = set(threading.enumerate())
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    next(stream)
    stream.close()

    assert bus.sessions[0].over.wait(1)
    assert not [found for found in set(threading.enumerate()) - before if found.name.startswith("events ")]


def test_closing_ends_the_subscriptions(bus, open_events, stop):
    bus.scripts = [idle]
    events = open_events()
    threading.Timer(0.3, events.close).start()

    assert list(events.subscribe(TOPIC, Start.LATEST, stop=stop)) == []
    with pytest.raises(ValueError, match="closed"):
        next(events.subscribe(TOPIC, Start.LATEST, stop=stop))


def test_silence_is_a_passing_trouble(bus, open_events, stop):
    bus.scripts = [idle]
    begun = time.monotonic()
    with pytest.raises(SalesforceError) as caught:
        next(open_events(watchdog_s=0.5).subscribe(TOPIC, Start.LATEST, stop=stop))

    assert (caught.value.code, caught.value.kind) == ("STREAM_SILENT", "transient")
    assert time.monotonic() - begun < 2
    assert bus.sessions[0].over.wait(1), "the call is torn down"


def test_signs_of_life_calm_the_watchdog(bus, open_events, stop):
    def script(session):
        for number in range(5):
            session.over.wait(0.3)
            yield session.response([], latest=bytes([number]))
        session.idle()

    bus.scripts = [script]
    stream = open_events(watchdog_s=0.8).subscribe(TOPIC, Start.LATEST, stop=stop)

    assert [found.latest_replay_id for found in itertools.islice(stream, 5)] == [bytes([n]) for n in range(5)]
    with pytest.raises(SalesforceError, match="STREAM_SILENT"):
        next(stream)


def test_a_stream_that_the_server_ends_is_a_passing_trouble(bus, open_events, stop):
    bus.scripts = [ending(1)]
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    next(stream)
    with pytest.raises(SalesforceError) as caught:
        next(stream)

    assert (caught.value.code, caught.value.kind) == ("STREAM_ENDED", "transient")


def test_a_server_that_goes_away_is_a_passing_trouble(bus, open_events, stop):
    bus.scripts = [idle]
    threading.Timer(0.3, bus.stop).start()
    with pytest.raises(SalesforceError) as caught:
        next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))

    assert caught.value.kind == "transient"


@pytest.mark.parametrize("code", ["corrupted", "validation.failed"])
def test_a_dead_place_is_told_apart(bus, open_events, stop, code):
    bus.scripts = [refusing(Status.INVALID_ARGUMENT, f"subscription.fetch.replayid.{code}")]
    with pytest.raises(ReplayLostError):
        next(open_events().subscribe(TOPIC, Start.after(b"old"), stop=stop))


def test_the_used_up_allowance_is_told_apart(bus, open_events, stop):
    bus.scripts = [refusing(Status.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", after=(1,))]
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    assert numbers(next(stream)) == ["1"]
    with pytest.raises(SalesforceError) as caught:
        next(stream)

    assert (caught.value.code, caught.value.kind) == ("EVENT_ALLOCATION", "throttled")


def test_stop_ends_an_attempt_to_connect_to_a_host_that_never_answers(sandboxed, stop):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        threading.Timer(0.3, stop.set).start()
        begun = time.monotonic()
        with Events(sandboxed, address=address, plaintext=True) as events:
            assert list(events.subscribe(TOPIC, Start.LATEST, stop=stop)) == []

    assert time.monotonic() - begun < 1.3


def test_nothing_more_is_asked_for_once_stop_is_set(bus, open_events, stop, monkeypatch):
    taken = []
    monkeypatch.setattr(Stream, "taken", lambda _, count: taken.append(count))
    bus.scripts = [lambda session: iter([session.events(1, 2), session.events(3)])]
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    next(stream)
    next(stream)
    stop.set()

    assert list(stream) == []
    assert taken == [2]


def test_a_connection_that_goes_dead_is_noticed_by_pings(bus, sandboxed, stop):
    bus.scripts = [lambda session: itertools.chain([session.events(1)], idle(session))]
    bus.start()
    with (
        Relay(bus.port) as relay,
        Events(sandboxed, address=f"127.0.0.1:{relay.port}", plaintext=True, ping_s=0.5) as events,
    ):
        stream = events.subscribe(TOPIC, Start.LATEST, stop=stop)
        next(stream)
        relay.dead.set()
        begun = time.monotonic()
        with pytest.raises(SalesforceError) as caught:
            next(stream)

    assert caught.value.kind == "transient"
    assert time.monotonic() - begun < 4


def test_a_server_that_wants_fewer_pings_is_a_passing_trouble(bus, open_events, stop):
    bus.scripts = [idle]
    bus.start(least_ping_ms=300_000)
    with pytest.raises(SalesforceError, match="pings") as caught:
        next(open_events(ping_s=0.2).subscribe(TOPIC, Start.LATEST, stop=stop))

    assert caught.value.kind == "transient"


def test_subscriptions_of_one_bus_do_not_wait_for_each_other(bus, open_events, stop):
    bus.scripts = [idle, lambda session: itertools.chain([session.events(1)], idle(session))]
    events = open_events()
    with ThreadPoolExecutor(1) as pool:
        silent = pool.submit(list, events.subscribe("/event/Silent__e", Start.LATEST, stop=stop))
        while not bus.sessions:
            time.sleep(0.01)
        stream = events.subscribe(TOPIC, Start.LATEST, stop=stop)
        assert numbers(next(stream)) == ["1"]
        stop.set()
        assert silent.result(2) == []
        assert list(stream) == []


def test_many_subscriptions_leave_no_thread_behind(bus, open_events, stop):
    bus.scripts = [lambda session: itertools.chain([session.events(1)], idle(session))]
    events = open_events()
    counts = []
    for _ in range(12):
        stream = events.subscribe(TOPIC, Start.LATEST, stop=stop)
        next(stream)
        stream.close()
        bus.sessions[-1].over.wait(1)
        time.sleep(0.05)
        counts.append(threading.active_count())

    assert counts[-1] <= max(counts[:8])


def test_a_response_of_several_megabytes_is_heard(bus, open_events, stop):
    big = payload(New_Payload__c="x" * 900_000)
    bus.scripts = [lambda session: iter([session.response([event(number, body=big) for number in range(6)])])]

    assert len(next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop)).events) == 6
