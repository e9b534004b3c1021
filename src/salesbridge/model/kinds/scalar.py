"""Kinds that are not text: flags, dates, timestamps and exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from salesbridge.model.kinds.core import BillingForm, RefusedError, SalesforceType

_TRUE = {"true": True, "y": True, "yes": True, "1": True, "false": False, "n": False, "no": False, "0": False}
#: Salesforce carries numbers as IEEE doubles in JSON, which hold 15 decimal digits exactly.
_EXACT_DIGITS = 15
_DATE_LENGTH = 10


class _Scalar:
    """What the scalar kinds share: JSON and CSV differ by text only."""

    __slots__ = ()

    def agree(self, one: Any, other: Any) -> bool:
        """Equal values."""
        return bool(one == other)


@dataclass(frozen=True, slots=True)
class Boolean(_Scalar):
    """Yes or no. A Salesforce checkbox is never null."""

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
        raise RefusedError(f"is {raw!r}, not yes or no")

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
            if len(raw) == _DATE_LENGTH:
                return date.fromisoformat(raw)
        except (TypeError, ValueError):
            pass
        raise RefusedError(f"is {raw!r}, not a date (yyyy-mm-dd)", "INVALID_DATE")

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
            raise RefusedError(f"is {raw!r}, a time without a zone")
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
            raise RefusedError(f"is {raw!r}, not a time", "INVALID_DATE") from None


def _in_utc(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise RefusedError("is a time outside of the calendar", "INVALID_DATE") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


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
            raise RefusedError(f"is {raw!r}, not a number")
        try:
            return self._checked(Decimal(str(raw).strip()))
        except InvalidOperation:
            raise RefusedError(f"is {raw!r}, not a number") from None

    def from_billing(self, raw: Any, form: BillingForm) -> Decimal:  # noqa: ARG002 - both spellings are taken
        """The exact number."""
        return self.from_salesforce(raw)

    def to_billing(self, value: Decimal, form: BillingForm) -> float | str:
        """A JSON number, or its text where the dialect has text."""
        return format(value, "f") if form.money == "text" else self.to_salesforce(value)

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
        if not number.is_finite():
            raise RefusedError(f"is {number}, not a finite number", "NUMBER_OUTSIDE_VALID_RANGE")
        number = number.normalize() + Decimal(0)
        digits, exponent = len(number.as_tuple().digits), int(number.as_tuple().exponent)
        if -exponent > self.scale:
            raise RefusedError(f"has {-exponent} decimals; Salesforce holds {self.scale}", "NUMBER_OUTSIDE_VALID_RANGE")
        if max(digits + max(exponent, 0), digits) > min(self.precision, _EXACT_DIGITS) or (
            digits + exponent > self.precision - self.scale
        ):
            raise RefusedError(
                f"has more digits than the {self.precision} that Salesforce holds",
                "NUMBER_OUTSIDE_VALID_RANGE",
            )
        return number


def money(precision: int = 15, scale: int = 2) -> Number:
    """An amount of money in the org's currency."""
    return Number(precision, scale, currency=True)
