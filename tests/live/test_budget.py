from __future__ import annotations

from salesbridge.engine.live.budget import Bucket


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_minutes_worth_of_calls_may_be_made_at_once_and_then_no_more():
    clock = Clock()
    bucket = Bucket(60, clock)
    assert bucket.allows(100)
    assert bucket.allows(159)
    assert not bucket.allows(161)


def test_calls_come_back_with_time_but_never_more_than_a_minutes_worth():
    clock = Clock()
    bucket = Bucket(60, clock)
    bucket.allows(0)
    assert not bucket.allows(61)
    clock.now = 10
    assert bucket.allows(61)
    clock.now = 10_000
    assert bucket.allows(61)
    assert not bucket.allows(61 + 61)


def test_a_connection_that_counts_anew_costs_nothing():
    bucket = Bucket(60, Clock())
    bucket.allows(1_000)
    assert bucket.allows(0)
