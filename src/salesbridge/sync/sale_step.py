"""What is to be done next about a sale: the answer of :func:`salesbridge.sync.sale.next_step`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from salesbridge.model import Side
from salesbridge.sync.sale_life import Owner, SaleState
from salesbridge.sync.sale_seen import Told


class StepKind(StrEnum):
    """What is to be done; shown to people."""

    MAKE_CUSTOMER = "make customer"
    NUMBER_CONTACT = "write customer number back"
    MAKE_ACCOUNT = "make account"
    NUMBER_ACCOUNT = "write account number back"
    MAKE_ORDER = "make billing order"
    NUMBER_ORDER = "write order number back"
    CHANGE_LINES = "change billing lines"
    MOVE_ORDER = "move billing order"
    CANCEL_ORDER = "cancel billing order"
    MAKE_OPPORTUNITY = "make opportunity"
    MAKE_QUOTE = "make quote"
    SET_QUOTE_LINES = "set quote lines"
    MAKE_SALES_ORDER = "make sales order"
    ORDER_FROM_QUOTE = "make sales order from quote"
    COPY_QUOTE_LINES = "copy quote lines"
    SET_ORDER_LINES = "set order lines"
    LINK_CONTRACT = "link contract"
    ACTIVATE_ORDER = "activate sales order"
    TELL = "tell sales person"
    WAIT = "wait"
    REFUSE = "refuse"
    REST = "rest"


B, F = Side.BILLING, Side.SALESFORCE

#: The side that a step writes to; the others write nothing.
WRITES: Mapping[StepKind, Side] = {
    StepKind.MAKE_CUSTOMER: B,
    StepKind.NUMBER_CONTACT: F,
    StepKind.MAKE_ACCOUNT: B,
    StepKind.NUMBER_ACCOUNT: F,
    StepKind.MAKE_ORDER: B,
    StepKind.NUMBER_ORDER: F,
    StepKind.CHANGE_LINES: B,
    StepKind.MOVE_ORDER: B,
    StepKind.CANCEL_ORDER: B,
    StepKind.MAKE_OPPORTUNITY: F,
    StepKind.MAKE_QUOTE: F,
    StepKind.SET_QUOTE_LINES: F,
    StepKind.MAKE_SALES_ORDER: F,
    StepKind.ORDER_FROM_QUOTE: F,
    StepKind.COPY_QUOTE_LINES: F,
    StepKind.SET_ORDER_LINES: F,
    StepKind.LINK_CONTRACT: F,
    StepKind.ACTIVATE_ORDER: F,
    StepKind.TELL: F,
}


@dataclass(frozen=True, slots=True)
class Tidings:
    """What the Salesforce records of a sale are to say.

    Args:
        order: What the order says of the billing order; None to leave it.
        quote: What the quote says.
        opportunity: What the opportunity says.
        quote_status: Status of the quote; None to leave it.
        stage: Stage of the opportunity; None to leave it.
    """

    order: Told | None = None
    quote: Told | None = None
    opportunity: Told | None = None
    quote_status: str | None = None
    stage: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return self == Tidings()


@dataclass(frozen=True, slots=True)
class Step:
    """The one next thing to do about a sale.

    Args:
        kind: What.
        state: State of the sale now.
        to: Status that an order is moved to.
        tidings: What is told.
        owner: Who is to act, where it waits; None where nobody is.
        code: Groups equal causes of a refusal or a wait.
        reason: Why, in words of those who sell.
        mend: What to do about it.
        again: Whether it is looked at again by itself shortly: no event will tell of what is awaited.
    """

    kind: StepKind
    state: SaleState
    to: SaleState | None = None
    tidings: Tidings = Tidings()
    owner: Owner | None = None
    code: str = ""
    reason: str = ""
    mend: str = ""
    again: bool = False

    @property
    def writes(self) -> Side | None:
        """The side that it writes to."""
        return WRITES.get(self.kind)

    @property
    def stops(self) -> bool:
        """Whether nothing more is to be done now."""
        return self.writes is None
