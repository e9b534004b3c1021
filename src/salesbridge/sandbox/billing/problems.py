"""Why values are refused, and the checks that several records share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.store import Billing


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused.

    Args:
        member: Our name of it, which a dialect translates.
        code: A short code as Junifer writes it.
        message: A sentence.
        own: Whether Velocity tells the code as that of the whole error, as for the refusals of orders.
    """

    member: str
    code: str
    message: str
    own: bool = False


class RefusedError(ValueError):
    """The values break rules; ``problems`` tells each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Edit:
    """A record before and after what somebody wants; None before it was created."""

    before: Record | None
    after: Record

    def __getitem__(self, member: str) -> Any:
        return self.after.get(member)

    def changed(self, member: str) -> bool:
        """Whether the member gets another value."""
        return self.before is None or self.before.get(member) != self.after.get(member)


def required(edit: Edit, member: str) -> Iterator[Problem]:
    """Refuse a member that is missing or blank."""
    if not str(edit[member] or "").strip():
        yield Problem(member, "Required", "A value is required")


def known(billing: Billing, edit: Edit, kind: Kind, member: str) -> Iterator[Problem]:
    """Refuse a member that names no record."""
    number = edit[member]
    if billing.find(kind, str(number)) is None:
        noun = {"customers": "customer", "accounts": "account", "products": "product"}[kind]
        yield Problem(member, f"Unknown{noun.capitalize()}", f"There is no {noun} {number}")


def period(edit: Edit, start: str, end: str) -> Iterator[Problem]:
    """Refuse an end before the start."""
    touched = edit.changed(start) or edit.changed(end)
    if touched and edit[start] and edit[end] and edit[end] < edit[start]:
        yield Problem(end, "InvalidPeriod", "The end is before the start")
