"""Quotes and their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rules import Change, Rules, derive, number
from .rules_products import amounts, price_line
from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .results import Row

_LINES = "QuoteLineItem"


class QuoteRules(Rules):
    """A quote hangs on an opportunity and takes its account from it. Source: Object Reference, *Quote*."""

    def before_save(self, change: Change) -> None:
        """Take over the account, keep the price book while there are lines, and add up."""
        new, org = change.new, change.org
        opportunity = org.get("Opportunity", new.get("OpportunityId") or "")
        if opportunity is not None and change.inserting:
            new["AccountId"] = opportunity.get("AccountId")
            if "Pricebook2Id" not in change.sent:
                new["Pricebook2Id"] = opportunity.get("Pricebook2Id")
        lines = [] if change.inserting else org.find(_LINES, "QuoteId", new["Id"])
        if lines and change.changed("Pricebook2Id"):
            message = "The price book of a quote with line items can't be changed"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Pricebook2Id")
        _add_up(new, lines)
        new["CanCreateQuoteLineItems"] = new.get("Pricebook2Id") is not None


def _add_up(quote: Row, lines: list[Row]) -> None:
    subtotal = round(sum(number(line, "Subtotal") for line in lines), 2)
    total = round(sum(number(line, "TotalPrice") for line in lines), 2)
    quote["Subtotal"], quote["TotalPrice"] = subtotal, total
    quote["LineItemCount"] = len(lines)
    quote["Discount"] = round((1 - total / subtotal) * 100, 2) if subtotal else 0.0
    quote["GrandTotal"] = round(total + number(quote, "Tax") + number(quote, "ShippingHandling"), 2)


class QuoteLineRules(Rules):
    """Lines draw from the quote's price book. Source: Object Reference, *QuoteLineItem*."""

    def before_save(self, change: Change) -> None:
        """Check the entry and work out the prices."""
        quote = change.org.get("Quote", change.new.get("QuoteId") or "")
        if quote is not None:
            price_line(change, quote, "quote")
            change.new["Subtotal"], change.new["TotalPrice"] = amounts(change.new)

    def after_save(self, change: Change) -> None:
        """Carry the lines' sums over to the quote."""
        _carry(change.org, change.new["QuoteId"])

    def after_delete(self, org: Org, row: Row, user: str) -> None:  # noqa: ARG002
        """Carry the remaining lines' sums over to the quote."""
        _carry(org, row["QuoteId"])


def _carry(org: Org, quote: str) -> None:
    row = org.get("Quote", quote)
    if row is not None:
        changed = dict(row)
        _add_up(changed, org.find(_LINES, "QuoteId", quote))
        derive(org, "Quote", quote, changed)
