"""Numbers, times and sizes as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from salesbridge.engine.live.words import side_name

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_KIB = 1024


def number(value: Any) -> str:
    """A number with thousands set apart; a dash where there is none."""
    if value is None or value == "":
        return "–"  # noqa: RUF001 - a dash
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def duration(seconds: float | None) -> str:
    """A length of time: ``850 ms``, ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds is None:
        return "–"  # noqa: RUF001 - as above
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds > 0 else "0 s"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - one digit is enough
    whole = round(seconds)
    for unit, name, part, below in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was, or how soon it will be."""
    if at is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    for length, name in _UNITS:
        if abs(seconds) >= length:
            count = int(abs(seconds) // length)
            text = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now" if seconds >= 0 else "in a moment"


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return f"{at.astimezone(UTC):%d %b %Y %H:%M:%S} UTC" if at else "–"  # noqa: RUF001 - as above


def size(count: float | None) -> str:
    """A number of bytes."""
    if count is None:
        return "–"  # noqa: RUF001 - as above
    for unit in ("bytes", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= _KIB
    return f"{count:.1f} GiB"


def percent(part: float, whole: float) -> float:
    """A share in per cent between 0 and 100; 0 of nothing."""
    return min(max(part / whole * 100, 0.0), 100.0) if whole else 0.0


def happened(tag: str) -> str:
    """What an activity's tag says: ``problem:retried`` is *problem retried*."""
    subject, _, action = tag.partition(":")
    return f"{subject} {action}".replace("_", " ").strip().capitalize()


def cell(value: Any) -> str:
    """A value of a record: what is empty is told as *nothing*, never as a blank."""
    return "nothing" if value is None else "an empty text" if value == "" else str(value)


def side(name: str) -> str:
    """A side at the beginning of a sentence or in a cell of its own."""
    found = side_name(name)
    return found[:1].upper() + found[1:]
