"""Kinds that are not text: flags, dates, timestamps and exact numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any, TypeVar

from salesbridge.model.kinds.core import BillingForm, RefusedError, SalesforceType

_TRUE = {"true": True, "y": True, "yes": True, "1": True, "false": False, "n": False, "no": False, "0": False}
#: Salesforce carries numbers as IEEE doubles in JSON, which hold 15 decimal digits exactly.
_EXACT_DIGITS = 15
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
#: Longer numerals are refused unread; within it nothing is ever rounded.
_NUMERAL_LENGTH = 64
_ROOMY = Context(prec=2 * _NUMERAL_LENGTH)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: The days that Salesforce's date and date/time fields hold (Object Reference, "Primitive data types").
_FIRST_YEAR, _LAST_YEAR = 1700, 4000
_Day = TypeVar("_Day", date, datetime)


class _Scalar:
    """What the scalar kinds share: JSON and CSV differ by text only."""

    __slots__ = ()

    @property
    def cleared(self) -> Any:
        """Null."""
        return None

    def agree(self, one: Any, other: Any) -> bool:
        """Equal values."""
        return bool(one == other)


@dataclass(frozen=True, slots=True)
class Boolean(_Scalar):
    """Yes or no. A Salesforce checkbox is never null, so a null flag means *no* on both sides."""

    @property
    def cleared(self) -> bool:
        """Not set: no."""
        return False

    @property
    def salesforce_type(self) -> SalesforceType:
        """A checkbox."""
        return SalesforceType("Checkbox", "boolean")

    def from_salesforce(self, raw: Any) -> bool:
        """A JSON boolean, or its text."""
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.strip().lower() in _TRUE:
            return _TRUE[raw.strip().lower()]
        raise RefusedError(f"is {_shown(raw)}, not yes or no")

    def from_billing(self, raw: Any, form: BillingForm) -> bool:  # noqa: ARG002 - all spellings are taken
        """A JSON boolean or Y / N."""
        return self.from_salesforce(raw)

    def to_billing(self, value: bool, form: BillingForm) -> bool | str:  # noqa: FBT001 - the codec protocol is positional
        """A JSON boolean, or Y / N where the dialect has letters."""
        return ("Y" if value else "N") if form.flags == "yn" else value

    def to_salesforce(self, value: bool) -> bool:  # noqa: FBT001 - as above
        """The JSON boolean."""
        return value

    def to_cell(self, value: bool) -> str:  # noqa: FBT001 - as above
        """``true`` or ``false``."""
        return "true" if value else "false"

    def from_cell(self, cell: str) -> bool:
        """A boolean of its text."""
        return self.from_salesforce(cell)


@dataclass(frozen=True, slots=True)
class Date(_Scalar):
    """A calendar day without a time zone, spelt ``yyyy-mm-dd`` on every side."""

    @property
    def salesforce_type(self) -> SalesforceType:
        """A date field."""
        return SalesforceType("Date", "date")

    def from_salesforce(self, raw: Any) -> date:
        """The day."""
        try:
            day = date.fromisoformat(raw) if _DAY.fullmatch(raw) else None
        except (TypeError, ValueError):
            day = None
        if day is None:
            raise RefusedError(f"is {_shown(raw)}, not a date (yyyy-mm-dd)", "INVALID_DATE")
        return _within_calendar(day)

    def from_billing(self, raw: Any, form: BillingForm) -> date:  # noqa: ARG002 - days have no zone
        """The day."""
        return self.from_salesforce(raw)

    def to_billing(self, value: date, form: BillingForm) -> str:  # noqa: ARG002 - as above
        """``yyyy-mm-dd``."""
        return value.isoformat()

    def to_salesforce(self, value: date) -> str:
        """``yyyy-mm-dd``."""
        return value.isoformat()

    def to_cell(self, value: date) -> str:
        """``yyyy-mm-dd``."""
        return value.isoformat()

    def from_cell(self, cell: str) -> date:
        """The day."""
        return self.from_salesforce(cell)


@dataclass(frozen=True, slots=True)
class DateTime(_Scalar):
    """A moment, canonical in UTC with milliseconds, the resolution of both sides."""

    @property
    def salesforce_type(self) -> SalesforceType:
        """A date/time field."""
        return SalesforceType("DateTime", "datetime")

    def from_salesforce(self, raw: Any) -> datetime:
        """The moment of ``2026-01-31T10:11:12.000+0000`` or ``...Z``."""
        moment = self._parse(raw)
        if moment.tzinfo is None:
            raise RefusedError(f"is {_shown(raw)}, a time without a zone")
        return _in_utc(moment)

    def from_billing(self, raw: Any, form: BillingForm) -> datetime:
        """The moment; a text without an offset is local to the tenant's zone (first of two in the repeated hour)."""
        moment = self._parse(raw)
        return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=form.zone))

    def to_billing(self, value: datetime, form: BillingForm) -> str:
        """Local time without a zone, or with its offset, as the dialect has it."""
        local = value.astimezone(form.zone)
        if form.datetimes == "local":
            local = local.replace(tzinfo=None)
        return local.isoformat(timespec="milliseconds")

    def to_salesforce(self, value: datetime) -> str:
        """UTC with milliseconds and ``Z``."""
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def to_cell(self, value: datetime) -> str:
        """UTC with milliseconds and ``Z``."""
        return self.to_salesforce(value)

    def from_cell(self, cell: str) -> datetime:
        """The moment."""
        return self.from_salesforce(cell)

    @staticmethod
    def _parse(raw: Any) -> datetime:
        try:
            return datetime.fromisoformat(raw)
        except (TypeError, ValueError):
            raise RefusedError(f"is {_shown(raw)}, not a time", "INVALID_DATE") from None


