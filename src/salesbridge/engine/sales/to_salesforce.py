"""Steps of sales that write to Salesforce: each is a request or two, and is found done when both sides are read again.

A change of an order's status stands alone in its request (Object Reference, Order); lines come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.case import Case, Row
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
from salesbridge.engine.sales.lines import sales_members
from salesbridge.model import EXTERNAL_ID, Fact
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.rest import MAX_COLLECTION, Operation
from salesbridge.sync.sale_seen import Line, Told, key_of_line
from salesbridge.sync.sale_step import Step, StepKind

PROPOSAL, DRAFT, ACTIVATED = "Proposal/Price Quote", "Draft", "Activated"
#: Days that an offer without an end is given.
_VALID_DAYS = 30


def write_salesforce(site: Site, case: Case, step: Step) -> dict[str, Any]:
    """Carry out a step that writes to Salesforce.

    Returns:
        What is worth keeping of it.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    return _STEPS[step.kind](site, case, step) or {}


def _number_contact(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - steps share one shape
    party = case.facts.party
    number = party.customer if party is not None else None
    site.salesforce.update("Contact", str((case.rows.contact or {})["Id"]), {EXTERNAL_ID: number})
    return {"customer": number}


def _number_account(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    party = case.facts.party
    number = party.account if party is not None else None
    site.salesforce.update("Account", case.sale.account_id, {EXTERNAL_ID: number})
    return {"account": number}


def _number_order(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    order, number = case.facts.order, case.number
    if order is not None and order.number != number:
        site.salesforce.update(ORDER, order.id, {EXTERNAL_ID: number})
    for sobject, seen in ((QUOTE, case.facts.quote), (OPPORTUNITY, case.facts.opportunity)):
        if seen is not None and not seen.deleted and seen.number is None:
            site.salesforce.update(sobject, seen.id, {EXTERNAL_ID: number})
    if order is not None and not order.activated:
        named = [(line, key_of_line(number, at)) for at, line in enumerate(order.lines)]
        records = [{"Id": line.id, EXTERNAL_ID: key} for line, key in named if line.key != key]
        _collect(site, "update", ORDER_LINE, records)
    return {"order": number}


def _make_opportunity(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    values = {
        "Name": _name(case)[:120], "StageName": PROPOSAL, "CloseDate": _valid_until(case),
        "AccountId": case.sale.account_id, "Pricebook2Id": _book(site),
    }  # fmt: skip
    case.sale.opportunity_id = site.salesforce.upsert(OPPORTUNITY, EXTERNAL_ID, case.number, values).id
    return {"opportunity": case.sale.opportunity_id}


def _make_quote(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    values = {
        "Name": _name(case)[:255], "Status": DRAFT, "ExpirationDate": _valid_until(case),
        "OpportunityId": case.sale.opportunity_id, "Pricebook2Id": _book(site),
    }  # fmt: skip
    case.sale.quote_id = site.salesforce.upsert(QUOTE, EXTERNAL_ID, case.number, values).id
    return {"quote": case.sale.quote_id}


def _make_sales_order(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    billing = case.facts.billing
    values = {
        **_new_order(site, case, billing.lines if billing is not None else ()),
        "Pricebook2Id": _book(site),
        PLACED: True,
    }
    case.sale.order_id = site.salesforce.upsert(ORDER, EXTERNAL_ID, case.number, values).id
    return {"sales_order": case.sale.order_id}


def _order_from_quote(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    quote = case.facts.quote
    values = _new_order(site, case, quote.lines if quote is not None else ())
    book = (case.rows.quote or {}).get("Pricebook2Id") or _book(site)
    case.sale.order_id = site.salesforce.create(ORDER, {**values, "Pricebook2Id": book})
    return {"sales_order": case.sale.order_id}


def _new_order(site: Site, case: Case, lines: Sequence[Line]) -> dict[str, Any]:
    starts = [line.start for line in lines if line.start is not None]
    first = min(starts) if starts else site.today(datetime.now(UTC))
    around = {"QuoteId": case.sale.quote_id, "OpportunityId": case.sale.opportunity_id}
    return {
        "AccountId": case.sale.account_id,
        "EffectiveDate": first.isoformat(),
        "Status": DRAFT,
        **{name: value for name, value in around.items() if value},
    }


def _copy_quote_lines(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    """Copy those lines of the quote that the order does not have yet."""
    order, quote = case.facts.order, case.facts.quote
    if order is None or quote is None:
        return {}
    there = [line.terms for line in order.lines]
    missing = []
    for line in quote.lines:
        if line.terms in there:
            there.remove(line.terms)
        else:
            missing.append(line)
    entries = {str(row["Id"]): row["PricebookEntryId"] for row in case.rows.quote_lines}
    _collect(site, "create", ORDER_LINE, [
        {"OrderId": order.id, "PricebookEntryId": entries[line.id], **sales_members(ORDER_LINE, line)}
        for line in missing
    ])  # fmt: skip
    return {"lines": len(missing)}


def _set_quote_lines(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    quote = case.facts.quote
    return _set_lines(site, case, QUOTE_LINE, quote.id if quote else "", quote.lines if quote else ())


def _set_order_lines(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    order = case.facts.order
    return _set_lines(site, case, ORDER_LINE, order.id if order else "", order.lines if order else ())


def _set_lines(site: Site, case: Case, sobject: str, parent: str, there: Sequence[Line]) -> dict[str, Any]:
    """Make Salesforce's lines those of billing; one whose product changed is another line."""
    lines = case.facts.billing.lines if case.facts.billing is not None else ()
    wanted = {key_of_line(case.number, at): line for at, line in enumerate(lines)}
    keyed = ((line.key or "", line) for line in there)
    kept = {key: line for key, line in keyed if key in wanted and wanted[key].product == line.product}
    gone = [{"Id": line.id} for line in there if kept.get(line.key or "") is not line]
    _collect(site, "delete", sobject, gone)
    changed = [(kept[key].id, line) for key, line in wanted.items() if key in kept and kept[key].terms != line.terms]
    _collect(site, "update", sobject, [{"Id": found, **sales_members(sobject, line)} for found, line in changed])
    holder, _ = LINES[sobject]
    new = [
        {
            EXTERNAL_ID: key, holder: parent, "PricebookEntryId": case.entries[line.product or ""],
            **sales_members(sobject, line),
        }
        for key, line in wanted.items()
        if key not in kept
    ]  # fmt: skip
    _collect(site, "create", sobject, new)
    return {"new": len(new), "changed": len(changed), "gone": len(gone)}


def _link_contract(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    site.salesforce.update(ORDER, case.sale.order_id, {"ContractId": case.contract_id})
    return {"contract": case.facts.billing.contract if case.facts.billing is not None else None}


def _activate_order(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    site.salesforce.update(ORDER, case.sale.order_id, {"Status": ACTIVATED})
    return {}


def _tell(site: Site, case: Case, step: Step) -> dict[str, Any]:
    news = step.tidings
    told: dict[str, dict[str, Any]] = {
        ORDER: _members(news.order),
        QUOTE: _members(news.quote) | ({"Status": news.quote_status} if news.quote_status else {}),
        OPPORTUNITY: _members(news.opportunity) | ({"StageName": news.stage} if news.stage else {}),
    }
    ids = {ORDER: case.sale.order_id, QUOTE: case.sale.quote_id, OPPORTUNITY: case.sale.opportunity_id}
    for sobject, values in told.items():
        if values:
            site.salesforce.update(sobject, ids[sobject], values)
    return {sobject: values for sobject, values in told.items() if values}


def _members(told: Told | None) -> dict[str, Any]:
    return {} if told is None else {STATUS: told.status, REASON: told.reason}


def _name(case: Case) -> str:
    return f"{case.sale.account_name or case.sale.account_number}: order {case.number}"


def _valid_until(case: Case) -> str:
    given = (case.billing or {}).get("valid_until")
    if isinstance(given, str) and given:
        return given
    begun: date = case.sale.started_at.date()
    return (begun + timedelta(days=_VALID_DAYS)).isoformat()


def _book(site: Site) -> str:
    return site.facts[Fact.STANDARD_PRICEBOOK]


def _collect(site: Site, operation: Operation, sobject: str, records: Sequence[Row]) -> None:
    """Write lines together; the first that is refused is told.

    Raises:
        SalesforceError: Salesforce refuses one, or does not answer.
    """
    for first in range(0, len(records), MAX_COLLECTION):
        for result in site.salesforce.collections(operation, sobject, records[first : first + MAX_COLLECTION]):
            if not result.success and result.errors:
                error = result.errors[0]
                raise SalesforceError(
                    error.message, kind=error.kind, code=error.code, mend=error.mend, fields=error.fields
                )


_STEPS: Mapping[StepKind, Callable[[Site, Case, Step], dict[str, Any]]] = {
    StepKind.NUMBER_CONTACT: _number_contact,
    StepKind.NUMBER_ACCOUNT: _number_account,
    StepKind.NUMBER_ORDER: _number_order,
    StepKind.MAKE_OPPORTUNITY: _make_opportunity,
    StepKind.MAKE_QUOTE: _make_quote,
    StepKind.SET_QUOTE_LINES: _set_quote_lines,
    StepKind.MAKE_SALES_ORDER: _make_sales_order,
    StepKind.ORDER_FROM_QUOTE: _order_from_quote,
    StepKind.COPY_QUOTE_LINES: _copy_quote_lines,
    StepKind.SET_ORDER_LINES: _set_order_lines,
    StepKind.LINK_CONTRACT: _link_contract,
    StepKind.ACTIVATE_ORDER: _activate_order,
    StepKind.TELL: _tell,
}
