"""What the Salesforce records of a sale say of it, so that nobody has to ask where an order is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from salesbridge.sync.sale_life import WON, SaleState
from salesbridge.sync.sale_seen import OpportunitySeen, OrderSeen, QuoteSeen, Refused, SaleFacts, Told
from salesbridge.sync.sale_step import Tidings

#: Length of Gentrack Order Reason.
REASON_LENGTH = 255
#: What Gentrack Order Status shows of a state that is none of billing's.
_SHOWN: Mapping[SaleState, str | None] = {
    SaleState.OFFERED: None,
    SaleState.WITHDRAWN: None,
    SaleState.PLACED: "waiting",
    SaleState.REFUSED: "refused",
}
_DRAFT, _PRESENTED, _ACCEPTED, _DENIED = "Draft", "Presented", "Accepted", "Denied"
WON_STAGE, LOST_STAGE = "Closed Won", "Closed Lost"


def tidings(facts: SaleFacts, state: SaleState, said: Refused) -> Tidings:
    """What is still to be written to the Salesforce records of a sale.

    Args:
        facts: What is known about it.
        state: Its state.
        said: Why it stands so, and what to do about it; empty texts where there is nothing to say.
    """
    told = Told(_SHOWN.get(state, state.value), _reason(said))
    order, quote, opportunity = facts.order, facts.quote, facts.opportunity
    return Tidings(
        order=_news(order, told),
        quote=_news(quote, told) if _ours(facts, quote) else None,
        opportunity=_news(opportunity, told) if _ours(facts, opportunity) else None,
        quote_status=_quote_status(facts, state),
        stage=_stage(facts, state),
    )


def _reason(said: Refused) -> str | None:
    text = f"{said.reason} {said.mend}".strip()
    return (text if len(text) <= REASON_LENGTH else f"{text[: REASON_LENGTH - 3]}...") or None


def _news(record: OrderSeen | QuoteSeen | OpportunitySeen | None, told: Told) -> Told | None:
    return told if record is not None and not record.deleted and record.told != told else None


def _ours(facts: SaleFacts, record: QuoteSeen | OpportunitySeen | None) -> bool:
    """Whether a record is about this order and no other: an opportunity may lead to several."""
    if record is None:
        return False
    if facts.billing is None:
        return isinstance(record, QuoteSeen) and record.number is None
    return record.number == facts.billing.number


def _quote_status(facts: SaleFacts, state: SaleState) -> str | None:
    quote = facts.quote
    if not facts.raised_in_billing or quote is None or quote.deleted:
        return None
    wanted = {SaleState.DRAFT: _DRAFT, SaleState.READY: _PRESENTED, **dict.fromkeys(WON, _ACCEPTED)}.get(state)
    if state is SaleState.CANCELLED and facts.order is None:
        wanted = _DENIED
    return wanted if wanted != quote.status else None


def _stage(facts: SaleFacts, state: SaleState) -> str | None:
    opportunity = facts.opportunity
    if not facts.raised_in_billing or opportunity is None or opportunity.deleted:
        return None
    wanted = WON_STAGE if state in WON else None
    if state is SaleState.CANCELLED and facts.order is None:
        wanted = LOST_STAGE
    return wanted if wanted != opportunity.stage else None
