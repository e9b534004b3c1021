"""Events on their way: signed, repeated, in order where one is posted at a time, and silent when switched off."""

import datetime as dt
import threading
import time
import uuid

import pytest

from salesbridge.sandbox.billing import Billing, Retries, Seed, Service, SigningKey
from salesbridge.sandbox.billing.publisher import UnknownSubscriptionError

PHONE = {"phone": "0"}
CUSTOMER = 100000001


def new_customers(service, count):
    return [service.billing.create("customers", {"surname": f"N{at}"})["number"] for at in range(count)]


def numbers(receiver):
    return [body["data"]["customerNumber"] for body in receiver.bodies()]


def test_an_event_has_the_documented_envelope(published, receiver):
    [number] = new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    [body] = receiver.bodies()
    [subscription] = published.publisher.subscriptions()
    assert str(uuid.UUID(body.pop("eventId")))
    moment = dt.datetime.fromisoformat(body.pop("createdAt"))
    assert moment.utcoffset() == dt.timedelta()
    assert moment.timestamp() * 1000 == pytest.approx(published.billing.changes()[0].at)
    assert body == {
        "appId": subscription.app_id,
        "tenantId": "7",
        "eventType": "customer-created",
        "eventSource": "junifer",
        "version": 1,
        "data": {"customerNumber": number},
    }
    assert receiver.got[0][0]["Content-Type"] == "application/json"
    assert receiver.paths == ["/hooks?from=billing"]


def test_the_signature_is_checked_with_the_public_key_and_tells_the_sandbox_clock(
    published, receiver, signing_key, verify
):
    published.billing.clock.advance(7200)
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    headers, body = receiver.got[0]
    stamp = verify(headers["X-Payload-Signature"], body, signing_key.public_pem)
    assert stamp == pytest.approx(time.time() + 7200, abs=10)


def test_events_arrive_in_commit_order_over_one_connection(published, receiver):
    made = new_customers(published, 50)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == made
    assert len(receiver.sockets) == 1


