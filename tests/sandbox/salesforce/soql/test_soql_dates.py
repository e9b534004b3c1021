from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.sandbox.salesforce.soql.ranges import DayRange, Today, day_range

WEDNESDAY = Today(datetime(2026, 3, 18, 10, 30, tzinfo=UTC), UTC)
moments = st.integers(-25_567, 84_000).map(
    lambda days: Today(datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=days), UTC)
)


@pytest.mark.parametrize(
    ("literal", "first", "end"),
    [
        ("YESTERDAY", "2026-03-17", "2026-03-18"),
        ("TODAY", "2026-03-18", "2026-03-19"),
        ("TOMORROW", "2026-03-19", "2026-03-20"),
        ("LAST_WEEK", "2026-03-09", "2026-03-16"),
        ("THIS_WEEK", "2026-03-16", "2026-03-23"),
        ("NEXT_WEEK", "2026-03-23", "2026-03-30"),
        ("LAST_MONTH", "2026-02-01", "2026-03-01"),
        ("THIS_MONTH", "2026-03-01", "2026-04-01"),
        ("NEXT_MONTH", "2026-04-01", "2026-05-01"),
        ("LAST_90_DAYS", "2025-12-18", "2026-03-19"),
        ("NEXT_90_DAYS", "2026-03-19", "2026-06-17"),
        ("LAST_N_DAYS:1", "2026-03-17", "2026-03-19"),
        ("NEXT_N_DAYS:2", "2026-03-19", "2026-03-21"),
        ("N_DAYS_AGO:3", "2026-03-15", "2026-03-16"),
        ("NEXT_N_WEEKS:2", "2026-03-23", "2026-04-06"),
        ("LAST_N_WEEKS:2", "2026-03-02", "2026-03-16"),
        ("N_WEEKS_AGO:1", "2026-03-09", "2026-03-16"),
        ("NEXT_N_MONTHS:2", "2026-04-01", "2026-06-01"),
        ("LAST_N_MONTHS:14", "2025-01-01", "2026-03-01"),
        ("N_MONTHS_AGO:3", "2025-12-01", "2026-01-01"),
        ("THIS_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_QUARTER", "2025-10-01", "2026-01-01"),
        ("NEXT_QUARTER", "2026-04-01", "2026-07-01"),
        ("NEXT_N_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("LAST_N_QUARTERS:2", "2025-07-01", "2026-01-01"),
        ("N_QUARTERS_AGO:1", "2025-10-01", "2026-01-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("NEXT_YEAR", "2027-01-01", "2028-01-01"),
        ("NEXT_N_YEARS:5", "2027-01-01", "2032-01-01"),
        ("LAST_N_YEARS:5", "2021-01-01", "2026-01-01"),
        ("N_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_FISCAL_YEAR", "2025-01-01", "2026-01-01"),
        ("N_FISCAL_QUARTERS_AGO:1", "2025-10-01", "2026-01-01"),
    ],
)
def test_a_date_literal_covers_its_documented_days(literal, first, end):
    assert day_range(literal, WEDNESDAY).dates(WEDNESDAY) == (first, end)


@given(moments, st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"]))
def test_last_this_and_next_follow_each_other_without_a_gap(today, unit):
    last, this, following = (day_range(f"{side}_{unit}", today) for side in ("LAST", "THIS", "NEXT"))
    assert (last.end, this.end) == (this.first, following.first)
    assert this.first <= today.day < this.end


@given(moments, st.sampled_from(["DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS"]), st.integers(1, 40))
def test_units_ago_tile_the_past(today, units, count):
    assert day_range(f"N_{units}_AGO:{count + 1}", today).end == day_range(f"N_{units}_AGO:{count}", today).first


def test_the_last_days_end_at_the_current_second():
    days = day_range("LAST_N_DAYS:1", WEDNESDAY)
    assert days.moments(WEDNESDAY) == ("2026-03-17T00:00:00.000+0000", "2026-03-18T10:30:01.000+0000")


def test_a_day_starts_at_midnight_where_the_org_is():
    today = Today(datetime(2026, 3, 18, 12, 0, tzinfo=UTC), ZoneInfo("Pacific/Auckland"))
    assert today.day == date(2026, 3, 19)
    assert day_range("TODAY", today).moments(today) == ("2026-03-18T11:00:00.000+0000", "2026-03-19T11:00:00.000+0000")


def test_the_week_starts_on_the_day_of_the_locale():
    sunday_first = Today(WEDNESDAY.now, UTC, week_starts=6)
    start = date(2026, 3, 15)
    assert day_range("THIS_WEEK", sunday_first) == DayRange(start, start + timedelta(days=7))


@pytest.mark.parametrize("literal", ["LAST_N_YEARS:99999", "NEXT_N_DAYS:9999999999", "SOMEDAY"])
def test_a_range_outside_the_calendar_is_an_error(literal):
    with pytest.raises(ValueError, match=r"lies outside the calendar|is no date literal|out of range"):
        day_range(literal, WEDNESDAY)
