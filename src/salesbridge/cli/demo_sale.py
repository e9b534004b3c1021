"""The last part of the demo: prospects become customers, their orders are provisioned, and one of them leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from rich.table import Table

from salesbridge.cli import show
from salesbridge.engine.live.site import Site
from salesbridge.model import EXTERNAL_ID
from salesbridge.package import SURFACED
from salesbridge.salesforce import Salesforce
from salesbridge.salesforce.events import Events, Start
from salesbridge.salesforce.soql import quote
from salesbridge.sandbox.billing.identifiers import complete
from salesbridge.store.models import Sale
from salesbridge.store.sales import sales_of, timeline
from salesbridge.sync.sale_life import SaleState

_PATIENCE_S = 60.0
_LOOK_S = 0.05
_USUAL = frozenset({SaleState.OFFERED, SaleState.PLACED, SaleState.DRAFT, SaleState.READY})
_REASON = "Gentrack_Order_Reason__c"
#: Bodies of meter points in each market that no seeded account has, by the zone of the tenant.
_POINTS = {
    "Europe/London": ("MPAN", "99{:010}"),
    "Australia/Melbourne": ("NMI", "9999{:06}"),
    "Pacific/Auckland": ("ICP", "{:010}ZZ"),
}


@dataclass
class Shop:
    """Where the demo sells.

    Args:
        where: The instance.
        person: Salesforce, as a sales person sees it.
        seen: What a subscriber of ``Gentrack_Event__e`` has seen.
    """

    where: Site
    person: Salesforce
    seen: list[dict[str, Any]] = field(default_factory=list)

    def sale(self, quote_id: str) -> Sale | None:
        """The sale of a quote, as it stands now."""
        return sales_of(self.where.door, self.where.instance.pk).filter(quote_id=quote_id).first()


def show_sales(where: Site, person: Salesforce) -> bool:
    """Sell three times, and show what becomes of each; whether all went as they should."""
    show.out.print()
    show.out.rule("[bold]Quote to order to contract")
    shop = Shop(where, person)
    with _subscriber(shop):
        told = [_supplied_and_lost(shop), _objected(shop), _cancelled(shop)]
    return all(told)


def _supplied_and_lost(shop: Shop) -> bool:
    show.out.print("[bold]6.[/] A sales person offers electricity to Northwind, a prospect; the quote is accepted.")
    sale = _sold(shop, "Northwind", 1)
    if sale is None or not _provisioned(shop, sale):
        return False
    show.out.print("[bold]7.[/] Northwind leaves for another retailer: the registry tells billing, billing tells us.")
    began, point = time.monotonic(), _point(shop, 1)
    _billing(shop, f"service-points/{point}", "start_loss")
    heard = _until(lambda: any(event["External_Context_Id__c"] == point for event in shop.seen))
    _say(heard, f"A subscriber of {SURFACED} sees 'Switch Loss / Started' of {point}", began)
    _timeline(shop, sale, whole=True)
    return heard


def _objected(shop: Shop) -> bool:
    show.out.print("[bold]8.[/] The same for Kowhai Dairy; the losing retailer objects, which is then resolved.")
    sale = _sold(shop, "Kowhai Dairy", 2)
    done = sale is not None and _provisioned(shop, sale, objected=True)
    if sale is not None:
        _timeline(shop, sale)
    return done


def _cancelled(shop: Shop) -> bool:
    show.out.print("[bold]9.[/] The same for Rata Timber, who changes their mind after billing has accepted.")
    sale = _sold(shop, "Rata Timber", 3)
    if sale is None:
        return False
    began = time.monotonic()
    shop.person.update("Order", sale.order_id, {"Gentrack_Placed__c": False})
    done = _until(lambda: _state(shop, sale) == SaleState.CANCELLED)
    _say(done, f"Order {sale.order_number} is cancelled in billing, and says so in Salesforce", began)
    _timeline(shop, sale)
    return done


def _sold(shop: Shop, name: str, number: int) -> Sale | None:
    """A prospect with an accepted quote; its order is placed, and billing accepts it. None if it does not."""
    began = time.monotonic()
    quote_id = _quoted(shop, name, _point(shop, number))
    shop.person.update("Quote", quote_id, {"Status": "Accepted"})
    made = _until(lambda: (sale := shop.sale(quote_id)) and sale.order_id and sale.state == SaleState.OFFERED)
    sale = shop.sale(quote_id)
    _say(made, "The quote has become an order, which is placed now", began)
    if not made or sale is None:
        return None
    shop.person.update("Order", sale.order_id, {"Gentrack_Placed__c": True})
    began = time.monotonic()
    accepted = _until(lambda: _state(shop, sale) == SaleState.ACCEPTED)
    sale.refresh_from_db()
    there = f"Billing has account {sale.account_number} and has accepted order {sale.order_number}"
    _say(accepted, f"{there}; Salesforce has the numbers", began)
    return sale if accepted else None


def _quoted(shop: Shop, name: str, point: str) -> str:
    """An account without number, a contact, an opportunity and a quote with one line; the quote's id."""
    create, start = shop.person.create, (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    account = create("Account", {"Name": name, "Account_Class__c": "Commercial"})
    create("Contact", {"AccountId": account, "FirstName": "Isla", "LastName": "Archer"})
    closes = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    (book,) = shop.person.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    opportunity = {"Name": f"Supply of {name}", "StageName": "Negotiation/Review", "CloseDate": closes}
    made = create("Opportunity", {**opportunity, "AccountId": account, "Pricebook2Id": book["Id"]})
    quote_id = create("Quote", {"Name": f"Offer to {name}", "OpportunityId": made})
    price = _price(shop)
    line = {"QuoteId": quote_id, "PricebookEntryId": price["Id"], "Quantity": 1, "UnitPrice": price["UnitPrice"]}
    create("QuoteLineItem", {**line, "Gentrack_Service_Point__c": point, "Gentrack_Start_Date__c": start})
    return quote_id


def _price(shop: Shop) -> dict[str, Any]:
    """The standard price of a product that is sold for electricity."""
    found = shop.person.query(
        f"SELECT Id, UnitPrice FROM PricebookEntry WHERE IsActive = true AND Product2.IsActive = true "
        f"AND Product2.Family = {quote('Electricity')} AND Product2.{EXTERNAL_ID} != null "
        f"AND Pricebook2.IsStandard = true ORDER BY Product2.{EXTERNAL_ID} LIMIT 1"
    )
    return next(found)


def _provisioned(shop: Shop, sale: Sale, *, objected: bool = False) -> bool:
    """Billing provisions the order: the switch is made, contract and order become active."""
    began = time.monotonic()
    _billing(shop, f"orders/{sale.order_number}", "provision")
    _until(lambda: _state(shop, sale) == SaleState.PROVISIONING)
    if objected and not _objection(shop, sale):
        return False
    _billing(shop, f"orders/{sale.order_number}", "finish_switches")
    _billing(shop, f"orders/{sale.order_number}", "activate")
    done = _until(lambda: _active(shop, sale))
    _say(done, "The switch is finished; contract and order are activated in Salesforce", began)
    return done


def _objection(shop: Shop, sale: Sale) -> bool:
    """The losing retailer objects; the order says so until that is resolved."""
    began = time.monotonic()
    _billing(shop, f"orders/{sale.order_number}", "object")
    told = _until(lambda: "bjected" in (shop.person.get("Order", sale.order_id, (_REASON,))[_REASON] or ""))
    _say(told, "The order in Salesforce tells the sales person of the objection", began)
    _billing(shop, f"orders/{sale.order_number}", "resolve")
    return told


def _active(shop: Shop, sale: Sale) -> bool:
    if _state(shop, sale) != SaleState.ACTIVE:
        return False
    order = shop.person.get("Order", sale.order_id, ("Status", "ContractId"))
    contract = shop.person.get("Contract", order["ContractId"], ("Status",)) if order["ContractId"] else {}
    return {order["Status"], contract.get("Status")} == {"Activated"}


def _billing(shop: Shop, path: str, do: str) -> None:
    """What the registry or billing itself does."""
    httpx2.post(f"{shop.where.tenant.base_url}/sandbox/{path}", json={"do": do}).raise_for_status()


def _state(shop: Shop, sale: Sale) -> str:
    state: str = sales_of(shop.where.door, shop.where.instance.pk).values_list("state", flat=True).get(pk=sale.pk)
    return state


def _point(shop: Shop, number: int) -> str:
    """A meter point that billing does not know."""
    scheme, body = _POINTS[shop.where.tenant.zone]
    return complete(scheme, body.format(number))


def _say(done: bool, what: str, began: float) -> None:  # noqa: FBT001 - what came of it
    took = time.monotonic() - began
    if done:
        show.out.print(f"   [green]After {took:.2f} s:[/] {what}.")
    else:
        show.out.print(f"   [red]Not within {took:.0f} s:[/] {what}.")


def _timeline(shop: Shop, sale: Sale, *, whole: bool = False) -> None:
    """What the portal and ``salesbridge order show`` tell of a sale too; the usual beginning only once."""
    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    steps = timeline(shop.where.door, sale)
    for step in steps if whole else [step for step in steps if step.state not in _USUAL]:
        table.add_row(f"   +{(step.at - steps[0].at).total_seconds():.1f} s", step.state, show.plain(step.message))
    show.out.print(table)


@contextmanager
def _subscriber(shop: Shop) -> Iterator[None]:
    """A customer's own program, which listens to the events that are surfaced in Salesforce."""
    stop = threading.Event()
    thread = threading.Thread(target=_listen, args=(shop, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def _listen(shop: Shop, stop: threading.Event) -> None:
    address = shop.where.instance.settings["pubsub"].removeprefix("http://")
    with Events(shop.where.salesforce, address=address, plaintext=True) as bus:
        for delivery in bus.subscribe(f"/event/{SURFACED}", Start.EARLIEST, stop=stop):
            shop.seen.extend(dict(event.values) for event in delivery.events)


def _until(true: Callable[[], Any]) -> bool:
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(_LOOK_S)
    return False
