"""A sale in hand: its row, what was read of it, and what became of it since it was looked at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from salesbridge.store.models import Sale
from salesbridge.store.sales import Entry
from salesbridge.sync.sale_seen import Refused, SaleFacts
from salesbridge.sync.sale_step import Step

Row = Mapping[str, Any]


@dataclass(slots=True)
class OrgRecords:
    """Salesforce's records of a sale as they were read.

    Args:
        order: The order; None where there is none.
        quote: The quote.
        opportunity: The opportunity.
        account: The account with what makes it a billing account.
        contact: The contact who becomes the customer.
        order_lines: Lines of the order with their prices.
        quote_lines: Lines of the quote.
    """

    order: Row | None = None
    quote: Row | None = None
    opportunity: Row | None = None
    account: Row | None = None
    contact: Row | None = None
    order_lines: tuple[Row, ...] = ()
    quote_lines: tuple[Row, ...] = ()


@dataclass(slots=True)
class Case:
    """A sale in hand.

    Args:
        sale: Its row.
        facts: What is known about it.
        rows: Salesforce's rows.
        billing: Billing's order as it was read.
        entries: Ids of the standard prices by product code.
        contract_id: Salesforce id of the contract of billing's agreement; empty while there is none.
        refused: What was refused since it was looked at first.
        tried: How often each step was taken since.
        written: What is to be added to its timeline.
        rest: The step at which it stopped; None while it goes on.
    """

    sale: Sale
    facts: SaleFacts = field(default_factory=SaleFacts)
    rows: OrgRecords = field(default_factory=OrgRecords)
    billing: Row | None = None
    entries: Mapping[str, str] = field(default_factory=dict)
    contract_id: str = ""
    refused: Refused | None = None
    tried: Counter[str] = field(default_factory=Counter)
    written: list[Entry] = field(default_factory=list)
    rest: Step | None = None

    @property
    def raised_in_billing(self) -> bool:
        """Whether it was raised in billing."""
        return self.sale.origin == "billing"

    @property
    def number(self) -> str:
        """Billing's number of the order; empty while it has none."""
        return self.facts.billing.number if self.facts.billing is not None else self.sale.order_number
