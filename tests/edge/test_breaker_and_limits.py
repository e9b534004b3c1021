"""The breaker and the buckets by a clock of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.edge.gateway.breaker import PAUSE_S, TRIES, Breaker
from salesbridge.edge.limits import Buckets, Rate


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_breaker(clock):
    breaker = Breaker(clock)
    for _ in range(TRIES):
        assert breaker.wait_s() == 0
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_only(clock):
    breaker = Breaker(clock)
    for _ in range(3 * TRIES):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state == "closed"


def test_while_it_is_open_nothing_passes_and_then_one_trial_does(open_breaker, clock):
    assert open_breaker.wait_s() == PAUSE_S
    clock.now += PAUSE_S
    assert open_breaker.state == "half open"
    assert [open_breaker.wait_s() == 0 for _ in range(3)] == [True, False, False]


def test_a_trial_that_succeeds_closes_it_and_one_that_fails_doubles_the_pause(open_breaker, clock):
    clock.now += PAUSE_S
    open_breaker.wait_s()
    open_breaker.failed()
    assert open_breaker.wait_s() == 2 * PAUSE_S
    clock.now += 2 * PAUSE_S
    assert open_breaker.wait_s() == 0
    open_breaker.succeeded()
    assert (open_breaker.state, open_breaker.wait_s()) == ("closed", 0)


def test_a_trial_that_tells_nothing_lets_another_one_pass(open_breaker, clock):
    clock.now += PAUSE_S
    open_breaker.wait_s()
    open_breaker.given_up()
    assert open_breaker.wait_s() == 0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.floats(0.5, 20), st.floats(1, 40))
def test_never_more_passes_than_the_burst_and_the_rate_allow(pauses, per_second, burst):
    clock = Clock()
    buckets, rate, passed = Buckets(clock), Rate(per_second, burst), 0
    for pause in pauses:
        clock.now += pause
        passed += buckets.take("a", rate).wait_s == 0
        assert passed <= burst + clock.now * per_second + 1e-6


def test_whoever_waits_as_told_passes(clock):
    buckets, rate = Buckets(clock), Rate(2, 2)
    while not (wait := buckets.take("a", rate).wait_s):
        pass
    assert buckets.take("b", rate).wait_s == 0
    clock.now += wait + 1e-6
    assert buckets.take("a", rate).wait_s == 0
