"""Parking: pauses grow up to a longest one, and people are told in time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.sync.parking import PATIENCE, Hold, hold_of, pause, tell

HOLDS = st.sampled_from(Hold)
ASKED = st.integers(0, 100_000).map(lambda seconds: timedelta(seconds=seconds))


@given(HOLDS, st.integers(1, 200))
def test_pauses_grow_twofold_up_to_the_longest_and_stay_there(hold, looks):
    patience, now, following = PATIENCE[hold], pause(hold, looks), pause(hold, looks + 1)
    assert patience.first <= now <= patience.longest
    assert following == min(2 * now, patience.longest)


@given(HOLDS, st.integers(1, 200), ASKED)
def test_a_pause_is_never_shorter_than_the_other_side_asked_for(hold, looks, asked):
    assert pause(hold, looks, asked) == max(asked, pause(hold, looks))


@given(HOLDS, st.integers(-3, 0))
def test_a_record_that_was_never_looked_at_waits_as_after_the_first_look(hold, looks):
    assert pause(hold, looks) == pause(hold, 1) == PATIENCE[hold].first


@given(HOLDS)
def test_a_record_that_waits_for_ever_still_has_a_pause(hold):
    assert pause(hold, 10**9) == PATIENCE[hold].longest


@pytest.mark.parametrize(
    ("hold", "seconds", "told_at"),
    [
        (Hold.UNCOMMITTED, [0.5, 1, 2, 4, 8, 8], None),
        (Hold.PARENT, [60, 120, 240, 480, 960, 1920, 3600, 3600], 3),
        (Hold.TRANSIENT, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], 9),
        (Hold.THROTTLED, [15, 30, 60, 120, 240, 480, 600, 600], 9),
        (Hold.PERMANENT, [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600], 1),
        (Hold.PERSON, [1800, 3600, 7200, 14400, 21600, 21600], 1),
    ],
)
def test_how_long_each_kind_of_waiting_takes_and_when_a_person_is_told(hold, seconds, told_at):
    assert [pause(hold, looks).total_seconds() for looks in range(1, len(seconds) + 1)] == seconds
    assert next((looks for looks in range(1, 50) if tell(hold, looks)), None) == told_at


@given(HOLDS, st.integers(1, 50))
def test_once_a_person_is_to_be_told_that_stays_so(hold, looks):
    assert not tell(hold, looks) or tell(hold, looks + 1)


def test_every_kind_of_waiting_has_its_patience():
    assert set(PATIENCE) == set(Hold)


@pytest.mark.parametrize(
    ("kind", "hold"),
    [
        ("permanent", Hold.PERMANENT),
        ("throttled", Hold.THROTTLED),
        ("transient", Hold.TRANSIENT),
        ("authentication", Hold.TRANSIENT),
    ],
)
def test_how_a_record_waits_after_an_error(kind, hold):
    assert hold_of(kind) is hold
