"""Salesforce's records of some sales, read together: a few queries, however many sales there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales import lines
from salesbridge.engine.sales.case import Case, OrgRecords, Row
from salesbridge.engine.sales.entities import (
    LINES,
    OPPORTUNITY,
    ORDER,
    ORDER_LINE,
    PLACED,
    QUOTE,
    QUOTE_LINE,
    REASON,
    STATUS,
)
from salesbridge.model import EXTERNAL_ID, select_list
from salesbridge.salesforce.soql import in_queries

_TOLD = (EXTERNAL_ID, STATUS, REASON)
_ORDER = (
    "Id", "IsDeleted", "OrderNumber", "Status", "StatusCode", "EffectiveDate", "AccountId", "ContractId",
    "QuoteId", "OpportunityId", "Pricebook2Id", "BillToContactId", PLACED, *_TOLD,
    f"Contract.{EXTERNAL_ID}", "Contract.StatusCode",
)  # fmt: skip
_QUOTE = (
    "Id", "IsDeleted", "Name", "Status", "OpportunityId", "AccountId", "ContactId", "Pricebook2Id", "ExpirationDate",
    *_TOLD,
)  # fmt: skip
_OPPORTUNITY = ("Id", "IsDeleted", "Name", "StageName", "AccountId", *_TOLD)


def read_org(site: Site, cases: Sequence[Case]) -> None:
    """Read the order, quote, opportunity, account and lines of each sale.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    point("before reading sales")
    orders = _rows(site, ORDER, _ORDER, "Id", (case.sale.order_id for case in cases), bin_too=True)
    for case in cases:
        case.rows = OrgRecords(order=orders.get(case.sale.order_id))
        _learn(case)
    _orders_of_quotes(site, [case for case in cases if case.sale.quote_id and not case.sale.order_id])
    quotes = _rows(site, QUOTE, _QUOTE, "Id", (case.sale.quote_id for case in cases), bin_too=True)
    for case in cases:
        case.rows.quote = quotes.get(case.sale.quote_id)
        _learn(case)
    found = (case.sale.opportunity_id for case in cases)
    opportunities = _rows(site, OPPORTUNITY, _OPPORTUNITY, "Id", found, bin_too=True)
    for case in cases:
        case.rows.opportunity = opportunities.get(case.sale.opportunity_id)
        _learn(case)
    _lines(site, cases)
    _accounts(site, cases)
    point("after reading sales")


def _learn(case: Case) -> None:
    """What the records say of one another is kept with the sale."""
    sale, rows = case.sale, case.rows
    if rows.order is not None:
        sale.quote_id = sale.quote_id or str(rows.order.get("QuoteId") or "")
        sale.opportunity_id = sale.opportunity_id or str(rows.order.get("OpportunityId") or "")
        sale.account_id = str(rows.order.get("AccountId") or "") or sale.account_id
        sale.label = sale.label or f"Order {rows.order.get('OrderNumber') or ''}".strip()
    if rows.quote is not None:
        sale.opportunity_id = sale.opportunity_id or str(rows.quote.get("OpportunityId") or "")
        sale.account_id = sale.account_id or str(rows.quote.get("AccountId") or "")
        sale.label = sale.label or f"Quote {rows.quote.get('Name') or ''}".strip()
    if rows.opportunity is not None:
        sale.account_id = sale.account_id or str(rows.opportunity.get("AccountId") or "")


def _rows(
    site: Site, sobject: str, select: Iterable[str], by: str, values: Iterable[str], *, bin_too: bool = False
) -> dict[str, Row]:
    wanted = list(dict.fromkeys(value for value in values if value))
    queries = in_queries(f"SELECT {','.join(select)} FROM {sobject} WHERE {by}", wanted)
    return {str(row["Id"]): row for soql in queries for row in site.salesforce.query(soql, all=bin_too)}


def _orders_of_quotes(site: Site, cases: Sequence[Case]) -> None:
    """An order that was made from a quote meanwhile, by us or by somebody else: the oldest, where there are several."""
    found = _rows(site, ORDER, _ORDER, "QuoteId", (case.sale.quote_id for case in cases))
    for case in cases:
        own = [row for row in found.values() if row.get("QuoteId") == case.sale.quote_id]
        if own:
            case.rows.order = min(own, key=lambda row: str(row["OrderNumber"]))
            case.sale.order_id = str(case.rows.order["Id"])
            _learn(case)


def _lines(site: Site, cases: Sequence[Case]) -> None:
    for sobject, name in ((ORDER_LINE, "order"), (QUOTE_LINE, "quote")):
        by, _ = LINES[sobject]
        parents = [case for case in cases if (row := getattr(case.rows, name)) is not None and not row["IsDeleted"]]
        select = (*lines.SELECT, by, *lines.days_of(sobject))
        found = _rows(site, sobject, select, by, (str(getattr(case.rows, name)["Id"]) for case in parents))
        for case in parents:
            own = tuple(row for row in found.values() if row[by] == getattr(case.rows, name)["Id"])
            setattr(case.rows, f"{name}_lines", own)


def _accounts(site: Site, cases: Sequence[Case]) -> None:
    select = select_list(site.entities["Account"])
    found = _rows(site, "Account", select, "Id", (case.sale.account_id for case in cases))
    for case in cases:
        case.rows.account = found.get(case.sale.account_id)
        if case.rows.account is not None:
            case.sale.account_name = str(case.rows.account["Name"])[:255]
    _contacts(site, [case for case in cases if _is_prospect(case)])


def _is_prospect(case: Case) -> bool:
    """Whether a customer has to be made: of an order in Salesforce whose account billing does not know."""
    account, order = case.rows.account, case.rows.order
    return account is not None and order is not None and not account.get(EXTERNAL_ID)


def _contacts(site: Site, cases: Sequence[Case]) -> None:
    select = tuple(dict.fromkeys((*select_list(site.entities["Contact"]), "AccountId", "CreatedDate")))
    found = _rows(site, "Contact", select, "AccountId", (case.sale.account_id for case in cases)).values()
    for case in cases:
        own = [row for row in found if row.get("AccountId") == case.sale.account_id]
        case.rows.contact = min(own, key=lambda row: _precedence(case, row)) if own else None


def _precedence(case: Case, contact: Mapping[str, Any]) -> tuple[bool, bool, bool, str]:
    """Who becomes the customer: whom the order bills, whom the quote was made for, who is one, who was there first."""
    rows = case.rows
    billed = rows.order is not None and rows.order.get("BillToContactId") == contact["Id"]
    asked = rows.quote is not None and rows.quote.get("ContactId") == contact["Id"]
    return not billed, not asked, not contact.get(EXTERNAL_ID), f"{contact.get('CreatedDate')} {contact['Id']}"
