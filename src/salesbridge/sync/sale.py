"""The one decision about a sale: given what both sides hold now, the one next thing to do. Pure.

It looks at states, as :func:`salesbridge.sync.decide.decide` does: after a crash, a lost reply, or events that came
twice or in another order, both sides are read again and the answer is what is still missing. A step is never the answer
once what it does shows.
"""

from __future__ import annotations

from salesbridge.sync.sale_appear import appear
from salesbridge.sync.sale_life import CANCELLABLE, OPEN, TURNS, Owner, SaleState
from salesbridge.sync.sale_seen import BillingOrder, OrderSeen, Party, Refused, SaleFacts, key_of_line, same_lines
from salesbridge.sync.sale_step import Step, StepKind
from salesbridge.sync.sale_tell import tidings

ACCEPTED_QUOTE = "Accepted"

_GONE = "The order is no longer in billing."
_NO_LINES = Refused("NO_LINES", "The order has no product.", "Add a product to the order.")
_NO_CONTACT = Refused(
    "NO_CONTACT", "The account has no contact, so billing would not know whose it is.", "Add a contact to the account."
)
_NO_CLASS = Refused("NO_ACCOUNT_CLASS", "The account has no account class.", "Choose the Account Class of the account.")
_NOT_ANY_MORE = "The order is {state} in billing and cannot be cancelled from Salesforce any more."
_LINES_STAY = "The order is {state} in billing, so its changed products are not carried over."
_LINES_MEND = "Change them back, or cancel the order and place a new one."
_SWITCHED = frozenset({SaleState.PROVISIONING, SaleState.ACTIVE, SaleState.COMPLETED})


def next_step(facts: SaleFacts) -> Step:
    """The one next thing to do about a sale.

    Args:
        facts: What is known about it, both sides read just now.

    Returns:
        A step that writes, after which both sides are read again, or one that stops: it waits, was refused, or rests.
    """
    if facts.billing is not None:
        return _in_billing(facts, facts.billing)
    if facts.was_in_billing:
        return _stop(facts, SaleState.CANCELLED, reason=_GONE)
    return _before_billing(facts)


def _before_billing(facts: SaleFacts) -> Step:
    order = facts.order
    if order is None:
        return _from_quote(facts)
    if order.deleted:
        return _stop(facts, SaleState.WITHDRAWN)
    if facts.copying and _to_copy(facts, order):
        if facts.refused is not None:
            return _stop(facts, SaleState.OFFERED, refused=facts.refused)
        return Step(StepKind.COPY_QUOTE_LINES, SaleState.OFFERED)
    if not order.placed:
        return _stop(facts, SaleState.WITHDRAWN if facts.was_placed else SaleState.OFFERED)
    return _placed(facts, order)


def _from_quote(facts: SaleFacts) -> Step:
    quote = facts.quote
    if quote is None or quote.deleted or quote.status != ACCEPTED_QUOTE or not facts.orders_from_quotes:
        return _stop(facts, SaleState.WITHDRAWN)
    if facts.refused is not None:
        return _stop(facts, SaleState.OFFERED, refused=facts.refused)
    if not quote.lines:
        return _stop(facts, SaleState.OFFERED, refused=Refused("NO_LINES", "The quote has no product.", "Add one."))
    return Step(StepKind.ORDER_FROM_QUOTE, SaleState.OFFERED)


def _to_copy(facts: SaleFacts, order: OrderSeen) -> bool:
    return facts.quote is not None and not same_lines(order.lines, facts.quote.lines)


def _placed(facts: SaleFacts, order: OrderSeen) -> Step:
    refused = _refused(facts, order)
    if refused is not None:
        return _stop(facts, SaleState.REFUSED, refused=refused)
    party = facts.party
    if party is None:
        return _stop(facts, SaleState.PLACED, reason="The account of the order cannot be read.", again=True)
    kind = StepKind.MAKE_ORDER if party.number is not None else _prospect(party)
    return Step(kind, SaleState.PLACED)


def _prospect(party: Party) -> StepKind:
    """What makes a prospect a customer: a customer, then an account, each number written back at once."""
    number = party.person.number if party.person is not None else None
    if number is None and party.customer is None:
        return StepKind.MAKE_CUSTOMER
    if number is None:
        return StepKind.NUMBER_CONTACT
    return StepKind.MAKE_ACCOUNT if party.account is None else StepKind.NUMBER_ACCOUNT


def _refused(facts: SaleFacts, order: OrderSeen) -> Refused | None:
    """Why what was placed cannot be carried on: billing said so, or our own checks do."""
    if facts.refused is not None:
        return facts.refused
    if not order.lines:
        return _NO_LINES
    if facts.faults:
        first = facts.faults[0]
        return Refused(first.code, " ".join(fault.reason for fault in facts.faults), first.mend)
    party = facts.party
    if facts.billing is not None or party is None or party.number is not None:
        return None
    if party.person is None:
        return _NO_CONTACT
    return _NO_CLASS if party.category is None and party.account is None else None


