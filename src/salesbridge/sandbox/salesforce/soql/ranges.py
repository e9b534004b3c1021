"""Date literals such as ``LAST_N_DAYS:30``, as half-open ranges of days.

Source: SOQL and SOSL Reference, *Date Formats and Date Literals in WHERE*. A day starts at midnight in the time zone
of the org; the fiscal year is the standard one, which starts on 1 January.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from salesbridge.sandbox.salesforce.soql.literals import wire

SUNDAY_FIRST = frozenset({"en_US", "en_CA", "fr_CA", "ja_JP", "pt_BR", "es_MX", "ko_KR", "zh_TW", "iw_IL", "hi_IN"})
_MONTHS_IN_YEAR = 12
_LITERAL = re.compile(
    r"(?P<side>LAST|NEXT|THIS)_(?P<many>N_)?(?:FISCAL_)?(?P<unit>[A-Z]+?)S?(?::(?P<n>\d+))?"
    r"|N_(?:FISCAL_)?(?P<ago_unit>[A-Z]+?)S_AGO:(?P<ago>\d+)"
)
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": _MONTHS_IN_YEAR}


@dataclass(frozen=True, slots=True)
class Today:
    """The moment of the query, the org's time zone and the first day of its week (0 = Monday)."""

    now: datetime
    zone: tzinfo
    week_starts: int = 0

    @property
    def day(self) -> date:
        """The current day in the org's time zone."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class DayRange:
    """From the start of ``first`` to the start of ``end``; ``until_now`` cuts it off at the current second."""

    first: date
    end: date
    until_now: bool = False

    def dates(self, today: Today) -> tuple[str, str]:
        """The bounds as wire dates; the upper one is excluded."""
        end = today.day + timedelta(days=1) if self.until_now else self.end
        return self.first.isoformat(), end.isoformat()

    def moments(self, today: Today) -> tuple[str, str]:
        """The bounds as wire datetimes in UTC; the upper one is excluded."""
        end = today.now + timedelta(seconds=1) if self.until_now else _midnight(self.end, today.zone)
        return wire(_midnight(self.first, today.zone)), wire(end)


def day_range(literal: str, today: Today) -> DayRange:
    """The range a date literal (in capitals, without spaces) stands for.

    Raises:
        ValueError: The range leaves the calendar, or the literal is not one of the documented ones.
    """
    try:
        return _day_range(literal, today)
    except OverflowError:
        raise ValueError(f"{literal} lies outside the calendar") from None


def _day_range(literal: str, today: Today) -> DayRange:
    if literal in _DAYS:
        return _days(today.day, _DAYS[literal], _DAYS[literal] + 1)
    if literal.endswith("_90_DAYS"):
        return _day_range(literal.replace("_90_DAYS", "_N_DAYS:90"), today)
    match = _LITERAL.fullmatch(literal)
    if match is None:
        raise ValueError(f"{literal} is no date literal")
    if match["ago_unit"]:
        step = _stepper(match["ago_unit"], today)
        return DayRange(step(-int(match["ago"])), step(1 - int(match["ago"])))
    if match["unit"] == "DAY":
        return _n_days(match["side"], int(match["n"]), today.day)
    step = _stepper(match["unit"], today)
    if match["side"] == "THIS":
        return DayRange(step(0), step(1))
    count = int(match["n"] or 1)
    return DayRange(step(-count), step(0)) if match["side"] == "LAST" else DayRange(step(1), step(count + 1))


def _n_days(side: str, count: int, day: date) -> DayRange:
    if side == "LAST":
        return DayRange(day - timedelta(days=count), day + timedelta(days=1), until_now=True)
    return _days(day, 1, count + 1)


def _days(day: date, first: int, end: int) -> DayRange:
    return DayRange(day + timedelta(days=first), day + timedelta(days=end))


def _stepper(unit: str, today: Today) -> Callable[[int], date]:
    """A function from a number of units to the first day of the unit that many after the current one."""
    if unit == "DAY":
        return lambda count: today.day + timedelta(days=count)
    if unit == "WEEK":
        start = today.day - timedelta(days=(today.day.weekday() - today.week_starts) % 7)
        return lambda count: start + timedelta(weeks=count)
    length = _MONTHS[unit]
    return lambda count: _month_start(today.day, length, count)


def _month_start(day: date, length: int, count: int) -> date:
    current = (day.month - 1) // length * length
    year, month = divmod(day.year * _MONTHS_IN_YEAR + current + count * length, _MONTHS_IN_YEAR)
    return date(year, month + 1, 1)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
