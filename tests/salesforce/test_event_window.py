from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.salesforce.event_window import Window


def opened(batch: int = 100, credit_s: float = 40.0) -> Window:
    window = Window(batch, credit_s)
    window.requested(window.due(0.0), 0.0)
    return window


def test_a_fresh_window_asks_for_a_whole_batch():
    assert Window(100, 40.0).due(0.0) == 100


def test_what_is_delivered_is_not_replaced_before_it_is_taken():
    window = opened()
    window.received(100, 0, 1.0)

    assert window.due(1.0) == 0
    window.taken(100)
    assert window.due(1.0) == 100


def test_more_is_asked_for_once_half_of_the_batch_is_free():
    window = opened()
    window.received(49, 51, 1.0)
    window.taken(49)

    assert window.due(1.0) == 0
    window.received(1, 50, 2.0)
    window.taken(1)
    assert window.due(2.0) == 50


def test_a_consumer_that_stays_away_is_bridged_by_single_credits():
    window = opened()
    window.received(100, 0, 1.0)

    assert window.wait_s(1.0) == 40.0
    assert window.due(40.9) == 0
    assert window.due(41.0) == 1
    window.requested(1, 41.0)
    assert (window.due(500.0), window.wait_s(500.0)) == (0, None)
    window.received(1, 0, 500.0)
    assert window.due(540.0) == 1


def test_credits_end_when_the_untaken_would_fill_the_memory():
    window = opened(batch=2)
    window.received(2, 0, 1.0)
    for number in range(2):
        now = 100.0 * (number + 1)
        window.requested(window.due(now), now)
        window.received(1, 0, now)

    assert window.held == 4
    assert (window.due(1000.0), window.wait_s(1000.0)) == (0, None)


def test_the_servers_count_is_taken_over_when_no_request_can_be_on_its_way():
    window = opened()
    window.received(0, 0, 11.0)

    assert window.due(11.0) == 100


def test_a_count_that_crossed_a_request_is_not_believed():
    window = opened()
    window.received(0, 0, 1.0)

    assert window.due(1.0) == 0


def test_a_batch_of_one_works():
    window = opened(batch=1)
    window.received(1, 0, 1.0)
    window.taken(1)

    assert window.due(1.0) == 1


class Steps:
    take = st.tuples(st.just("take"), st.integers(1, 100))
    deliver = st.tuples(st.just("deliver"), st.integers(1, 100))
    wait = st.tuples(st.just("wait"), st.integers(1, 120))


@given(st.integers(1, 100), st.lists(st.one_of(Steps.take, Steps.deliver, Steps.wait), max_size=60))
def test_never_more_than_the_batch_is_outstanding_and_the_untaken_stay_few(batch, steps):
    window, now, server, held = Window(batch, 40.0), 0.0, 0, 0
    for kind, amount in [("wait", 1), *steps]:
        now += amount if kind == "wait" else 0.1
        if kind == "deliver":
            count = min(amount, server)
            server, held = server - count, held + count
            window.received(count, server, now)
        elif kind == "take":
            count = min(amount, held)
            held -= count
            window.taken(count)
        if due := window.due(now):
            server += due
            window.requested(due, now)
        assert server <= batch
        assert held + server <= 2 * batch + 1


@pytest.mark.parametrize("away", [1, 45, 3600])
def test_something_is_outstanding_again_before_the_server_gives_up(away):
    window = opened()
    window.received(100, 0, 1.0)
    wait = window.wait_s(1.0)

    assert wait is not None
    assert wait < 60
    assert window.due(1.0 + wait + away) == 1
