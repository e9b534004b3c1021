"""The one name by which an account shows its primary customer, and how it is written back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.records import Record


def display_name(customer: Record) -> str | None:
    """An organisation's name, or forename and surname of a person; null when there is neither."""
    if customer["type"] == "Organisation":
        name: str | None = customer["company_name"]
        return name
    return " ".join(part for part in (customer["forename"], customer["surname"]) if part) or None


def renamed(customer: Record, name: str | None) -> Record:
    """The changes that give a customer the name: the last word of a person's name is the surname."""
    if customer["type"] == "Organisation":
        return {"company_name": name}
    forename, _, surname = (name or "").strip().rpartition(" ")
    return {"forename": forename or None, "surname": surname or None}


def shown_by_accounts(customer: Record) -> tuple[str | None, str | None, str | None]:
    """Name, phone and fax: what an account shows of its primary customer."""
    return display_name(customer), customer["phone"], customer["fax"]
