"""Reading both sides of some sales: what the next step is decided on is read right before it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from salesbridge.engine import connections
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales import lines
from salesbridge.engine.sales.case import Case
from salesbridge.engine.sales.entities import ORDER_LINE, PLACED, QUOTE_LINE, REASON, STATUS
from salesbridge.engine.sales.faults import faults_of
from salesbridge.engine.sales.options import sale_options
from salesbridge.engine.sales.org import read_org
from salesbridge.model import EXTERNAL_ID, BillingForm
from salesbridge.store.live_links import links_by_key
from salesbridge.sync.sale_life import SaleState
from salesbridge.sync.sale_seen import (
    BillingOrder,
    OpportunitySeen,
    OrderSeen,
    Party,
    Person,
    QuoteSeen,
    SaleFacts,
    Told,
)

_ACTIVATED = "Activated"
#: How far back the agreements of an order are looked for behind the moment at which it was first heard of.
_OVERLAP = timedelta(hours=1)


def look(site: Site, cases: Sequence[Case]) -> None:
    """Read both sides of some sales.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
    """
    read_org(site, cases)
    point("before reading orders")
    for case in cases:
        _read_order(site, case)
    _agreements(site, cases)
    point("after reading orders")
    for case in cases:
        case.facts = _facts(site, case)


def _read_order(site: Site, case: Case) -> None:
    sale = case.sale
    if sale.order_number:
        case.billing = site.billing.read("order", sale.order_number)
    elif sale.order_id and _placed(site, case):
        case.billing = site.billing.referenced("order", sale.order_id)
    if case.billing is not None:
        sale.order_number = str(case.billing["order_number"])
        sale.account_number = str(case.billing.get("account_number") or "") or sale.account_number
        sale.customer_number = str(case.billing.get("customer_number") or "") or sale.customer_number
        sale.label = sale.label or f"Order {sale.order_number}"
        sale.remembered["billed"] = True


def _placed(site: Site, case: Case) -> bool:
    """Whether the order is placed, or was: then billing may have it."""
    row = case.rows.order
    chosen = sale_options(site).placed_status
    placed = row is not None and bool(row.get(PLACED) or (chosen and row.get("Status") == chosen))
    if placed:
        case.sale.remembered["placed"] = True
    return placed or bool(case.sale.remembered.get("placed"))


def _agreements(site: Site, cases: Sequence[Case]) -> None:
    """Agreements that orders brought about: no list is by order, so those that changed since then are read."""
    wanting = {
        case.sale.order_number: case
        for case in cases
        if case.billing is not None
        and case.billing.get("status") in {SaleState.PROVISIONING, SaleState.ACTIVE, SaleState.COMPLETED}
        and not case.sale.remembered.get("agreements")
    }
    if not wanting:
        return
    since = min(case.sale.started_at for case in wanting.values()) - _OVERLAP
    for page in site.billing.pages("agreement", since=since):
        for record in page.records:
            case = wanting.get(str(record.get("order_number") or ""))
            if case is not None:
                case.sale.remembered.setdefault("agreements", []).append(record["agreement_number"])


def _facts(site: Site, case: Case) -> SaleFacts:
    remembered = case.sale.remembered
    billing = _billing_order(site, case)
    party = _party(site, case, billing)
    if billing is not None:
        billing = replace(billing, contract=_links(site, case, billing))
    order = _order(site, case)
    return SaleFacts(
        raised_in_billing=case.raised_in_billing,
        order=order,
        quote=_quote(case),
        opportunity=_opportunity(case),
        party=party,
        billing=billing,
        faults=faults_of(site, case.sale, order, billing),
        refused=case.refused,
        was_placed=bool(remembered.get("placed")),
        was_in_billing=bool(remembered.get("billed")),
        copying=bool(remembered.get("copying")),
        orders_from_quotes=sale_options(site).orders_from_quotes,
        account_id=case.sale.account_id,
        unsold=tuple(name for name in _products(billing) if name not in case.entries),
    )


def _told(row: Mapping[str, Any]) -> Told:
    return Told(row.get(STATUS) or None, row.get(REASON) or None)


def _order(site: Site, case: Case) -> OrderSeen | None:
    row = case.rows.order
    if row is None:
        return OrderSeen(case.sale.order_id, deleted=True) if case.sale.order_id else None
    start = None if case.raised_in_billing else date.fromisoformat(row["EffectiveDate"])
    contract = row.get("Contract") or {}
    chosen = sale_options(site).placed_status
    return OrderSeen(
        str(row["Id"]),
        placed=bool(row.get(PLACED)) or bool(chosen and row.get("Status") == chosen),
        deleted=bool(row["IsDeleted"]),
        activated=row.get("StatusCode") == _ACTIVATED,
        number=row.get(EXTERNAL_ID) or None,
        told=_told(row),
        lines=lines.sales_lines(ORDER_LINE, case.rows.order_lines, start=start),
        contract=contract.get(EXTERNAL_ID) or None,
        contract_activated=contract.get("StatusCode") == _ACTIVATED,
    )


def _quote(case: Case) -> QuoteSeen | None:
    row = case.rows.quote
    if row is None:
        return QuoteSeen(case.sale.quote_id, deleted=True) if case.sale.quote_id else None
    found = lines.sales_lines(QUOTE_LINE, case.rows.quote_lines)
    return QuoteSeen(
        str(row["Id"]), row.get("Status"), row.get(EXTERNAL_ID) or None, _told(row), found, bool(row["IsDeleted"])
    )


def _opportunity(case: Case) -> OpportunitySeen | None:
    row = case.rows.opportunity
    if row is None:
        return OpportunitySeen(case.sale.opportunity_id, deleted=True) if case.sale.opportunity_id else None
    number = row.get(EXTERNAL_ID) or None
    return OpportunitySeen(str(row["Id"]), row.get("StageName"), number, _told(row), bool(row["IsDeleted"]))


def form_of(site: Site) -> BillingForm:
    """How the tenant's billing system spells values."""
    return connections.form(site.tenant.product, site.tenant.zone)


