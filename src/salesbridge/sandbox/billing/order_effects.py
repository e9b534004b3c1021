"""What follows when an order moves on: agreements, service points and their switches."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.supply import SUPPLIED, gaining, scheme_of, today

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.records import Record
    from salesbridge.sandbox.billing.store import Billing

_GIVEN_UP = {"supply_status": "Ceased", "switch_status": "None", "supply_start": None, "supply_end": None}
_MONTHS = 12


def follow(billing: Billing, before: Record, order: Record, source: str) -> None:
    """Carry out what a change of an order's status brings about; the order itself is changed already.

    Provisioning makes the agreements and starts the switches, activation makes the agreements active, cancellation
    takes both back.
    """
    moved = (before["status"], order["status"])
    if moved[0] == moved[1]:
        return
    if moved[1] == "provisioning":
        _agree(billing, order, source)
        for line in order["lines"]:
            _start_switch(billing, order, line, source)
    elif moved[1] == "active":
        _activate(billing, order, source)
    elif moved == ("provisioning", "cancelled"):
        _take_back(billing, order, source)


def _agree(billing: Billing, order: Record, source: str) -> None:
    for line in order["lines"]:
        billing.create("agreements", _agreement(billing, order, line), source=source)


def _agreement(billing: Billing, order: Record, line: Record) -> Record:
    product = billing.find("products", line["product_code"]) or {}
    end = line["to_date"]
    start = _start(billing, line)
    return {
        "account_number": order["account_number"],
        "product_code": line["product_code"],
        "agreement_type": f"{product.get('service_type')} Supply",
        "from_date": start,
        "to_date": end,
        "contracted_to": end,
        "term_months": _months(start, end) if end else None,
        "order_number": order["number"],
        "service_point": line["service_point"],
        "active": False,
    }


def _start(billing: Billing, line: Record) -> str:
    """The day on which a line begins; one without a day begins today."""
    day: str = line["from_date"] or min(today(billing), line["to_date"] or today(billing))
    return day


def _months(start: str, end: str) -> int | None:
    """The whole months from the first to the last day."""
    first, beyond = date.fromisoformat(start), date.fromisoformat(end) + timedelta(days=1)
    months = (beyond.year - first.year) * _MONTHS + beyond.month - first.month - (beyond.day < first.day)
    return months or None


def _start_switch(billing: Billing, order: Record, line: Record, source: str) -> None:
    identifier = line["service_point"]
    if identifier is None:
        return
    point = billing.find("service_points", identifier)
    gain = {
        "account_number": order["account_number"],
        "supply_status": "Pending",
        "switch_status": "Gain Started",
        "supply_start": _start(billing, line),
        "supply_end": None,
    }
    if point is None:
        billing.create("service_points", {**_new_point(billing, order, line), **gain}, source=source)
    elif not _ours(point, order):
        billing.update("service_points", point["id"], gain, source=source)


def _ours(point: Record, order: Record) -> bool:
    """Whether the account has the service point, or is getting it, already."""
    if point["account_number"] != order["account_number"]:
        return False
    return point["supply_status"] in SUPPLIED or point["switch_status"].startswith("Gain")


def _new_point(billing: Billing, order: Record, line: Record) -> Record:
    account = billing.find("accounts", order["account_number"]) or {}
    product = billing.find("products", line["product_code"]) or {}
    return {
        "identifier": line["service_point"],
        "identifier_type": scheme_of(billing, line["service_point"]),
        "service_type": product.get("service_type"),
        "address": dict(account["address"]),
    }


def _activate(billing: Billing, order: Record, source: str) -> None:
    if not billing.agreements_of_order(order["number"]):
        _agree(billing, order, source)
    for agreement in billing.agreements_of_order(order["number"]):
        billing.update("agreements", agreement["id"], {"active": True}, source=source)


def _take_back(billing: Billing, order: Record, source: str) -> None:
    for agreement in billing.agreements_of_order(order["number"]):
        billing.update("agreements", agreement["id"], {"cancelled": True, "active": False}, source=source)
    for point in gaining(billing, order):
        if not _wanted_elsewhere(billing, point, order):
            billing.update("service_points", point["id"], _GIVEN_UP, source=source)


def _wanted_elsewhere(billing: Billing, point: Record, order: Record) -> bool:
    """Whether another order of the account waits for the same switch."""
    return any(
        one["status"] == "provisioning" and one["account_number"] == order["account_number"]
        for one in billing.orders_at(point["identifier"])
    )