def _in_billing(facts: SaleFacts, billing: BillingOrder) -> Step:
    order = facts.order if facts.order is not None and not facts.order.deleted else None
    if order is not None and facts.refused is None and _unnumbered(facts, order, billing):
        return Step(StepKind.NUMBER_ORDER, billing.status)
    if _called_off(facts) and billing.status in CANCELLABLE and facts.refused is None:
        return Step(StepKind.CANCEL_ORDER, billing.status, to=SaleState.CANCELLED)
    if order is not None and order.placed and not facts.raised_in_billing and billing.status in OPEN:
        return _offered(facts, order, billing)
    if facts.refused is not None:
        return _stop(facts, billing.status, refused=facts.refused)
    step = appear(facts, billing) if facts.raised_in_billing else None
    if step is None and order is not None:
        step = _agreement(order, billing)
    if step is None:
        return _stop(facts, billing.status, refused=_notice(facts, billing), reason=billing.reason or "")
    return step if not step.stops else _stop(facts, step.state, reason=step.reason, again=step.again)


def _offered(facts: SaleFacts, order: OrderSeen, billing: BillingOrder) -> Step:
    """What was sold in Salesforce is moved on until billing has accepted it."""
    refused = _refused(facts, order)
    if refused is not None:
        return _stop(facts, SaleState.REFUSED, refused=refused)
    draft = billing.status is SaleState.DRAFT
    if same_lines(order.lines, billing.lines):
        to = SaleState.READY if draft else SaleState.ACCEPTED
        return Step(StepKind.MOVE_ORDER, billing.status, to=to)
    if draft:
        return Step(StepKind.CHANGE_LINES, billing.status)
    return Step(StepKind.MOVE_ORDER, billing.status, to=SaleState.DRAFT)


def _unnumbered(facts: SaleFacts, order: OrderSeen, billing: BillingOrder) -> bool:
    """Whether a record around the order does not carry billing's number yet."""
    if order.number != billing.number:
        return True
    around = (record for record in (facts.quote, facts.opportunity) if record is not None and not record.deleted)
    if any(record.number is None for record in around):
        return True
    if order.activated or not same_lines(order.lines, billing.lines):
        return False
    return any(line.key != key_of_line(billing.number, at) for at, line in enumerate(order.lines))


def _called_off(facts: SaleFacts) -> bool:
    order = facts.order
    placed = facts.was_placed or not facts.raised_in_billing
    return order is not None and placed and (order.deleted or not order.placed)


def _agreement(order: OrderSeen, billing: BillingOrder) -> Step | None:
    """The contract linked while the order is a draft, and the order activated once its contract is."""
    if billing.status not in _SWITCHED or order.activated:
        return None
    if order.contract is None and billing.contract is not None:
        return Step(StepKind.LINK_CONTRACT, billing.status)
    if order.contract is None:
        return _wait(billing, "The contract is not in Salesforce yet.")
    if billing.status is SaleState.PROVISIONING:
        return None
    if not order.contract_activated:
        return _wait(billing, f"The contract {order.contract} is not activated yet.")
    return Step(StepKind.ACTIVATE_ORDER, billing.status)


def _wait(billing: BillingOrder, reason: str) -> Step:
    return Step(StepKind.WAIT, billing.status, reason=reason, again=True)


def _notice(facts: SaleFacts, billing: BillingOrder) -> Refused | None:
    """What a sales person has asked for too late."""
    order = facts.order
    if order is None or billing.status in {SaleState.CANCELLED, *OPEN}:
        return None
    if _called_off(facts):
        reason = _NOT_ANY_MORE.format(state=billing.status)
        return Refused("TOO_LATE", reason, "End the contract in billing.")
    if not facts.raised_in_billing and not same_lines(order.lines, billing.lines):
        return Refused("LINES_STAY", _LINES_STAY.format(state=billing.status), _LINES_MEND)
    return None


def _stop(
    facts: SaleFacts, state: SaleState, *, refused: Refused | None = None, reason: str = "", again: bool = False
) -> Step:
    """Nothing is to be written but what the sales person is told, and that comes first."""
    said = refused or Refused("", reason, "")
    news = tidings(facts, state, said)
    if not news.empty:
        return Step(StepKind.TELL, state, tidings=news, reason=said.reason, mend=said.mend)
    turn = TURNS[state]
    if refused is not None:
        return Step(StepKind.REFUSE, state, owner=Owner.PERSON, code=said.code, reason=said.reason, mend=said.mend)
    kind = StepKind.REST if turn.within is None and not again else StepKind.WAIT
    owner = Owner.CONNECTOR if again else turn.owner
    return Step(kind, state, owner=owner, reason=said.reason, mend=turn.action, again=again)
