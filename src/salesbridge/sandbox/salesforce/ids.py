"""Record ids: 15 case-sensitive characters, or those 15 plus 3 that make the id safe to compare without case."""

from __future__ import annotations

import re
from collections.abc import Iterator

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_WELL_FORMED = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?\Z").match
_BITS = {char: int("A" <= char <= "Z") for char in DIGITS}
_THREE_DIGITS = 62**3
_SHORT = 15
_LONG = 18


def checksum(short: str) -> str:
    """The three characters that turn 15 into 18: five bits each, telling which letters are capitals."""
    return "".join(
        _CHECK[sum(1 << bit for bit, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z")]
        for start in (0, 5, 10)
    )


def normal_id(value: object) -> str | None:
    """The 18-character form of an id given in either form; None when the value is no id."""
    if not isinstance(value, str) or not _WELL_FORMED(value):
        return None
    return value if len(value) == _LONG else value + checksum(value)


def sequence(prefix: str, start: int = 1) -> Iterator[str]:
    """Ids of one key prefix in ascending order: prefix, pod ``8e``, ten digits of a counter to the base 62.

    Args:
        prefix: Three characters naming the object.
        start: The counter's first value.
    """
    number = start
    while True:
        high, low = divmod(number, _THREE_DIGITS)
        head = f"{prefix}8e{_digits(high, 7)}"
        checks = checksum(head + "000")[:2]
        bits = _BITS[head[10]] + 2 * _BITS[head[11]]
        for rest in range(low, _THREE_DIGITS):
            a, b, c = DIGITS[rest // 3844], DIGITS[rest // 62 % 62], DIGITS[rest % 62]
            last = _CHECK[bits + 4 * _BITS[a] + 8 * _BITS[b] + 16 * _BITS[c]]
            yield f"{head}{a}{b}{c}{checks}{last}"
        number = (high + 1) * _THREE_DIGITS


def _digits(number: int, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text.rjust(width, "0")


def counter_of(id_: str) -> int:
    """The counter an id of :func:`sequence` was made from; 0 for ids made elsewhere."""
    if id_[3:5] != "8e":
        return 0
    number = 0
    for char in id_[5:_SHORT]:
        number = number * 62 + DIGITS.index(char)
    return number
