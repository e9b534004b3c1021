"""Local and offset timestamps under the rules of their zones."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from salesbridge.sandbox.billing import Clock
from salesbridge.sandbox.billing.clock import local_stamp, milliseconds_of, offset_stamp, parse_local, parse_offset

LONDON, AUCKLAND = ZoneInfo("Europe/London"), ZoneInfo("Pacific/Auckland")


def moment(text):
    return milliseconds_of(datetime.fromisoformat(text))


def test_local_stamps_follow_summer_time():
    assert local_stamp(moment("2026-03-29T00:59:59.5+00:00"), LONDON) == "2026-03-29T00:59:59.500"
    assert local_stamp(moment("2026-03-29T01:00:00+00:00"), LONDON) == "2026-03-29T02:00:00.000"


def test_offset_stamps_follow_summer_time():
    assert offset_stamp(moment("2026-04-04T13:59:59+00:00"), AUCKLAND) == "2026-04-05T02:59:59+13:00"
    assert offset_stamp(moment("2026-04-04T14:00:00+00:00"), AUCKLAND) == "2026-04-05T02:00:00+12:00"


def test_an_hour_that_happens_twice_means_the_earlier_one():
    assert parse_local("2026-10-25T01:30:00.000", LONDON) == moment("2026-10-25T00:30:00+00:00")


def test_stamps_read_back():
    at = moment("2026-07-01T10:15:00.123+00:00")
    assert parse_local(local_stamp(at, LONDON), LONDON) == at
    assert parse_offset(offset_stamp(at, AUCKLAND)) == at


@pytest.mark.parametrize("text", ["2026-07-01T10:15:00+01:00", "2026-07-01T10:15:00Z", "2026-07-01", "now"])
def test_a_local_stamp_has_no_offset(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of the standard library for some
        parse_local(text, LONDON)


def test_a_clock_never_tells_the_same_time_twice():
    clock = Clock(fixed=1000)
    assert [clock.now(), clock.now()] == [1000, 1001]
    clock.advance(2)
    assert clock.now() == 3000
