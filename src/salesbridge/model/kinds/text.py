"""Kinds that are text on both sides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from salesbridge.model.kinds.core import BillingForm, RefusedError, SalesforceType

_NOT_DIALLED = re.compile(r"[^0-9+x]")
#: What breaks a line somewhere: in Unicode, in CSV readers, on printers.
_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_TEXT = 255


def clean(text: str, line_break: str = " ") -> str:
    """Text that both sides can hold: without control characters, with one kind of line break, trimmed.

    Everything that can be seen stays as it is, also non-breaking spaces and joiners.

    Raises:
        RefusedError: The text holds half a character (a lone surrogate), which has no UTF-8.
    """
    text = text.strip()
    if text.isprintable():
        return text
    if _SURROGATE.search(text):
        raise RefusedError("holds half a character (a lone surrogate)", "INVALID_CHARACTER")
    text = _CONTROLS.sub("", _BREAKS.sub(line_break, text.replace("\t", " ")))
    return text.strip()


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `length` characters, trimmed at both ends as Salesforce trims it.

    Args:
        length: Characters that the Salesforce field holds.
        lines: Whether line breaks are kept (a text area) or folded to spaces.
        salesforce: Metadata and describe type where it is not plain text, for example ``("Url", "url")``.
    """

    length: int
    lines: bool = False
    salesforce: tuple[str, str] = ("Text", "string")

    @property
    def salesforce_type(self) -> SalesforceType:
        """A text field of this length."""
        if self.length > _LONGEST_TEXT:
            return SalesforceType("LongTextArea", "textarea", length=self.length)
        kind = ("TextArea", "textarea") if self.lines else self.salesforce
        return SalesforceType(*kind, length=self.length)

    @property
    def cleared(self) -> None:
        """Null."""
        return

    def from_salesforce(self, raw: Any) -> str:
        """Trimmed text; numbers become their digits."""
        if type(raw) is not str:
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise RefusedError(f"is {type(raw).__name__}, not text")
            raw = digits(raw)
        return self._fitting(clean(raw, "\n" if self.lines else " "))

    def _fitting(self, text: str) -> str:
        if len(text) > self.length:
            raise RefusedError(f"has {len(text)} characters; Salesforce holds {self.length}", "STRING_TOO_LONG")
        return text

    def from_billing(self, raw: Any, form: BillingForm) -> str:  # noqa: ARG002 - text has one spelling
        """Trimmed text."""
        return self.from_salesforce(raw)

    def to_billing(self, value: str, form: BillingForm) -> str:  # noqa: ARG002 - as above
        """The text itself."""
        return value

    def to_salesforce(self, value: str) -> str:
        """The text itself."""
        return value

    def to_cell(self, value: str) -> str:
        """The text itself; quoting is the CSV writer's."""
        return value

    def from_cell(self, cell: str) -> str:
        """The text itself."""
        return self.from_salesforce(cell)

    def agree(self, one: Any, other: Any) -> bool:
        """Equal, where empty and null are the same nothing."""
        return (one or None) == (other or None)


def digits(number: int) -> str:
    """A whole number as text.

    Raises:
        RefusedError: It is longer than any field.
    """
    if abs(number) >= 10**_LONGEST_TEXT:
        raise RefusedError("is a number of more digits than any field holds", "STRING_TOO_LONG")
    return str(number)


