"""Numbers and times read well; charts hold what they are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbridge.portal import charts, words

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (0.042, "42 ms"),
        (4.23, "4.2 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (273_000, "3 d 3 h"),
    ],
)
def test_a_duration_reads_well(seconds, told):
    assert words.duration(seconds) == told


@pytest.mark.parametrize(
    ("before", "told"),
    [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (-172_800, "in 2 days"), (-5, "in a moment")],
)
def test_a_moment_is_told_from_now(before, told):
    assert words.ago(NOW - timedelta(seconds=before), NOW) == told


def test_nothing_reads_as_nothing():
    assert (words.number(None), words.duration(None), words.ago(None)) == ("–", "–", "never")  # noqa: RUF001 - a dash
    assert words.percent(1, 0) == 0


def test_a_sparkline_goes_from_the_bottom_to_the_top():
    drawn = charts.sparkline([0, 10], "Lag, now 10 s")
    assert 'points="2.0,34.0 158.0,2.0"' in drawn
    assert 'aria-label="Lag, now 10 s"' in drawn


def test_a_chart_without_values_is_empty_and_a_label_cannot_break_out():
    assert 'points=""' in charts.sparkline([], 'x" onload="evil')
    assert 'onload="' not in charts.sparkline([], 'x" onload="evil')


def test_shares_fill_the_width():
    drawn = charts.shares([charts.Share("ok", 3, "ok"), charts.Share("bad", 1, "bad")], "4 records")
    assert 'x="0.00" y="0" width="120.00"' in drawn
    assert 'x="120.00" y="0" width="40.00"' in drawn
