from __future__ import annotations

import itertools
from datetime import UTC, datetime

import grpc
import httpx2
import pytest
from scripted_bus import CREATED_MS, TOPIC, ending, event, idle, numbers, payload, refusing

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.events import Start, UnreadableEventError

Status = grpc.StatusCode


# what is delivered


def test_events_come_decoded_with_their_place_and_time(bus, open_events, stop):
    bus.scripts = [ending(1, 2)]
    delivery = next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))
    first = delivery.events[0]

    assert (first.event_id, first.replay_id) == ("uuid-1", b"\0\0\0\1")
    assert first.values == {
        "CreatedDate": CREATED_MS,
        "CreatedById": "005",
        "Object_Type__c": "Account",
        "New_Payload__c": "1",
    }
    assert first.created_at == datetime.fromtimestamp(CREATED_MS // 1000, UTC).replace(microsecond=123_000)
    assert delivery.pending == 98


def test_the_place_is_that_of_the_last_event_and_without_events_what_the_server_names(bus, open_events, stop):
    def script(session):
        yield session.events(1, 2)
        yield session.response([], latest=b"further")
        yield session.response([], latest=b"")
        session.idle()

    bus.scripts = [script]
    deliveries = itertools.islice(open_events().subscribe(TOPIC, Start.LATEST, stop=stop), 3)

    assert [(len(found.events), found.latest_replay_id) for found in deliveries] == [
        (2, b"\0\0\0\2"),
        (0, b"further"),
        (0, b"further"),
    ]


def test_every_call_says_who_we_are(bus, open_events, stop):
    bus.scripts = [ending(1)]
    events = open_events()
    next(events.subscribe(TOPIC, Start.LATEST, stop=stop))
    events.topic(TOPIC)
    seen = [bus.sessions[0].metadata, *bus.asked("GetSchema"), *bus.asked("GetTopic")]

    assert len(seen) == 3
    for metadata in seen:
        assert metadata["accesstoken"] == "token-1"
        assert metadata["instanceurl"] == "https://acme-1.my.salesforce.com"
        assert metadata["tenantid"] == "00D000000000001EAA"


@pytest.mark.parametrize(
    ("start", "place"),
    [
        (Start.LATEST, (pb.LATEST, b"")),
        (Start.EARLIEST, (pb.EARLIEST, b"")),
        (Start.after(b"\0x"), (pb.CUSTOM, b"\0x")),
    ],
)
def test_only_the_first_request_names_where_to_start(bus, open_events, stop, start, place):
    def script(session):
        yield session.events(1, 2)
        session.request()
        yield session.response([])
        session.idle()

    bus.scripts = [script]
    stream = open_events(batch=2).subscribe(TOPIC, start, stop=stop)
    next(stream)
    next(stream)
    first, second = bus.sessions[0].requests

    assert (first.topic_name, first.replay_preset, first.replay_id) == (TOPIC, *place)
    assert (second.replay_preset, second.replay_id) == (pb.LATEST, b"")


def test_there_is_no_place_without_a_replay_id():
    with pytest.raises(ValueError, match="replay id"):
        Start.after(b"")


def test_a_schema_is_fetched_once(bus, open_events, stop):
    bus.schemas["schema-2"] = bus.schemas["schema-1"]

    def script(session):
        yield session.events(1, 2)
        session.sent += 1
        yield session.response([event(3, schema_id="schema-2")])
        session.idle()

    bus.scripts = [script]
    events = open_events()
    for _ in range(2):
        stream = events.subscribe(TOPIC, Start.LATEST, stop=stop)
        assert [numbers(found) for found in itertools.islice(stream, 2)] == [["1", "2"], ["3"]]
        stream.close()
    assert len(bus.asked("GetSchema")) == 2


def test_an_unreadable_event_is_named_and_those_before_it_are_delivered(bus, open_events, stop):
    def script(session):
        yield session.response([event(1), event(2, body=payload()[:-3]), event(3)])
        session.idle()

    bus.scripts = [script]
    stream = open_events().subscribe(TOPIC, Start.LATEST, stop=stop)
    before = next(stream)
    with pytest.raises(UnreadableEventError) as caught:
        next(stream)

    assert (numbers(before), before.latest_replay_id) == (["1"], b"\0\0\0\1")
    assert (caught.value.event_id, caught.value.replay_id) == ("uuid-2", b"\0\0\0\2")
    assert (caught.value.kind, caught.value.code) == ("permanent", "EVENT_UNREADABLE")


def test_a_schema_that_is_none_is_told(bus, open_events, stop):
    bus.schemas["schema-1"] = '"string"'
    bus.scripts = [ending(1)]
    with pytest.raises(SalesforceError) as caught:
        next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))

    assert caught.value.code == "SCHEMA_UNREADABLE"


