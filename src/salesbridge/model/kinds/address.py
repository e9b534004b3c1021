"""A postal address: one value on both sides, whose parts are spelt differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salesbridge.model.kinds.core import RefusedError
from salesbridge.model.kinds.text import Street, Text


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an address.

    Args:
        suffix: Ending of the Salesforce field, for example ``Street`` in ``BillingStreet``.
        attributes: Endings of the billing attributes that hold it, several where they are lines of one text.
        kind: How the part is spelt.
    """

    suffix: str
    attributes: tuple[str, ...]
    kind: Text


#: Lengths are those of the standard address fields (Object Reference, Account).
PARTS = (
    Part("Street", ("line1", "line2", "locality"), Street()),
    Part("City", ("city",), Text(40)),
    Part("State", ("region",), Text(80)),
    Part("PostalCode", ("postcode",), Text(20)),
    Part("Country", ("country",), Text(80)),
)


def part_from_billing(part: Part, raws: list[Any]) -> str | None:
    """The canonical text of a part from the billing lines that are present.

    Null only where all lines are null; blank lines are left out, so it is the same whichever lines billing filled.

    Raises:
        RefusedError: A line is not text, or the part is too long.
    """
    lines = [raw for raw in raws if raw is not None]
    if not lines:
        return None
    if len(lines) == 1:
        return part.kind.from_salesforce(lines[0])
    return part.kind.from_salesforce("\n".join(_text(line) for line in lines))


def part_to_billing(part: Part, value: str | None) -> list[str | None]:
    """The billing lines of a canonical part, one for each attribute."""
    count = len(part.attributes)
    if count == 1 or value is None:
        return [value] * count
    lines = value.split("\n")
    return [*lines, *[""] * (count - len(lines))]


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise RefusedError(f"is {type(raw).__name__}, not text")
    return raw
