"""How an order raised in billing appears in Salesforce: opportunity, quote, lines, and an order once it is won.

Pure. What a sales person has deleted does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable

from salesbridge.sync.sale_life import WON, SaleState
from salesbridge.sync.sale_seen import BillingOrder, Line, OpportunitySeen, QuoteSeen, SaleFacts, key_of_line
from salesbridge.sync.sale_step import Step, StepKind

#: States in which an order that nobody has seen before is history: it is not brought into Salesforce any more.
_PAST = frozenset({SaleState.CANCELLED, SaleState.COMPLETED})


def appear(facts: SaleFacts, billing: BillingOrder) -> Step | None:
    """The next step that makes an order of billing's visible in Salesforce; None where all of it is.

    Args:
        facts: What is known about the sale.
        billing: The order in billing.
    """
    kind = _missing(facts, billing)
    if kind is None:
        return None
    if not facts.account_id:
        return _wait(billing, f"The account {billing.account} is not in Salesforce yet.")
    if kind in {StepKind.SET_QUOTE_LINES, StepKind.SET_ORDER_LINES} and facts.unsold:
        return _wait(billing, f"The product {', '.join(facts.unsold)} is not in Salesforce yet.")
    return Step(kind, billing.status)


def _wait(billing: BillingOrder, reason: str) -> Step:
    return Step(StepKind.WAIT, billing.status, reason=reason, again=True)


def _missing(facts: SaleFacts, billing: BillingOrder) -> StepKind | None:
    unseen = facts.opportunity is None and facts.order is None
    if billing.status is SaleState.CANCELLED or (unseen and billing.status in _PAST):
        return None
    return _offer(facts, billing) or (_order(facts, billing) if billing.status in WON else None)


def _offer(facts: SaleFacts, billing: BillingOrder) -> StepKind | None:
    opportunity, quote = facts.opportunity, facts.quote
    if opportunity is None:
        return StepKind.MAKE_OPPORTUNITY
    if opportunity.deleted or _gone(quote):
        return None
    if quote is None:
        return StepKind.MAKE_QUOTE
    return StepKind.SET_QUOTE_LINES if lines_differ(quote.lines, billing) else None


def _gone(record: QuoteSeen | OpportunitySeen | None) -> bool:
    return record is not None and record.deleted


def _order(facts: SaleFacts, billing: BillingOrder) -> StepKind | None:
    order = facts.order
    if order is None:
        return StepKind.MAKE_SALES_ORDER
    if order.deleted or order.activated:
        return None
    return StepKind.SET_ORDER_LINES if lines_differ(order.lines, billing) else None


def lines_differ(lines: Iterable[Line], billing: BillingOrder) -> bool:
    """Whether Salesforce's lines are not billing's, line by line."""
    wanted = {key_of_line(billing.number, at): line.terms for at, line in enumerate(billing.lines)}
    return {line.key: line.terms for line in lines} != wanted
