"""What is wrong with an order before billing is asked: its products, its service points, its days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from salesbridge.engine.live.site import Site
from salesbridge.model.supply import Fault, Point, Supply, check_supplies, schemes_of
from salesbridge.store.models import Sale
from salesbridge.store.sales import supplied
from salesbridge.sync.sale_life import OPEN
from salesbridge.sync.sale_seen import BillingOrder, Line, OrderSeen, Refused


def faults_of(site: Site, sale: Sale, order: OrderSeen | None, billing: BillingOrder | None) -> tuple[Refused, ...]:
    """What is wrong with a placed order that billing has not accepted yet; nothing for any other."""
    if order is None or order.deleted or not order.placed or sale.origin == "billing":
        return ()
    if billing is not None and billing.status not in OPEN:
        return ()
    found = check_supplies(
        [_supply(at, line) for at, line in enumerate(order.lines, start=1)],
        list(_points(site, order.lines)),
        list(_others(site, sale, order.lines)),
        sale.account_number or None,
        schemes_of(site.tenant.zone),
    )
    return tuple(Refused(fault.code, fault.reason, fault.mend) for fault in (*_unknown(order.lines), *found))


def _unknown(lines: Iterable[Line]) -> Iterator[Fault]:
    for line in lines:
        if line.product is None:
            reason = f"Billing does not sell the product {line.name}."
            yield Fault("UNKNOWN_PRODUCT", reason, "Choose a product that comes from billing.")


def _supply(at: int, line: Line) -> Supply:
    return Supply(line.point, line.start, line.end, f"product {at}")


def _points(site: Site, lines: Iterable[Line]) -> Iterator[Point]:
    for identifier in dict.fromkeys(line.point for line in lines if line.point):
        record = site.billing.read("service_point", identifier)
        if record is not None:
            yield _point(identifier, record)


def _point(identifier: str, record: dict[str, Any]) -> Point:
    return Point(
        identifier, record.get("identifier_type"), record.get("account_number"), record.get("supply_status"),
        _day(record.get("supply_end")),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _others(site: Site, sale: Sale, lines: Iterable[Line]) -> Iterator[Supply]:
    """What our other open sales would supply."""
    points = {line.point for line in lines if line.point}
    for other in supplied(site.door, site.instance.pk, points, but=sale.pk):
        for kept in other.supplies:
            if kept["point"] in points:
                yield Supply(kept["point"], _day(kept["start"]), _day(kept["end"]), other.label or "another order")


def supplies_of(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """What lines supply, as it is kept with a sale."""
    return [
        {
            "point": line.point,
            "start": line.start.isoformat() if line.start else None,
            "end": line.end.isoformat() if line.end else None,
        }
        for line in lines
        if line.point
    ]