@dataclass(frozen=True, slots=True)
class Street(Text):
    """The lines of a street address as one text: at most `count` lines, none of them blank.

    Billing has `count` members and Salesforce one text area. Further lines are joined to the last one, in the same way
    whichever side they come from, so that the two sides agree.

    Args:
        count: Lines that billing has.
    """

    length: int = 255
    lines: bool = field(default=True, init=False)
    count: int = 3

    def from_salesforce(self, raw: Any) -> str:
        """The lines, folded to `count`."""
        lines = [line for line in (part.strip() for part in Text.from_salesforce(self, raw).split("\n")) if line]
        if len(lines) > self.count:
            lines[self.count - 1 :] = [", ".join(lines[self.count - 1 :])]
        return self._fitting("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Phone(Text):
    """A telephone number as people typed it; two numbers agree when the same keys are dialled."""

    length: int = 40
    lines: bool = field(default=False, init=False)
    salesforce: tuple[str, str] = field(default=("Phone", "phone"), init=False)

    def agree(self, one: Any, other: Any) -> bool:
        """Equal once spaces, brackets and dashes are left out; what holds nothing to dial is compared as it stands."""
        left, right = (_NOT_DIALLED.sub("", (text or "").lower()) for text in (one, other))
        return left == right and bool(left or (one or "") == (other or ""))


def email(length: int = 80) -> Text:
    """An e-mail address field."""
    return Text(length, salesforce=("Email", "email"))


def url(length: int = 255) -> Text:
    """A link field."""
    return Text(length, salesforce=("Url", "url"))


@dataclass(frozen=True, slots=True)
class Picklist(Text):
    """One of a list of values.

    Args:
        values: The values in the order in which people see them.
        restricted: Whether Salesforce refuses others; an unrestricted list takes any text of `length`.
        codes: Billing's codes with the value that each stands for, where they differ.
    """

    length: int = 255
    lines: bool = field(default=False, init=False)
    salesforce: tuple[str, str] = field(default=("Picklist", "picklist"), init=False)
    values: tuple[str, ...] = ()
    restricted: bool = False
    codes: tuple[tuple[str, str], ...] = ()

    @property
    def salesforce_type(self) -> SalesforceType:
        """A picklist with these values."""
        return SalesforceType("Picklist", "picklist", values=self.values)

    def from_salesforce(self, raw: Any) -> str:
        """The value, checked against a restricted list."""
        text: str = Text.from_salesforce(self, raw)
        if self.restricted and text and text not in self.values:
            raise RefusedError(
                f"is {text!r}, not one of {', '.join(self.values)}", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
            )
        return text

    def from_billing(self, raw: Any, form: BillingForm) -> str:  # noqa: ARG002 - codes are the same everywhere
        """The value that billing's code stands for."""
        text = Text.from_salesforce(self, raw)
        return self.from_salesforce(dict(self.codes).get(text, text))

    def to_billing(self, value: str, form: BillingForm) -> str:  # noqa: ARG002 - as above
        """Billing's code for the value."""
        return next((code for code, meaning in self.codes if meaning == value), value)


@dataclass(frozen=True, slots=True)
class MultiPicklist:
    """Any number of values; canonical is a sorted tuple, since neither side promises an order.

    Args:
        values: The values in the order in which people see them.
    """

    values: tuple[str, ...]

    @property
    def salesforce_type(self) -> SalesforceType:
        """A multi-select picklist with these values."""
        return SalesforceType("MultiselectPicklist", "multipicklist", values=self.values)

    @property
    def cleared(self) -> None:
        """Null."""
        return

    def from_salesforce(self, raw: Any) -> tuple[str, ...]:
        """The chosen values of ``a;b``."""
        if not isinstance(raw, str):
            raise RefusedError(f"is {type(raw).__name__}, not text")
        return tuple(sorted({clean(part) for part in raw.split(";")} - {""}))

    def from_billing(self, raw: Any, form: BillingForm) -> tuple[str, ...]:  # noqa: ARG002 - both spellings are taken
        """The chosen values of a list or of ``a;b``."""
        if isinstance(raw, list):
            if not all(isinstance(part, str) for part in raw):
                raise RefusedError("is a list with members that are not text")
            raw = ";".join(raw)
        return self.from_salesforce(raw)

    def to_billing(self, value: tuple[str, ...], form: BillingForm) -> list[str] | str:
        """A list, or ``a;b`` where the dialect has text only."""
        return ";".join(value) if form.lists == "text" else list(value)

    def to_salesforce(self, value: tuple[str, ...]) -> str | None:
        """``a;b``, or null for none chosen."""
        return ";".join(value) or None

    def to_cell(self, value: tuple[str, ...]) -> str:
        """``a;b``."""
        return ";".join(value)

    def from_cell(self, cell: str) -> tuple[str, ...]:
        """The chosen values of ``a;b``."""
        return self.from_salesforce(cell)

    def agree(self, one: Any, other: Any) -> bool:
        """The same values chosen; none chosen is null."""
        return (one or ()) == (other or ())
