"""The one clock of a billing system: real time, moved by hand where a test wants."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = 24 * 3600 * 1000
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the start of local time, whatever the zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Milliseconds since 1970 in UTC; never the same value twice, so that stamps order changes.

    Args:
        fixed: Milliseconds at which the clock stands still (each reading still adds one); None: real time.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._shift = 0
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        """The present in milliseconds, later than every earlier answer."""
        with self._lock:
            real = time.time_ns() // 1_000_000 if self._fixed is None else self._fixed
            self._last = max(real + self._shift, self._last + 1)
            return self._last

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            self._shift += int(seconds * 1000)


def local_stamp(milliseconds: int, zone: ZoneInfo) -> str:
    """A local timestamp with milliseconds and no zone (Junifer's ``Dttm``)."""
    shifted = milliseconds + _offset(zone, milliseconds)
    return (_NAIVE_EPOCH + timedelta(milliseconds=shifted)).isoformat(timespec="milliseconds")


def offset_stamp(milliseconds: int, zone: ZoneInfo) -> str:
    """A local timestamp with its offset (Velocity), milliseconds only where there are any."""
    timespec = "milliseconds" if milliseconds % 1000 else "seconds"
    return at(milliseconds, zone).isoformat(timespec=timespec)


def _offset(zone: ZoneInfo, milliseconds: int) -> int:
    offset = _offset_of_day(zone, milliseconds // _DAY)
    return _offset_at(zone, milliseconds) if offset is None else offset


@lru_cache(maxsize=4096)
def _offset_of_day(zone: ZoneInfo, day: int) -> int | None:
    """Milliseconds ahead of UTC; None for a day within which that changes."""
    first, last = _offset_at(zone, day * _DAY), _offset_at(zone, (day + 1) * _DAY - 1)
    return first if first == last else None


def _offset_at(zone: ZoneInfo, milliseconds: int) -> int:
    offset = at(milliseconds, zone).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def at(milliseconds: int, zone: ZoneInfo) -> datetime:
    """The moment in a zone."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)


def milliseconds_of(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def parse_local(text: str, zone: ZoneInfo) -> int:
    """Milliseconds of a local timestamp; an hour that happens twice means the earlier one.

    Raises:
        ValueError: Not a timestamp, or one with an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or "T" not in text:
        raise ValueError(f"{text} is not a local timestamp such as 2026-03-29T10:15:00.000")
    return milliseconds_of(moment.replace(tzinfo=zone, fold=0))


def parse_offset(text: str) -> int:
    """Milliseconds of a timestamp with an offset.

    Raises:
        ValueError: Not a timestamp, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset; write one as 2026-03-29T10:15:00+13:00")
    return milliseconds_of(moment)
