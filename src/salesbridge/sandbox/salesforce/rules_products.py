"""Products, price books and the lines that quote, order and opportunity draw from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from .rules import Change, Rules, derive, number
from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .results import Row


class ProductRules(Rules):
    """Carries a product's name and code over to its price book entries."""

    def after_save(self, change: Change) -> None:
        """Update the entries when name or code changed."""
        if change.inserting or not (change.changed("Name") or change.changed("ProductCode")):
            return
        carried = {name: change.new.get(name) for name in ("Name", "ProductCode")}
        for entry in change.org.find("PricebookEntry", "Product2Id", change.new["Id"]):
            derive(change.org, "PricebookEntry", entry["Id"], carried)


class PricebookRules(Rules):
    """The standard price book can't be deleted."""

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:  # noqa: ARG002
        """Refuse to delete the standard price book."""
        if row.get("IsStandard"):
            raise RefusedError("DELETE_FAILED", "The standard price book can't be deleted")


class PricebookEntryRules(Rules):
    """The standard price comes first, and a product has one price in a price book.

    Source: Object Reference, *PricebookEntry*.
    """

    def before_save(self, change: Change) -> None:
        """Check the order of prices and derive what follows from product and standard price."""
        new, org = change.new, change.org
        product = org.get("Product2", new.get("Product2Id") or "")
        book = org.get("Pricebook2", new.get("Pricebook2Id") or "")
        if product is None or book is None:
            return
        standard = self._standard(org, product["Id"])
        if change.inserting:
            self._check_new(org, new, book, standard)
        if new.get("UseStandardPrice") and not book.get("IsStandard") and standard is not None:
            new["UnitPrice"] = standard.get("UnitPrice")
        new["Name"], new["ProductCode"] = product.get("Name"), product.get("ProductCode")

    def _standard(self, org: Org, product: str) -> Row | None:
        for entry in org.find("PricebookEntry", "Product2Id", product):
            if (org.get("Pricebook2", entry["Pricebook2Id"]) or {}).get("IsStandard"):
                return entry
        return None

    def _check_new(self, org: Org, new: Row, book: Row, standard: Row | None) -> None:
        entries = org.find("PricebookEntry", "Product2Id", new["Product2Id"])
        if any(entry["Pricebook2Id"] == book["Id"] for entry in entries):
            raise RefusedError("DUPLICATE_VALUE", "This price definition already exists in this price book")
        if not book.get("IsStandard") and standard is None:
            message = "Before creating a custom price, create a standard price."
            raise RefusedError("STANDARD_PRICE_NOT_DEFINED", message)
        if book.get("IsStandard") and new.get("UseStandardPrice"):
            message = "A standard price can't use the standard price"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "UseStandardPrice")

    def after_save(self, change: Change) -> None:
        """Carry a new standard price over to the entries that use it."""
        book = change.org.get("Pricebook2", change.new.get("Pricebook2Id") or "") or {}
        if change.inserting or not book.get("IsStandard") or not change.changed("UnitPrice"):
            return
        for entry in change.org.find("PricebookEntry", "Product2Id", change.new["Product2Id"]):
            if entry.get("UseStandardPrice") and entry["Id"] != change.new["Id"]:
                derive(change.org, "PricebookEntry", entry["Id"], {"UnitPrice": change.new["UnitPrice"]})


def refuse_entry(reason: str) -> NoReturn:
    """Refuse a line for the sake of its price book entry.

    Raises:
        RefusedError: ``FIELD_INTEGRITY_EXCEPTION``, always.
    """
    message = f"field integrity exception: PricebookEntryId ({reason})"
    raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")


def price_line(change: Change, header: Row, header_name: str) -> None:
    """Check a line's price book entry against its header's price book and derive prices and product.

    Args:
        change: The line on its way in.
        header: The quote, order or opportunity.
        header_name: What to call it in errors.
    """
    new, org = change.new, change.org
    entry = org.get("PricebookEntry", new.get("PricebookEntryId") or "")
    if entry is None:
        return
    if change.inserting:
        if header.get("Pricebook2Id") is None:
            refuse_entry(f"the {header_name} has no price book")
        if entry["Pricebook2Id"] != header["Pricebook2Id"]:
            refuse_entry(f"pricebook entry is in a different pricebook than the one assigned to the {header_name}")
        if not entry.get("IsActive"):
            refuse_entry("pricebook entry is inactive")
        new["Product2Id"] = entry["Product2Id"]
    if new.get("ListPrice") is None:
        new["ListPrice"] = entry.get("UnitPrice")


def amounts(row: Row) -> tuple[float, float]:
    """A line's subtotal and its total after discount."""
    subtotal = round(number(row, "Quantity") * number(row, "UnitPrice"), 2)
    return subtotal, round(subtotal * (1 - number(row, "Discount") / 100), 2)
