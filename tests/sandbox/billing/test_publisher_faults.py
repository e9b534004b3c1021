"""Troubles of delivery on order."""

import time

import pytest
from cryptography.exceptions import InvalidSignature

from salesbridge.sandbox.billing.faults import UnknownFaultError


def customers(service, count=1):
    return [service.billing.create("customers", {"surname": f"N{at}"})["number"] for at in range(count)]


def numbers(receiver):
    return [body["data"]["customerNumber"] for body in receiver.bodies()]


def test_a_repeated_event_comes_as_often_as_ordered_with_one_id(published, receiver):
    published.faults.arm("webhook_repeat", copies=3)
    first, second = customers(published, 2)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [first, first, first, second]
    assert len({body["eventId"] for body in receiver.bodies()}) == 2


def test_a_reordered_event_comes_after_the_next(published, receiver):
    published.faults.arm("webhook_reorder")
    first, second, third = customers(published, 3)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [second, first, third]


def test_reordered_events_are_turned_round_in_groups(published, receiver):
    published.faults.arm("webhook_reorder", times=None, every=3)
    made = customers(published, 6)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [*made[2::-1], *made[:2:-1]]


def test_a_reordered_event_without_a_next_comes_all_the_same(published, receiver):
    published.faults.arm("webhook_reorder", seconds=0.05)
    made = customers(published)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == made


def test_a_lost_event_never_comes_and_nothing_waits_for_it(published, receiver):
    published.faults.arm("webhook_lost", after=1, path="customer-created")
    first, _, third = customers(published, 3)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [first, third]
    assert published.publisher.failed() == []


def test_a_late_event_is_overtaken(published, receiver):
    published.faults.arm("webhook_late", seconds=0.2)
    first, second = customers(published, 2)
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == [second, first]


def test_a_bad_signature_does_not_fit_and_the_repeat_does(published, receiver, signing_key, verify):
    receiver.answers = [401]
    published.faults.arm("webhook_bad_signature")
    customers(published)
    assert published.publisher.wait_until_idle()
    (forged, body), (right, same_body) = receiver.got
    assert body == same_body
    with pytest.raises(InvalidSignature):
        verify(forged["X-Payload-Signature"], body, signing_key.public_pem)
    verify(right["X-Payload-Signature"], body, signing_key.public_pem)


def test_an_old_timestamp_is_signed_rightly(published, receiver, signing_key, verify):
    published.faults.arm("webhook_old_timestamp", seconds=900)
    customers(published)
    assert published.publisher.wait_until_idle()
    headers, body = receiver.got[0]
    stamp = verify(headers["X-Payload-Signature"], body, signing_key.public_pem)
    assert stamp == pytest.approx(time.time() - 900, abs=10)


def test_while_the_publisher_is_down_events_wait(published, receiver):
    published.faults.arm("webhook_down")
    made = customers(published, 3)
    assert not published.publisher.wait_until_idle(0.1)
    assert (receiver.got, published.publisher.waiting) == ([], 3)
    published.faults.disarm("webhook_down")
    assert published.publisher.wait_until_idle()
    assert numbers(receiver) == made


def test_a_fault_can_be_for_one_type_of_event(published, receiver):
    published.faults.arm("webhook_lost", times=None, path="account-updated")
    published.billing.update("customers", 100000001, {"phone": "0"})
    assert published.publisher.wait_until_idle()
    assert receiver.types() == ["customer-updated"]


def test_fewer_copies_than_one_are_refused(published):
    with pytest.raises(UnknownFaultError, match="copies"):
        published.faults.arm("webhook_repeat", copies=0)
