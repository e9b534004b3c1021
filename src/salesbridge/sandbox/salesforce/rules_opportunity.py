"""Opportunities: what follows from the stage, and what their lines add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from .rules import Change, Rules, derive, number
from .rules_products import price_line
from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .results import Row


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage says about an opportunity in it."""

    probability: float
    category: str = "Pipeline"
    closed: bool = False
    won: bool = False


STAGES = {
    "Prospecting": Stage(10),
    "Qualification": Stage(10),
    "Needs Analysis": Stage(20),
    "Value Proposition": Stage(50),
    "Id. Decision Makers": Stage(60),
    "Perception Analysis": Stage(70),
    "Proposal/Price Quote": Stage(75),
    "Negotiation/Review": Stage(90),
    "Closed Won": Stage(100, "Closed", closed=True, won=True),
    "Closed Lost": Stage(0, "Omitted", closed=True),
}
_UNKNOWN = Stage(0)
_CATEGORY_NAMES = {"BestCase": "Best Case", "Forecast": "Commit"}
_LINES = "OpportunityLineItem"


class OpportunityRules(Rules):
    """The stage drives probability, forecast category and whether it is closed or won.

    Source: Object Reference, *Opportunity*; the stages' figures are those new orgs start with.
    """

    def before_save(self, change: Change) -> None:
        """Derive the fields that follow from stage, amount and close date."""
        new = change.new
        lines = [] if change.inserting else change.org.find(_LINES, "OpportunityId", new["Id"])
        if lines:
            self._keep_lines(change, lines)
        stage = STAGES.get(new.get("StageName", ""), _UNKNOWN)
        if change.changed("StageName"):
            if change.sent.get("Probability") is None:
                new["Probability"] = float(stage.probability)
            new["ForecastCategory"] = stage.category
            if change.sent.get("ForecastCategoryName") is None:
                new["ForecastCategoryName"] = _CATEGORY_NAMES.get(stage.category, stage.category)
            new["IsClosed"], new["IsWon"] = stage.closed, stage.won
        _expect(new)
        _fiscal(new)

    def _keep_lines(self, change: Change, lines: list[Row]) -> None:
        """Lines own the amount (a sent one is ignored) and fix the price book."""
        change.new["Amount"] = sum(number(line, "TotalPrice") for line in lines)
        if "Pricebook2Id" in change.sent and change.changed("Pricebook2Id"):
            message = "The price book of an opportunity with products can't be changed"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Pricebook2Id")

    def after_save(self, change: Change) -> None:
        """Mark the quote that is synchronised with the opportunity."""
        if change.changed("SyncedQuoteId"):
            derive(change.org, "Quote", (change.old or {}).get("SyncedQuoteId"), {"IsSyncing": False})
            derive(change.org, "Quote", change.new.get("SyncedQuoteId"), {"IsSyncing": True})


def _expect(row: Row) -> None:
    amount = row.get("Amount")
    row["ExpectedRevenue"] = None if amount is None else round(amount * number(row, "Probability") / 100, 2)


def _fiscal(row: Row) -> None:
    if row.get("CloseDate") is not None:
        closes = date.fromisoformat(row["CloseDate"])
        quarter = (closes.month + 2) // 3
        row["FiscalYear"], row["FiscalQuarter"] = closes.year, quarter
        row["Fiscal"] = f"{closes.year} {quarter}"


class OpportunityLineRules(Rules):
    """Lines need a price book entry of the opportunity's price book, and one of unit and total price.

    Source: Object Reference, *OpportunityLineItem*.
    """

    def before_save(self, change: Change) -> None:
        """Check the entry and work out the prices."""
        new, sent = change.new, change.sent
        opportunity = change.org.get("Opportunity", new.get("OpportunityId") or "")
        if opportunity is None:
            return
        if sent.get("UnitPrice") is not None and sent.get("TotalPrice") is not None:
            message = "Specify either UnitPrice or TotalPrice, not both"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "UnitPrice", "TotalPrice")
        if opportunity.get("Pricebook2Id") is None:
            opportunity = self._adopt_book(change, opportunity)
        price_line(change, opportunity, "opportunity")
        _total(change)

    def _adopt_book(self, change: Change, opportunity: Row) -> Row:
        """The opportunity with the price book of its first line's entry, when that book is active."""
        entry = change.org.get("PricebookEntry", change.new.get("PricebookEntryId") or "") or {}
        book = change.org.get("Pricebook2", entry.get("Pricebook2Id") or "")
        if book is None or not book.get("IsActive"):
            return opportunity
        derive(change.org, "Opportunity", opportunity["Id"], {"Pricebook2Id": book["Id"]})
        return {**opportunity, "Pricebook2Id": book["Id"]}

    def after_save(self, change: Change) -> None:
        """Carry the lines' total over to the opportunity."""
        _carry(change.org, change.new["OpportunityId"])

    def after_delete(self, org: Org, row: Row, user: str) -> None:  # noqa: ARG002
        """Carry the remaining lines' total over to the opportunity."""
        _carry(org, row["OpportunityId"])


def _total(change: Change) -> None:
    new, quantity = change.new, number(change.new, "Quantity")
    kept = 1 - number(new, "Discount") / 100
    if change.sent.get("TotalPrice") is not None and quantity and kept:
        new["UnitPrice"] = round(number(new, "TotalPrice") / quantity / kept, 2)
    elif new.get("UnitPrice") is not None:
        new["TotalPrice"] = round(number(new, "UnitPrice") * quantity * kept, 2)
    new["Subtotal"] = round(number(new, "UnitPrice") * quantity, 2)


def _carry(org: Org, opportunity: str) -> None:
    row = org.get("Opportunity", opportunity)
    if row is None:
        return
    lines = org.find(_LINES, "OpportunityId", opportunity)
    changed = {**row, "Amount": sum(number(line, "TotalPrice") for line in lines)}
    changed["HasOpportunityLineItem"] = bool(lines)
    _expect(changed)
    derive(org, "Opportunity", opportunity, changed)