def test_changes_of_several_threads_are_told_in_commit_order(published, receiver):
    threads = [threading.Thread(target=new_customers, args=(published, 25)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [change.key for change in published.billing.changes()]
    assert len(receiver.got) == 100


def test_nothing_is_told_while_publishing_is_off_nor_later(published, receiver):
    published.billing.publishing = False
    new_customers(published, 3)
    published.billing.publishing = True
    [last] = new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [last]


def test_a_refused_event_comes_again_with_its_id_and_a_new_signature(published, receiver, signing_key, verify):
    receiver.answers = [500, 302, 401]
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    assert len(receiver.got) == 4
    assert len({body for _, body in receiver.got}) == 1
    for headers, body in receiver.got:
        verify(headers["X-Payload-Signature"], body, signing_key.public_pem)
    attempts = published.publisher.deliveries()
    assert [(one.attempt, one.status, one.success) for one in attempts] == [
        (1, 500, False),
        (2, 302, False),
        (3, 401, False),
        (4, 200, True),
    ]
    assert {one.event_id for one in attempts} == {receiver.bodies()[0]["eventId"]}
    assert all(one.latency > 0 for one in attempts)
    assert published.publisher.deliveries(after=3) == attempts[3:]
    assert published.publisher.failed() == []


def test_the_time_of_a_signature_is_that_of_the_attempt(receiver, signing_key, verify):
    service = Service(Billing(Seed(1)))
    service.publisher.subscribe(receiver.url, key=signing_key, retries=Retries(pauses=(0.2,)))
    receiver.answers = [503]
    new_customers(service, 1)
    while not service.publisher.deliveries():
        time.sleep(0.01)
    service.billing.clock.advance(100)
    assert service.publisher.wait_until_idle()
    service.publisher.stop()
    first, second = (verify(h["X-Payload-Signature"], body, signing_key.public_pem) for h, body in receiver.got)
    assert second - first >= 99


def test_the_usual_pauses_grow_to_seven_attempts_in_forty_minutes():
    pauses = Retries().pauses
    assert (len(pauses) + 1, sum(pauses)) == (7, 2400)
    assert list(pauses) == sorted(pauses)


def test_after_the_last_attempt_an_event_is_given_up_and_listed(published, receiver):
    receiver.answers = [500] * 7
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    [given_up] = published.publisher.failed()
    assert (given_up.attempts, given_up.event_type) == (7, "customer-created")
    assert {body["eventId"] for body in receiver.bodies()} == {given_up.event_id}
    assert len(receiver.got) == 7


def test_an_answer_that_does_not_come_in_time_is_a_failed_attempt(receiver, signing_key):
    service = Service(Billing(Seed(1)))
    receiver.delay = 0.5
    service.publisher.subscribe(receiver.url, key=signing_key, retries=Retries(pauses=(), timeout=0.1))
    new_customers(service, 1)
    assert service.publisher.wait_until_idle()
    service.publisher.stop()
    [attempt] = service.publisher.deliveries()
    assert (attempt.status, attempt.response) == (None, "no answer within 0.1 s")


def test_a_webhook_that_does_not_listen_is_a_failed_attempt(signing_key):
    service = Service(Billing(Seed(1)))
    service.publisher.subscribe("http://127.0.0.1:9", key=signing_key, retries=Retries(pauses=(0.01,)))
    new_customers(service, 1)
    assert service.publisher.wait_until_idle()
    service.publisher.stop()
    assert [one.status for one in service.publisher.deliveries()] == [None, None]
    assert service.publisher.failed()[0].attempts == 2


def test_a_connection_closed_while_idle_costs_no_attempt(published, receiver):
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    receiver.sockets[0].shutdown(2)
    time.sleep(0.05)
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    assert [one.success for one in published.publisher.deliveries()] == [True, True]


def test_several_are_posted_at_once_unless_told(receiver, signing_key):
    service = Service(Billing(Seed(1)))
    service.publisher.subscribe(receiver.url, key=signing_key)
    receiver.delay = 0.2
    new_customers(service, 8)
    assert service.publisher.wait_until_idle()
    service.publisher.stop()
    assert receiver.most_at_once == 4


def test_an_app_gets_the_types_it_wants_and_the_connectivity_test(published, receiver, signing_key):
    publisher = published.publisher
    publisher.unsubscribe(publisher.subscriptions()[0].app_id)
    app = publisher.subscribe(receiver.url, {"account-updated"}, key=signing_key, concurrency=1)
    published.billing.update("customers", CUSTOMER, PHONE)
    published.billing.publishing = False
    event_id = publisher.ping(app.app_id)
    assert publisher.wait_until_idle()
    assert set(receiver.types()) == {"account-updated", "integration:ping"}
    ping = receiver.bodies()[-1]
    assert (ping["eventId"], ping["data"]) == (event_id, {"message": "Connectivity test"})
    assert "eventSource" not in ping


def test_two_apps_get_the_same_event_each_in_its_own_envelope(published, receiver, verify):
    other = published.publisher.subscribe(receiver.url, key=SigningKey(), app_id=str(uuid.uuid4()))
    new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    bodies = receiver.bodies()
    assert len({body["eventId"] for body in bodies}) == 1
    assert len({body["appId"] for body in bodies}) == 2
    headers, body = next(got for got in receiver.got if other.app_id.encode() in got[1])
    verify(headers["X-Payload-Signature"], body, other.key.public_pem)


def test_an_event_of_an_unknown_type_can_be_sent_by_hand(published, receiver):
    published.publisher.publish("velocity::METER_READ", {"x": "1"})
    assert published.publisher.wait_until_idle()
    assert receiver.types() == ["velocity::METER_READ"]


@pytest.mark.parametrize(
    "endpoint", ["http://example.com/x", "http://10.0.0.1/", "ftp://127.0.0.1/", "127.0.0.1:80", ""]
)
def test_an_endpoint_outside_this_machine_is_refused(published, endpoint):
    with pytest.raises(ValueError, match="no address of this machine"):
        published.publisher.subscribe(endpoint)


def test_an_unknown_app_cannot_be_tested_or_unsubscribed(published):
    with pytest.raises(UnknownSubscriptionError):
        published.publisher.ping("nobody")
    with pytest.raises(UnknownSubscriptionError):
        published.publisher.unsubscribe("nobody")


def test_a_stopped_publisher_leaves_no_thread_and_tells_nothing(published, receiver):
    receiver.delay = 30
    new_customers(published, 5)
    began = time.monotonic()
    published.publisher.stop()
    assert time.monotonic() - began < 2
    assert not [thread for thread in threading.enumerate() if thread.name == "billing-publisher"]
    new_customers(published, 1)
    assert published.publisher.waiting == 0


def test_it_can_be_subscribed_again_after_a_stop(published, receiver, signing_key):
    published.publisher.stop()
    published.publisher.subscribe(receiver.url, key=signing_key)
    made = new_customers(published, 1)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == made


def test_a_key_is_kept_as_pem(signing_key):
    assert SigningKey(signing_key.private_pem()).public_pem == signing_key.public_pem
    assert signing_key.private_pem()[30:60] not in repr(signing_key)


def test_more_than_the_queue_holds_is_given_up(published, receiver, monkeypatch):
    monkeypatch.setattr("salesbridge.sandbox.billing.line.MOST_WAITING", 2)
    published.publisher.unsubscribe(published.publisher.subscriptions()[0].app_id)
    app = published.publisher.subscribe(receiver.url, concurrency=1, key=SigningKey())
    published.faults.arm("webhook_down")
    new_customers(published, 3)
    assert published.publisher.waiting == 2
    [given_up] = published.publisher.failed()
    assert (given_up.app_id, given_up.attempts, given_up.reason) == (app.app_id, 0, "2 events wait already")
    published.faults.disarm()
    assert published.publisher.wait_until_idle()
    assert len(receiver.got) == 2