# who we are


def test_an_expired_token_is_renewed_and_the_stream_goes_on_after_the_last_delivery(bus, open_events, wire, stop):
    bus.scripts = [refusing(Status.UNAUTHENTICATED, "service.auth.error", after=(1, 2)), ending(3)]
    stream = open_events().subscribe(TOPIC, Start.EARLIEST, stop=stop)

    assert [numbers(found) for found in itertools.islice(stream, 2)] == [["1", "2"], ["3"]]
    again = bus.sessions[1]
    assert (again.requests[0].replay_preset, again.requests[0].replay_id) == (pb.CUSTOM, b"\0\0\0\2")
    assert again.metadata["accesstoken"] == "token-2"
    assert len(wire.login_requests) == 2


def test_a_token_may_expire_many_times(bus, open_events, wire, stop):
    expiring = [refusing(Status.UNAUTHENTICATED, after=(number,)) for number in range(4)]
    bus.scripts = [*expiring, idle]
    stream = open_events().subscribe(TOPIC, Start.EARLIEST, stop=stop)

    assert [numbers(found) for found in itertools.islice(stream, 4)] == [["0"], ["1"], ["2"], ["3"]]


def test_a_token_refused_right_after_sign_in_is_an_error_not_a_loop(bus, open_events, wire, stop):
    bus.scripts = [refusing(Status.UNAUTHENTICATED, "service.auth.error", said="token-1 and token-2 are bad")]
    with pytest.raises(SalesforceError) as caught:
        next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))

    assert caught.value.kind == "authentication"
    assert "just issued" in caught.value.mend
    assert "token-2" not in str(caught.value)
    assert (len(bus.sessions), len(wire.login_requests)) == (2, 2)


def test_headers_that_are_refused_are_not_an_expiry(bus, open_events, wire, stop):
    bus.scripts = [refusing(Status.UNAUTHENTICATED, "service.auth.headers.invalid")]
    with pytest.raises(SalesforceError) as caught:
        next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))

    assert caught.value.kind == "authentication"
    assert len(wire.login_requests) == 1


def test_a_single_call_renews_an_expired_token_once(bus, open_events, wire):
    def only_second(_, context):
        if dict(context.invocation_metadata())["accesstoken"] != "token-2":
            context.abort(Status.UNAUTHENTICATED, "expired")

    bus.before_unary = only_second
    assert open_events().topic(TOPIC).can_subscribe
    bus.before_unary = lambda _, context: context.abort(Status.UNAUTHENTICATED, "expired")
    with pytest.raises(SalesforceError) as caught:
        open_events().topic(TOPIC)

    assert caught.value.kind == "authentication"
    assert len(wire.login_requests) == 3


def test_a_refused_sign_in_is_told_as_such(bus, open_events, wire, stop):
    wire.logins = [httpx2.Response(400, json={"error": "invalid_grant", "error_description": "authentication failure"})]
    bus.scripts = [idle]
    with pytest.raises(SalesforceError) as caught:
        next(open_events().subscribe(TOPIC, Start.LATEST, stop=stop))

    assert (caught.value.kind, caught.value.code) == ("authentication", "invalid_grant")


def test_nothing_secret_is_shown(bus, open_events, stop):
    bus.scripts = [refusing(Status.INTERNAL, said="accesstoken: token-1 of 00D000000000001!AQabc.def_1")]
    events = open_events()
    with pytest.raises(SalesforceError) as caught:
        next(events.subscribe(TOPIC, Start.LATEST, stop=stop))

    assert not [secret for secret in ("token-1", "AQabc") if secret in str(caught.value)]
    assert caught.value.__context__ is None
    assert "token" not in repr(events)
