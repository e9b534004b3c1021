"""What a dialect accepts in a request: the members of a record, their types, lengths and choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from salesbridge.sandbox.billing.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Type = Literal["text", "date", "flag", "int", "number", "rate", "money", "texts", "object", "objects"]
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?")
_RATE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a request.

    Args:
        name: Its name on the wire.
        target: Our name of it, in an enclosing object the part after the dot; empty when the members inside
            stand beside the others in the record.
        type: What it holds; ``rate`` is a number of up to four decimals, ``money`` an amount as text with its
            currency, ``texts`` a list of texts.
        longest: Most characters of a text.
        choices: The values allowed.
        read_only: Known, but never accepted.
        nullable: Whether null is accepted; for an object it means null for each member inside.
        inside: The members of an object or of each object of a list.
    """

    name: str
    target: str
    type: Type = "text"
    longest: int = 255
    choices: tuple[str, ...] = ()
    read_only: bool = False
    nullable: bool = True
    inside: tuple[Member, ...] = ()


class Form:
    """The members that one request may have.

    Args:
        members: All members known, read-only ones too.
        currency: The only currency accepted for money.
    """

    def __init__(self, members: Iterable[Member], currency: str = "") -> None:
        self.members = tuple(members)
        self._currency = currency

    def read(self, body: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """The accepted values by our names, and what is wrong; the problems name members as on the wire."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        self._read(self.members, body, "", values, problems)
        return values, problems

    def wire_name(self, target: str) -> str:
        """The name on the wire of one of our members; the name itself where the form has no such member."""
        last = target.rpartition(".")[2]
        return self._wire_name(self.members, target) or self._wire_name(self.members, last) or target

    def _wire_name(self, members: tuple[Member, ...], target: str) -> str | None:
        head, _, rest = target.partition(".")
        head, at, place = head.partition("[")
        for member in members:
            if member.target == target:
                return member.name
            inner = target if not member.target else rest if member.target == head else None
            if member.inside and inner and (found := self._wire_name(member.inside, inner)):
                return f"{member.name}{at}{place}.{found}"
        return None

    def _read(
        self,
        members: tuple[Member, ...],
        body: dict[str, Any],
        prefix: str,
        values: dict[str, Any],
        problems: list[Problem],
    ) -> None:
        known = {member.name: member for member in members}
        for name, value in body.items():
            path = f"{prefix}{name}"
            member = known.get(name)
            if member is None:
                problems.append(Problem(path, "UnknownMember", f"{path} is not a member of this record"))
            elif member.read_only:
                problems.append(Problem(path, "ReadOnly", f"{path} cannot be written"))
            else:
                self._take(member, path, value, values, problems)

    def _take(self, member: Member, path: str, value: Any, values: dict[str, Any], problems: list[Problem]) -> None:
        if member.type == "object" and value is None and member.nullable:
            value = dict.fromkeys(inner.name for inner in member.inside)
        if member.type == "object" and isinstance(value, dict):
            into = values.setdefault(member.target, {}) if member.target else values
            self._read(member.inside, value, f"{path}.", into, problems)
        elif member.type == "objects" and isinstance(value, list):
            values[member.target] = [
                self._item(member, f"{path}[{at}]", item, problems) for at, item in enumerate(value)
            ]
        elif value is None and member.nullable and member.type not in {"object", "objects"}:
            values[member.target] = None
        else:
            taken, problem = self._scalar(member, path, value)
            values[member.target] = taken
            problems.extend([problem] if problem else [])

    def _item(self, member: Member, path: str, item: Any, problems: list[Problem]) -> dict[str, Any]:
        into: dict[str, Any] = {}
        if isinstance(item, dict):
            self._read(member.inside, item, f"{path}.", into, problems)
        else:
            problems.append(Problem(path, "InvalidType", f"{path} must be an object"))
        return into

    def _scalar(self, member: Member, path: str, value: Any) -> tuple[Any, Problem | None]:
        if member.type == "money":
            return self._money(path, value)
        accepts, noun = _TYPES[member.type]
        if not accepts(value):
            return None, Problem(path, "InvalidType", f"{path} must be {noun}")
        chosen = value if member.type == "texts" else [value]
        if member.choices and not set(chosen) <= set(member.choices):
            return None, Problem(path, "InvalidValue", f"{path} must be one of {', '.join(member.choices)}")
        if member.type == "text" and len(value) > member.longest:
            return None, Problem(path, "TooLong", f"{path} is longer than {member.longest} characters")
        return (f"{Decimal(str(value)):.4f}" if member.type == "rate" else value), None

    def _money(self, path: str, value: Any) -> tuple[str | None, Problem | None]:
        if not isinstance(value, dict) or set(value) != {"Amount", "Currency"}:
            return None, Problem(path, "InvalidType", f"{path} must be an object with Amount and Currency")
        amount = value["Amount"]
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
            return None, Problem(f"{path}.Amount", "InvalidType", f"{path}.Amount must be a decimal text")
        if value["Currency"] != self._currency:
            return None, Problem(f"{path}.Currency", "InvalidValue", f"{path} must be in {self._currency}")
        return f"{Decimal(amount):.4f}", None


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_rate(value: Any) -> bool:
    return _is_number(value) and -int(Decimal(str(value)).as_tuple().exponent) <= _RATE_DECIMALS


_TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "date": (_is_date, "a date such as 2026-03-29"),
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "int": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "number": (_is_number, "a number"),
    "rate": (_is_rate, "a number with up to four decimals"),
    "texts": (
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
        "a list of texts",
    ),
    "object": (lambda _: False, "an object"),
    "objects": (lambda _: False, "a list of objects"),
}
