"""What every kind of value shares: three distinct nothings, and refusal with a reason.

A *canonical* value is what the two sides mean; each side spells it in its own way. A member that is **absent** (leave
alone) is a key that is not there; **null** (cleared) is ``None``; **empty** is the text ``""``. Salesforce cannot hold
empty text: it stores null, so :func:`settle` tells what a side will hold once a value has been written there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

#: What Bulk API 2.0 reads as "set this field to null" (Bulk API 2.0 guide, "Prepare CSV files").
CLEAR = "#N/A"


class Side(StrEnum):
    """One of the two systems that are kept in step."""

    BILLING = "billing"
    SALESFORCE = "salesforce"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SALESFORCE if self is Side.BILLING else Side.BILLING


class RefusedError(ValueError):
    """A value that cannot be carried over, with the reason in words for people.

    Args:
        reason: A sentence without the field's name, for example ``is not a date``.
        code: A short constant by which refusals are grouped.
    """

    def __init__(self, reason: str, code: str = "INVALID_VALUE") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class BillingForm:
    """How a billing dialect spells values that have more than one spelling.

    Args:
        zone: Time zone of timestamps that carry none.
        datetimes: ``local`` (no zone in the text) or ``offset``.
        flags: ``json`` booleans or ``yn`` letters.
        money: ``number`` or ``text``.
        lists: ``json`` lists or ``text`` joined by semicolons.
    """

    zone: ZoneInfo = ZoneInfo("UTC")
    datetimes: Literal["local", "offset"] = "offset"
    flags: Literal["json", "yn"] = "json"
    money: Literal["number", "text"] = "number"
    lists: Literal["json", "text"] = "json"


@dataclass(frozen=True, slots=True)
class SalesforceType:
    """The Salesforce field that can hold a kind: what metadata declares and describe answers.

    Args:
        metadata: Metadata API field type, for example ``LongTextArea``.
        describe: ``type`` in an sObject describe, for example ``textarea``.
        length: Characters, for the types that have a length.
        precision: All digits, for numbers.
        scale: Digits after the point.
        values: Picklist values.
    """

    metadata: str
    describe: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    values: tuple[str, ...] = ()


class Kind(Protocol):
    """The codec of one kind of value. Methods never see ``None`` or an absent value: callers keep those apart.

    The ``from_`` methods raise :class:`RefusedError` for a value that is not of the kind.
    """

    @property
    def cleared(self) -> Any:
        """What null means for this kind: ``None``, or the value that a field without null holds instead."""
        ...

    @property
    def salesforce_type(self) -> SalesforceType:
        """The Salesforce field that holds this kind."""
        ...

    def from_billing(self, raw: Any, form: BillingForm) -> Any:
        """The canonical value of a billing value."""
        ...

    def to_billing(self, value: Any, form: BillingForm) -> Any:
        """The billing spelling of a canonical value."""
        ...

    def from_salesforce(self, raw: Any) -> Any:
        """The canonical value of a Salesforce JSON value."""
        ...

    def to_salesforce(self, value: Any) -> Any:
        """The Salesforce JSON spelling of a canonical value."""
        ...

    def to_cell(self, value: Any) -> str:
        """The Bulk API 2.0 CSV spelling of a canonical value."""
        ...

    def from_cell(self, cell: str) -> Any:
        """The canonical value of a CSV cell."""
        ...

    def agree(self, one: Any, other: Any) -> bool:
        """Whether two canonical values mean the same to people."""
        ...


def settle(value: Any, side: Side) -> Any:
    """What `side` holds after `value` was written there (Salesforce stores empty text, and no choice, as null)."""
    return None if side is Side.SALESFORCE and value in ("", ()) else value


def cell_of(kind: Kind, value: Any) -> str:
    """The CSV cell of a present canonical value; null, empty and no choice all clear the field.

    Raises:
        RefusedError: The text is ``#N/A`` itself, which Bulk API 2.0 has no way to send.
    """
    if value is None:
        value = kind.cleared
    cell = "" if value is None else kind.to_cell(value)
    if cell == CLEAR:
        raise RefusedError(
            f"is the text {CLEAR}, which Salesforce's Bulk API reads as 'clear this field'",
            "UNREPRESENTABLE_VALUE",
        )
    return cell or CLEAR


def value_of(kind: Kind, cell: str) -> Any:
    """The canonical value of a CSV cell that is not empty (an empty cell is an absent value)."""
    return kind.cleared if cell == CLEAR else kind.from_cell(cell)
