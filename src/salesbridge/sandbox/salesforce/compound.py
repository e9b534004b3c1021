"""Compound fields: read-only wholes that follow from their parts, such as addresses and person names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .results import Row
    from .rules import Change
    from .schema import Field, SObject

_ADDRESS = {
    "City": "city",
    "Country": "country",
    "CountryCode": "countryCode",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "StateCode": "stateCode",
    "Street": "street",
}
_OPTIONAL = frozenset({"CountryCode", "StateCode"})
_NAME_PARTS = ("FirstName", "MiddleName", "LastName", "Suffix")


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound field, the parts it follows from, and (for an address) which member each part fills."""

    name: str
    parts: frozenset[str]
    members: tuple[tuple[str, str | None], ...]

    def value(self, row: Row) -> object:
        """The whole, from the parts in a row; None when all are null."""
        if not self.members:
            return " ".join(row[part] for part in _NAME_PARTS if row.get(part)) or None
        if all(row.get(part) is None for part in self.parts):
            return None
        return {member: None if part is None else row.get(part) for member, part in self.members}


def compounds_of(sobject: SObject) -> tuple[Compound, ...]:
    """The compound fields of an object that no request can set."""
    parts: dict[str, list[str]] = {}
    for each in sobject.fields.values():
        whole = sobject.fields.get(each.compound) if each.compound else None
        if whole is not None and whole.name != each.name and not whole.createable:
            parts.setdefault(whole.name, []).append(each.name)
    found = ((sobject.fields[name], names) for name, names in parts.items())
    return tuple(_compound(whole, names) for whole, names in found if whole.type in {"address", "string"})


def _compound(whole: Field, parts: Iterable[str]) -> Compound:
    names = frozenset(parts)
    members: list[tuple[str, str | None]] = []
    if whole.type == "address":
        by_suffix = {_suffix(part): part for part in names}
        wanted = (each for each in _ADDRESS if each in by_suffix or each not in _OPTIONAL)
        members = [(_ADDRESS[each], by_suffix.get(each)) for each in wanted]
    return Compound(whole.name, names, tuple(members))


def _suffix(part: str) -> str:
    """``BillingCountryCode`` -> ``CountryCode``: the longest known ending."""
    return max((each for each in _ADDRESS if part.endswith(each)), key=len, default="")


def fill_compounds(compounds: Iterable[Compound], change: Change) -> None:
    """Work out each compound field one of whose parts the change sets."""
    for each in compounds:
        if not each.parts.isdisjoint(change.sent):
            change.new[each.name] = each.value(change.new)
