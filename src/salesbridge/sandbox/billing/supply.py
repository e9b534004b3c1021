"""Who has a service point, and what may become of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from salesbridge.sandbox.billing import identifiers
from salesbridge.sandbox.billing.clock import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.records import Record
    from salesbridge.sandbox.billing.store import Billing

SUPPLIED = ("Registered", "De-energised")
GAINING = ("Gain Started", "Gain Objected")
_LINES_HOLD = ("draft", "ready", "accepted")
_WITH_AGREEMENTS = ("provisioning", "active")
_LAST_DAY = "9999-12-31"


def today(billing: Billing) -> str:
    """The day in the market."""
    return at(billing.clock.now(), ZoneInfo(billing.seed.place.zone)).date().isoformat()


def scheme_of(billing: Billing, identifier: str) -> str | None:
    """The market's scheme of which an identifier is a valid one, check digits and all; None when there is none."""
    schemes = dict.fromkeys(scheme for scheme, _ in billing.seed.place.supplies)
    return next((scheme for scheme in schemes if identifiers.is_valid(scheme, identifier)), None)


def services_of(billing: Billing, identifier: str, scheme: str) -> list[str]:
    """What a service point supplies; one that is not known may supply whatever its scheme is for."""
    point = billing.find("service_points", identifier)
    if point is not None:
        return [point["service_type"]]
    return [service for one, service in billing.seed.place.supplies if one == scheme]


def gaining(billing: Billing, order: Record) -> list[Record]:
    """The service points of an order's lines whose switch to its account is not finished, each once."""
    named = dict.fromkeys(line["service_point"] for line in order["lines"] if line["service_point"])
    points = (billing.find("service_points", identifier) for identifier in named)
    return [
        point
        for point in points
        if point and point["account_number"] == order["account_number"] and point["switch_status"] in GAINING
    ]


def supplied_elsewhere(billing: Billing, account: str, identifier: str) -> bool:
    """Whether we supply a service point for another account."""
    point = billing.find("service_points", identifier)
    return point is not None and point["supply_status"] in SUPPLIED and point["account_number"] != account


def switching_elsewhere(billing: Billing, account: str, identifier: str) -> str | None:
    """The number of the order that has a service point switched to another account just now."""
    point = billing.find("service_points", identifier)
    if point is None or point["account_number"] == account:
        return None
    waiting = (order for order in billing.orders_at(identifier) if order["status"] == "provisioning")
    return next((one["number"] for one in waiting if one["account_number"] == point["account_number"]), None)


def other_holder(billing: Billing, number: str, line: Record) -> str | None:
    """The first order or agreement beside an order that has a line's service point in some of the line's days."""
    start, end = line["from_date"] or today(billing), line["to_date"] or _LAST_DAY
    for holder, first, last in _held(billing, line["service_point"], number):
        if first <= end and start <= last:
            return holder
    return None


def _held(billing: Billing, identifier: str, own: str) -> Iterator[tuple[str, str, str]]:
    for order in billing.orders_at(identifier):
        if order["number"] == own or not _holds(billing, order):
            continue
        for line in order["lines"]:
            if line["service_point"] == identifier:
                yield f"Order {order['number']}", line["from_date"] or today(billing), line["to_date"] or _LAST_DAY
    for agreement in billing.agreements_at(identifier):
        if agreement["order_number"] != own and not agreement["cancelled"]:
            last = agreement["to_date"] or _LAST_DAY
            yield f"Agreement {agreement['number']}", agreement["from_date"], last


def _holds(billing: Billing, order: Record) -> bool:
    """Whether an order's own lines hold its service points; once there are agreements, these do."""
    if order["status"] in _LINES_HOLD:
        return True
    return order["status"] in _WITH_AGREEMENTS and not billing.agreements_of_order(order["number"])
