"""From what a caller sends to what a field stores, or the error a save answers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from .ids import normal_id
from .results import SaveError

if TYPE_CHECKING:
    from .schema import Field

Convert = Callable[[Any], Any]
WRONG_TYPE = "INVALID_TYPE_ON_FIELD_IN_RECORD"
_EMAIL = re.compile(r"[^\s@,;:<>\"()\[\]\\]+@[^\s@,;:<>\"()\[\]\\]+\.[A-Za-z0-9-]{2,}\Z").match
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z").match
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)\Z").match
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,3})?Z?\Z").match
_FIRST_YEAR = 1700
_LAST_YEAR = 4000
_DEFAULT_LENGTH = 255
_INT_LIMIT = 2**31


class RefusedError(Exception):
    """One record can't be saved.

    Args:
        code: Status code, e.g. ``STRING_TOO_LONG``.
        message: The sentence.
        *fields: The fields it is about.
    """

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.error = SaveError(code, message, fields)


def datetime_text(moment: datetime) -> str:
    """A datetime as the API writes it: UTC, whole seconds, ``.000+0000``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def converter(field: Field) -> Convert:
    """The function that turns a sent, non-null value into the stored one (None: the field becomes null).

    It raises :class:`RefusedError` for values the field can't hold.
    """
    make = _MAKERS.get(field.type, _text)
    return make(field)


def _wrong_type(field: Field, value: Any) -> NoReturn:
    raise RefusedError(WRONG_TYPE, f"{field.label}: value not of required type: {value}", field.name)


def _too_long(field: Field, text: str, limit: int) -> NoReturn:
    message = f"{field.label}: data value too large: {text} (max length={limit})"
    raise RefusedError("STRING_TOO_LONG", message, field.name)


def _text(field: Field) -> Convert:
    limit = field.length or (_DEFAULT_LENGTH if field.type != "base64" else math.inf)

    def convert(value: Any) -> str | None:
        if type(value) is not str:
            _wrong_type(field, value)
        text = value.strip()
        if len(text) > limit:
            _too_long(field, text, field.length or _DEFAULT_LENGTH)
        return text or None

    return convert


def _email(field: Field) -> Convert:
    as_text = _text(field)

    def convert(value: Any) -> str | None:
        text: str | None = as_text(value)
        if text is not None and not _EMAIL(text):
            message = f"{field.label}: invalid email address: {text}"
            raise RefusedError("INVALID_EMAIL_ADDRESS", message, field.name)
        return text

    return convert


def _picklist(field: Field) -> Convert:
    as_text = _text(field)
    allowed = frozenset(field.picklist)

    def convert(value: Any) -> str | None:
        text: str | None = as_text(value)
        if text is not None and field.restricted and text not in allowed:
            _bad_choice(field, text)
        return text

    return convert


def _bad_choice(field: Field, text: str) -> NoReturn:
    message = f"{field.label}: bad value for restricted picklist field: {text}"
    raise RefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)


def _multipicklist(field: Field) -> Convert:
    rank = {value: place for place, value in enumerate(field.picklist)}

    def convert(value: Any) -> str | None:
        if type(value) is not str:
            _wrong_type(field, value)
        chosen = list(dict.fromkeys(part.strip() for part in value.split(";") if part.strip()))
        unknown = [part for part in chosen if part not in rank]
        if unknown and field.restricted:
            _bad_choice(field, unknown[0])
        return ";".join(sorted(chosen, key=lambda part: rank.get(part, len(rank)))) or None

    return convert


_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def _boolean(field: Field) -> Convert:
    def convert(value: Any) -> bool:
        if type(value) is bool:
            return value
        known = _TRUTH.get(value.lower()) if type(value) is str else None
        return known if known is not None else _wrong_type(field, value)

    return convert


def _int(field: Field) -> Convert:
    def convert(value: Any) -> int:
        number = _number(field, value)
        if number != int(number):
            _wrong_type(field, value)
        if abs(number) >= _INT_LIMIT or (field.digits and abs(number) >= 10**field.digits):
            _out_of_range(field, number)
        return int(number)

    return convert


def _double(field: Field) -> Convert:
    whole = 10 ** (field.precision - field.scale) if field.precision else math.inf
    step = Decimal(1).scaleb(-field.scale)

    def convert(value: Any) -> float:
        number = _number(field, value)
        if field.precision:
            number = number.quantize(step, ROUND_HALF_UP) if abs(number) < whole else number
        if abs(number) >= whole:
            _out_of_range(field, number)
        return float(number)

    return convert


def _number(field: Field, value: Any) -> Decimal:
    if type(value) not in {int, float, str, Decimal}:
        _wrong_type(field, value)
    try:
        number = Decimal(repr(value) if type(value) is float else value)
    except InvalidOperation:
        _wrong_type(field, value)
    return number if number.is_finite() else _wrong_type(field, value)


def _out_of_range(field: Field, number: Decimal) -> NoReturn:
    message = f"{field.label}: value outside of valid range on numeric field: {float(number)}"
    raise RefusedError("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)


def _date(field: Field) -> Convert:
    def convert(value: Any) -> str:
        if type(value) is not str or not _DATE(value):
            _wrong_type(field, value)
        try:
            day = date.fromisoformat(value)
        except ValueError:
            _wrong_type(field, value)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            _far_date(field, value)
        return str(value)

    return convert


def _far_date(field: Field, value: str) -> NoReturn:
    message = f"{field.label}: invalid date: {value}"
    raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, field.name)


def _datetime(field: Field) -> Convert:
    def convert(value: Any) -> str:
        if type(value) is not str or not _DATETIME(value):
            _wrong_type(field, value)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            _wrong_type(field, value)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            _far_date(field, value)
        return datetime_text(moment)

    return convert


def _time(field: Field) -> Convert:
    def convert(value: Any) -> str:
        if type(value) is not str or not _TIME(value):
            _wrong_type(field, value)
        try:
            moment = time.fromisoformat(value.removesuffix("Z"))
        except ValueError:
            _wrong_type(field, value)
        return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

    return convert


def _reference(field: Field) -> Convert:
    def convert(value: Any) -> str | None:
        if type(value) is not str:
            _wrong_type(field, value)
        if value == "":
            return None
        known = normal_id(value)
        if known is None:
            message = f"{field.label}: id value of incorrect type: {value}"
            raise RefusedError("MALFORMED_ID", message, field.name)
        return known

    return convert


_MAKERS: dict[str, Callable[[Field], Convert]] = {
    "boolean": _boolean,
    "int": _int,
    "double": _double,
    "currency": _double,
    "percent": _double,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "reference": _reference,
}
