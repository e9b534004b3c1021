"""CSV text to wire values, as strictly as Bulk API 2.0 reads it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

Convert = Callable[[str], object]

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z?")
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INT = re.compile(r"[+-]?\d+")


class UnreadableValue(ValueError):  # noqa: N818 - the value is unreadable; the program is not at fault
    """The text is no value of the column's type; the message is Salesforce's.

    Args:
        text: What the row holds.
        kind: The XML Schema type it should be.
    """

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(f"'{text}' is not a valid value for the type xsd:{kind}")


def converter(field_type: str) -> Convert | None:
    """The function that turns CSV text into a wire value of this describe type; None when text stays text."""
    return _CONVERTERS.get(field_type)


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.casefold())
    if value is None:
        raise UnreadableValue(text, "boolean")
    return value


def _integer(text: str) -> int:
    if not _INT.fullmatch(text):
        raise UnreadableValue(text, "int")
    return int(text)


def _double(text: str) -> float | int:
    if not _DOUBLE.fullmatch(text):
        raise UnreadableValue(text, "double")
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableValue(text, "double")
    return int(text) if _INT.fullmatch(text) else value


def _date(text: str) -> str:
    """Give the date as it is: an offset is not supported (Valid Date Format in Records 2.0)."""
    try:
        if _DATE.fullmatch(text):
            dt.date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise UnreadableValue(text, "date")


def _datetime(text: str) -> str:
    """Give the moment in UTC, to the second, as the org stores it."""
    if not _DATETIME.fullmatch(text):
        raise UnreadableValue(text, "dateTime")
    try:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise UnreadableValue(text, "dateTime") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _time(text: str) -> str:
    try:
        if _TIME.fullmatch(text):
            value = dt.time.fromisoformat(text.removesuffix("Z"))
            return value.isoformat(timespec="milliseconds") + "Z"
    except ValueError:
        pass
    raise UnreadableValue(text, "time")


_CONVERTERS: dict[str, Convert] = {
    "boolean": _boolean,
    "int": _integer,
    "double": _double,
    "currency": _double,
    "percent": _double,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}
