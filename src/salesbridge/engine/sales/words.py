"""Steps of sales in sentences, for the timeline and for problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salesbridge.sync.sale_life import SaleState
from salesbridge.sync.sale_step import Step, StepKind

_DONE: Mapping[StepKind, str] = {
    StepKind.MAKE_CUSTOMER: "Billing made the customer {customer}.",
    StepKind.NUMBER_CONTACT: "The contact carries the customer number {customer}.",
    StepKind.MAKE_ACCOUNT: "Billing made the account {account}.",
    StepKind.NUMBER_ACCOUNT: "The account carries the account number {account}.",
    StepKind.MAKE_ORDER: "Billing made the order {order}.",
    StepKind.NUMBER_ORDER: "The Salesforce records carry the order number {order}.",
    StepKind.CHANGE_LINES: "Billing's order has the changed products.",
    StepKind.MOVE_ORDER: "Billing's order was moved to {to}.",
    StepKind.CANCEL_ORDER: "Billing's order was cancelled: {reason}.",
    StepKind.MAKE_OPPORTUNITY: "Salesforce has an opportunity for the order.",
    StepKind.MAKE_QUOTE: "Salesforce has a quote for the order.",
    StepKind.SET_QUOTE_LINES: "The quote has the products of billing's order.",
    StepKind.MAKE_SALES_ORDER: "Salesforce has the order.",
    StepKind.ORDER_FROM_QUOTE: "An order was made from the accepted quote.",
    StepKind.COPY_QUOTE_LINES: "The order has the products of its quote.",
    StepKind.SET_ORDER_LINES: "The order has the products of billing's order.",
    StepKind.LINK_CONTRACT: "The order is linked to its contract {contract}.",
    StepKind.ACTIVATE_ORDER: "The order is activated in Salesforce.",
    StepKind.TELL: "The Salesforce records say that the order is {state}.",
}
_STATES: Mapping[SaleState, str] = {
    SaleState.OFFERED: "The order waits to be placed.",
    SaleState.PLACED: "The order is placed and on its way to billing.",
    SaleState.REFUSED: "The order was refused.",
    SaleState.DRAFT: "The order is a draft in billing.",
    SaleState.READY: "The order is ready to be accepted.",
    SaleState.ACCEPTED: "Billing has accepted the order.",
    SaleState.PROVISIONING: "Billing is provisioning the order.",
    SaleState.ACTIVE: "The order is active: the customer is supplied.",
    SaleState.COMPLETED: "The order is completed.",
    SaleState.CANCELLED: "The order is cancelled.",
    SaleState.WITHDRAWN: "The order was called off before billing had it.",
}


def done(step: Step, detail: Mapping[str, Any]) -> str:
    """What was done, in a sentence."""
    return _DONE[step.kind].format_map({"state": step.state.value, **detail})


def stands(step: Step) -> str:
    """Where a sale stands, in a sentence or two."""
    return f"{_STATES[step.state]} {step.reason}".strip()
