"""A postal address: one value on both sides, whose parts are spelt differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salesbridge.model.kinds.core import RefusedError, SalesforceType
from salesbridge.model.kinds.text import Text


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


#: Lengths are those of the standard address fields (Object Reference, Account). Lines of one part are joined by
#: line breaks; blank ones are left out, so the canonical text is the same whichever lines billing filled.
PARTS = (
    Part("Street", ("line1", "line2", "locality"), Text(255, lines=True)),
    Part("City", ("city",), Text(40)),
    Part("State", ("region",), Text(80)),
    Part("PostalCode", ("postcode",), Text(20)),
    Part("Country", ("country",), Text(80)),
)


def part_from_billing(part: Part, raws: list[Any]) -> str | None:
    """The canonical text of a part from the billing lines that are present.

    Raises:
        RefusedError: A line is not text, or the part is too long.
    """
    if len(raws) == 1:
        return None if raws[0] is None else part.kind.from_salesforce(raws[0])
    if all(raw is None for raw in raws):
        return None
    lines = [" ".join(_text(raw).split()) for raw in raws if raw is not None]
    return part.kind.from_salesforce("\n".join(line for line in lines if line))


def part_to_billing(part: Part, value: str | None) -> list[str | None]:
    """The billing lines of a canonical part, one for each attribute; the last one takes what is left."""
    count = len(part.attributes)
    if count == 1 or value is None:
        return [value] * count
    lines: list[str | None] = [*value.split("\n")]
    head, rest = lines[: count - 1], lines[count - 1 :]
    padded = [*head, *[""] * (count - 1 - len(head))]
    return [*padded, ", ".join(line for line in rest if line)]


def part_type(part: Part) -> SalesforceType:
    """The Salesforce field type of a part."""
    return part.kind.salesforce_type


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise RefusedError(f"is {type(raw).__name__}, not text")
    return raw
