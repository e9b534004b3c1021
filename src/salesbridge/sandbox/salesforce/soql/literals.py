r"""Constants of a statement, as wire values that compare with stored ones.

Dates are ``YYYY-MM-DD`` and datetimes ``YYYY-MM-DDThh:mm:ss.000+0000`` in UTC, so both order as text.
Sources: SOQL and SOSL Reference, *Quoted String Escape Sequences*, *Date Formats and Date Literals in WHERE*.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import malformed, unexpected

MAX_STRING = 4_000
"""Characters one string of a WHERE clause may have (SOQL and SOSL Limits for Search Queries)."""

FIRST_YEAR = 1700
LAST_YEAR = 4000

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\a", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_SECONDS = len("2026-01-31T10:11:12")


def text_of(literal: ast.Literal) -> str:
    """The value of a string constant outside LIKE.

    Raises:
        SoqlError: A backslash stands before a character it cannot escape.
    """
    _check_length(literal)
    return _ESCAPE.sub(lambda match: _unescaped(match, literal), literal.text)


def pattern_of(literal: ast.Literal, *, case_sensitive: bool) -> re.Pattern[str]:
    r"""The regular expression of a LIKE operand: ``%`` any characters, ``_`` one, ``\%`` and ``\_`` themselves.

    Raises:
        SoqlError: A backslash stands before a character it cannot escape.
    """
    _check_length(literal)
    parts: list[str] = []
    at = 0
    for match in _ESCAPE.finditer(literal.text):
        parts += map(_wild, literal.text[at : match.start()])
        escaped = match.group(1)
        parts.append(re.escape(escaped if escaped in "%_" else _unescaped(match, literal)))
        at = match.end()
    parts += map(_wild, literal.text[at:])
    return re.compile("".join(parts), re.DOTALL | (0 if case_sensitive else re.IGNORECASE))


def _check_length(literal: ast.Literal) -> None:
    if len(literal.text) > MAX_STRING:
        raise malformed(f"A string in a WHERE clause cannot be longer than {MAX_STRING} characters", literal.pos)


def _wild(char: str) -> str:
    return {"%": ".*", "_": "."}.get(char) or re.escape(char)


def _unescaped(match: re.Match[str], literal: ast.Literal) -> str:
    code = match.group(1)
    if code[0] == "u" and len(code) > 1:
        return chr(int(code[1:], 16))
    plain = _PLAIN.get(code.lower())
    if plain is None:
        reason = f"Invalid string literal '{literal.text}'. Illegal character sequence '\\{code}' in string literal."
        raise malformed(reason, literal.pos)
    return plain


def number_of(literal: ast.Literal) -> int | float:
    """The value of a number."""
    return int(literal.text) if re.fullmatch(r"[+-]?\d+", literal.text) else float(literal.text)


def date_of(literal: ast.Literal) -> str:
    """The wire form of a date.

    Raises:
        SoqlError: No such day, or it lies outside the years 1700 to 4000.
    """
    try:
        day = date.fromisoformat(literal.text)
    except ValueError:
        raise unexpected(literal.text, literal.pos) from None
    _check_year(day.year, literal)
    return day.isoformat()


def datetime_of(literal: ast.Literal) -> str:
    """The wire form of a datetime, in UTC.

    Raises:
        SoqlError: No such moment, or it lies outside the years 1700 to 4000.
    """
    try:
        moment = datetime.fromisoformat(literal.text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unexpected(literal.text, literal.pos) from None
    _check_year(moment.year, literal)
    return wire(moment)


def _check_year(year: int, literal: ast.Literal) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise malformed(f"invalid date: {literal.text}; dates lie between 1700-01-01 and 4000-12-31", literal.pos)


def wire(moment: datetime) -> str:
    """A moment as the API writes it: UTC, milliseconds, offset without a colon."""
    in_utc = moment.astimezone(UTC)
    return f"{in_utc.isoformat()[:_SECONDS]}.{in_utc.microsecond // 1000:03d}+0000"