def _in_utc(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise RefusedError("is a time outside of the calendar", "INVALID_DATE") from None
    return _within_calendar(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def _within_calendar(day: _Day) -> _Day:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        reason = f"is in the year {day.year}; Salesforce holds {_FIRST_YEAR} to {_LAST_YEAR}"
        raise RefusedError(reason, "INVALID_DATE")
    return day


def _shown(raw: Any) -> str:
    """A wrong value as a message shows it: never longer than a line."""
    text = repr(raw) if isinstance(raw, (str, bool, float, Decimal)) else f"a value of type {type(raw).__name__}"
    return text if len(text) <= _NUMERAL_LENGTH else text[:_NUMERAL_LENGTH] + "..."


@dataclass(frozen=True, slots=True)
class Number(_Scalar):
    """An exact decimal number; never a binary float in between.

    Args:
        precision: Digits in all.
        scale: Digits after the point. A value with more is refused, because Salesforce would round it silently.
        currency: Whether Salesforce shows it as money.
    """

    precision: int = 15
    scale: int = 2
    currency: bool = False

    @property
    def salesforce_type(self) -> SalesforceType:
        """A currency or number field of this precision."""
        kind = ("Currency", "currency") if self.currency else ("Number", "double")
        return SalesforceType(*kind, precision=self.precision, scale=self.scale)

    def from_salesforce(self, raw: Any) -> Decimal:
        """The exact number of a JSON number or its text."""
        if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Decimal)):
            raise RefusedError(f"is {_shown(raw)}, not a number")
        if isinstance(raw, int) and abs(raw) >= 10**self.precision:
            raise self._too_large()
        text = str(raw).strip()
        if len(text) > _NUMERAL_LENGTH or not _NUMBER.fullmatch(text):
            raise RefusedError(f"is {_shown(raw)}, not a number")
        return self._checked(Decimal(text))

    def from_billing(self, raw: Any, form: BillingForm) -> Decimal:  # noqa: ARG002 - both spellings are taken
        """The exact number."""
        return self.from_salesforce(raw)

    def to_billing(self, value: Decimal, form: BillingForm) -> float | str:
        """A JSON number; money is its text where the dialect has text."""
        return format(value, "f") if self.currency and form.money == "text" else self.to_salesforce(value)

    def to_salesforce(self, value: Decimal) -> float:
        """A JSON number; exact, since :meth:`from_salesforce` admits 15 digits at most."""
        return int(value) if value == value.to_integral_value() else float(value)

    def to_cell(self, value: Decimal) -> str:
        """Plain digits without an exponent."""
        return format(value, "f")

    def from_cell(self, cell: str) -> Decimal:
        """The exact number."""
        return self.from_salesforce(cell)

    def _checked(self, number: Decimal) -> Decimal:
        if not number:
            return Decimal(0)
        if number.adjusted() >= self.precision - self.scale:
            raise self._too_large()
        exact = number.normalize(_ROOMY)
        digits, exponent = len(exact.as_tuple().digits), int(exact.as_tuple().exponent)
        if -exponent > self.scale:
            raise RefusedError(f"has {-exponent} decimals; Salesforce holds {self.scale}", "NUMBER_OUTSIDE_VALID_RANGE")
        if digits + max(exponent, 0) > _EXACT_DIGITS:
            raise self._too_large()
        return exact.quantize(Decimal(1), context=_ROOMY) if exponent > 0 else exact

    def _too_large(self) -> RefusedError:
        most = min(self.precision, _EXACT_DIGITS)
        reason = f"has more digits than Salesforce holds ({most}, of them {self.scale} decimals)"
        return RefusedError(reason, "NUMBER_OUTSIDE_VALID_RANGE")


def money(precision: int = 15, scale: int = 2) -> Number:
    """An amount of money in the org's currency."""
    return Number(precision, scale, currency=True)