def _billing_order(site: Site, case: Case) -> BillingOrder | None:
    row = case.billing
    if row is None:
        return None
    return BillingOrder(
        str(row["order_number"]),
        SaleState(str(row["status"])),
        str(row.get("account_number") or ""),
        lines.billing_lines(row.get("lines") or (), form_of(site), site.line_scales),
        str(row.get("status_reason") or "") or None,
    )


def _party(site: Site, case: Case, billing: BillingOrder | None) -> Party | None:
    account, contact = case.rows.account, case.rows.contact
    if account is None:
        return None
    number = account.get(EXTERNAL_ID) or None
    case.sale.account_number = case.sale.account_number or str(number or "")
    person = _person(contact) if contact is not None else None
    category = account.get("Account_Class__c") or None
    party = Party(str(account["Id"]), number, str(account["Name"]), category, person)
    if number is not None or billing is not None or not case.sale.remembered.get("placed"):
        return party
    made = site.billing.referenced("account", party.id)
    customer = site.billing.referenced("customer", person.id) if person is not None and person.number is None else None
    return Party(
        party.id, None, party.name, category, person,
        str(customer["customer_number"]) if customer is not None else None,
        str(made["account_number"]) if made is not None else None,
    )  # fmt: skip


def _person(contact: Mapping[str, Any]) -> Person:
    name = " ".join(str(contact[part]) for part in ("FirstName", "LastName") if contact.get(part))
    return Person(str(contact["Id"]), contact.get(EXTERNAL_ID) or None, name)


def _links(site: Site, case: Case, billing: BillingOrder) -> str | None:
    """Salesforce ids of the records that the order refers to; the agreement that Salesforce has as a contract."""
    agreements = sorted(case.sale.remembered.get("agreements") or [])
    asked = [("Account", billing.account), *(("Contract", number) for number in agreements)]
    asked += [("PricebookEntry", product) for product in _products(billing)]
    found = links_by_key(site.door, site.instance.pk, asked)
    case.entries = {key: link.salesforce_id for (entity, key), link in found.items() if entity == "PricebookEntry"}
    account = found.get(("Account", billing.account))
    if account is not None and not case.sale.account_id:
        case.sale.account_id = account.salesforce_id
    linked = next((number for number in agreements if ("Contract", number) in found), None)
    case.contract_id = found["Contract", linked].salesforce_id if linked is not None else ""
    return linked


def _products(billing: BillingOrder | None) -> list[str]:
    found = (line.product for line in billing.lines) if billing is not None else ()
    return list(dict.fromkeys(product for product in found if product))
