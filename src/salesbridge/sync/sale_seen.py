"""A sale as both sides hold it, just read, and what neither of them tells. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from salesbridge.sync.sale_life import SaleState


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order or a quote.

    Args:
        product: Billing's product code; None for a product that billing does not know.
        quantity: How many.
        point: Identifier of the service point.
        start: First day.
        end: Last day.
        price: Price of one, as exact as Salesforce keeps it.
        id: Salesforce id.
        key: External id.
        name: What people call the product.
    """

    product: str | None
    quantity: Decimal
    point: str | None = None
    start: date | None = None
    end: date | None = None
    price: Decimal | None = None
    id: str = ""
    key: str | None = None
    name: str = ""

    @property
    def terms(self) -> tuple[object, ...]:
        """What was agreed on: all that both sides hold."""
        return self.product, self.quantity, self.point, self.start, self.end, self.price


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the account, who becomes the billing customer.

    Args:
        id: Salesforce id of the contact.
        number: Customer number that it carries.
        name: What people call them.
    """

    id: str
    number: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose sale it is, as Salesforce has it.

    Args:
        id: Salesforce id of the account.
        number: Account number that it carries; None for a prospect.
        name: What people call it.
        category: Its account class.
        person: Who becomes its customer; None where the account has no contact.
        customer: Number of the customer that billing has by the contact's reference already.
        account: Number of the account that billing has by the account's reference already.
    """

    id: str
    number: str | None = None
    name: str = ""
    category: str | None = None
    person: Person | None = None
    customer: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a Salesforce record says of the billing order.

    Args:
        status: Gentrack Order Status.
        reason: Gentrack Order Reason.
    """

    status: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """The order in Salesforce.

    Args:
        id: Salesforce id.
        placed: Whether it is placed.
        deleted: Whether it is in the recycle bin or gone.
        activated: Whether its status is of the category Activated.
        number: External id: billing's order number.
        told: What it says of the billing order.
        lines: Its lines in the order of their external ids.
        contract: Agreement number of the contract that it is linked to.
        contract_activated: Whether that contract is activated.
    """

    id: str
    placed: bool = False
    deleted: bool = False
    activated: bool = False
    number: str | None = None
    told: Told = field(default_factory=Told)
    lines: tuple[Line, ...] = ()
    contract: str | None = None
    contract_activated: bool = False


@dataclass(frozen=True, slots=True)
class QuoteSeen:
    """The quote in Salesforce.

    Args:
        id: Salesforce id.
        status: Its status.
        number: External id.
        told: What it says of the billing order.
        lines: Its lines.
        deleted: Whether it is in the recycle bin or gone.
    """

    id: str
    status: str | None = None
    number: str | None = None
    told: Told = field(default_factory=Told)
    lines: tuple[Line, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OpportunitySeen:
    """The opportunity in Salesforce.

    Args:
        id: Salesforce id.
        stage: Its stage.
        number: External id.
        told: What it says of the billing order.
        deleted: Whether it is in the recycle bin or gone.
    """

    id: str
    stage: str | None = None
    number: str | None = None
    told: Told = field(default_factory=Told)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class BillingOrder:
    """The order in billing.

    Args:
        number: Order number.
        status: Its status, one of billing's own among the states of a sale.
        account: Account number.
        lines: Its lines in their order.
        reason: Why it has its status, where billing says so.
        contract: Number of an agreement that it brought about and Salesforce has as a contract; None while there is
            none.
    """

    number: str
    status: SaleState
    account: str
    lines: tuple[Line, ...] = ()
    reason: str | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something was refused, in words of those who sell.

    Args:
        code: Groups equal causes.
        reason: What is wrong.
        mend: What to do.
    """

    code: str
    reason: str
    mend: str


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """Everything that is known about a sale at the moment of deciding.

    Args:
        raised_in_billing: Whether it was raised in billing; otherwise it was sold in Salesforce.
        order: The order in Salesforce.
        quote: The quote in Salesforce.
        opportunity: The opportunity in Salesforce.
        party: Whose it is.
        billing: The order in billing.
        faults: What our own checks found wrong with what was placed.
        refused: What was refused since it was looked at first.
        was_placed: Whether it was ever placed.
        was_in_billing: Whether billing ever had the order.
        copying: Whether the order was made from its quote and its lines are being copied.
        orders_from_quotes: Whether an accepted quote becomes an order by us.
        account_id: Salesforce id of the account that billing's order belongs to; empty while it is not linked.
        unsold: Products of billing's lines that Salesforce has no price of yet.
    """

    raised_in_billing: bool = False
    order: OrderSeen | None = None
    quote: QuoteSeen | None = None
    opportunity: OpportunitySeen | None = None
    party: Party | None = None
    billing: BillingOrder | None = None
    faults: tuple[Refused, ...] = ()
    refused: Refused | None = None
    was_placed: bool = False
    was_in_billing: bool = False
    copying: bool = False
    orders_from_quotes: bool = True
    account_id: str = ""
    unsold: tuple[str, ...] = ()


def same_lines(ones: Iterable[Line], others: Iterable[Line]) -> bool:
    """Whether lines say the same, whatever their order."""
    return Counter(line.terms for line in ones) == Counter(line.terms for line in others)


def key_of_line(number: str, at: int) -> str:
    """External id of a line, by its place from 0."""
    return f"{number}:{at + 1}"
