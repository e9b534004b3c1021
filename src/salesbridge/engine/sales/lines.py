"""Lines of orders and quotes, read from either side and written to either side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from salesbridge.engine.sales.entities import END, ORDER_LINE, POINT, START
from salesbridge.model import EXTERNAL_ID, BillingForm
from salesbridge.model.kinds import Date, Kind, Number, RefusedError, money
from salesbridge.model.kinds.market import normal
from salesbridge.sync.sale_seen import Line

Row = Mapping[str, Any]
_DAY, _QUANTITY, _PRICE = Date(), Number(12, 2), money(15, 4)
#: Fields of a line that hold its days, by object.
DAYS: Mapping[str, tuple[str, str]] = {ORDER_LINE: ("ServiceDate", "EndDate")}
_OWN_DAYS = (START, END)
_UNPLACED = 10**9

#: What is read of a line, beside its days.
SELECT = (
    "Id", EXTERNAL_ID, "Quantity", "UnitPrice", "PricebookEntryId", POINT, "Product2.Name", f"Product2.{EXTERNAL_ID}",
)  # fmt: skip


def days_of(sobject: str) -> tuple[str, str]:
    """The fields that hold the first and the last day of a line."""
    return DAYS.get(sobject, _OWN_DAYS)


def sales_lines(sobject: str, rows: Iterable[Row], *, start: date | None = None) -> tuple[Line, ...]:
    """Salesforce's lines, in the order of their external ids; new ones behind the others.

    Args:
        sobject: ``OrderItem`` or ``QuoteLineItem``.
        rows: The rows.
        start: First day of those that have none.
    """
    ordered = sorted(rows, key=lambda row: (_place(row), str(row["Id"])))
    return tuple(_sales_line(sobject, row, start) for row in ordered)


def _place(row: Row) -> int:
    _, _, place = str(row.get(EXTERNAL_ID) or "").rpartition(":")
    return int(place) if place.isdigit() else _UNPLACED


def _sales_line(sobject: str, row: Row, start: date | None) -> Line:
    first, last = days_of(sobject)
    product = row.get("Product2") or {}
    return Line(
        product.get(EXTERNAL_ID) or None,
        _read(_QUANTITY, row.get("Quantity")) or Decimal(0),
        _point(row.get(POINT)),
        _read(_DAY, row.get(first)) or start,
        _read(_DAY, row.get(last)),
        _read(_PRICE, row.get("UnitPrice")) or Decimal(0),
        str(row["Id"]),
        row.get(EXTERNAL_ID) or None,
        str(product.get("Name") or ""),
    )


def _read(kind: Kind, raw: Any) -> Any:
    return None if raw is None else kind.from_salesforce(raw)


def _point(raw: Any) -> str | None:
    return normal(raw) if isinstance(raw, str) and raw.strip() else None


def billing_lines(rows: Iterable[Row], form: BillingForm, scales: Mapping[str, int]) -> tuple[Line, ...]:
    """Billing's lines, with numbers as exact as Salesforce keeps them.

    Args:
        rows: Lines as billing gave them.
        form: How it spells values.
        scales: Digits after the point that Salesforce's fields keep, by field.
    """
    return tuple(_billing_line(row, form, scales) for row in rows)


def _billing_line(row: Row, form: BillingForm, scales: Mapping[str, int]) -> Line:
    return Line(
        row.get("product_code") or None,
        _exact(_of(_QUANTITY, row.get("quantity"), form), scales.get("Quantity")) or Decimal(0),
        _point(row.get("service_point")),
        _of(_DAY, row.get("start_date"), form),
        _of(_DAY, row.get("end_date"), form),
        _exact(_of(_PRICE, row.get("unit_price"), form), scales.get("UnitPrice")) or Decimal(0),
    )


def _of(kind: Kind, raw: Any, form: BillingForm) -> Any:
    try:
        return None if raw is None else kind.from_billing(raw, form)
    except RefusedError:
        return None


def _exact(value: Decimal | None, scale: int | None) -> Decimal | None:
    if value is None or scale is None or -int(value.as_tuple().exponent) <= scale:
        return value
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def billing_attributes(lines: Iterable[Line], form: BillingForm) -> list[dict[str, Any]]:
    """Lines as billing takes them."""
    return [_attributes(line, form) for line in lines]


def _attributes(line: Line, form: BillingForm) -> dict[str, Any]:
    return {
        "product_code": line.product,
        "quantity": _QUANTITY.to_billing(line.quantity, form),
        "service_point": line.point,
        "start_date": _DAY.to_billing(line.start, form) if line.start else None,
        "end_date": _DAY.to_billing(line.end, form) if line.end else None,
        "unit_price": _PRICE.to_billing(line.price or Decimal(0), form),
    }


def sales_members(sobject: str, line: Line) -> dict[str, Any]:
    """The terms of a line as members of a Salesforce record; its parents and its product are not among them."""
    first, last = days_of(sobject)
    return {
        "Quantity": float(line.quantity),
        "UnitPrice": float(line.price or 0),
        POINT: line.point,
        first: line.start.isoformat() if line.start else None,
        last: line.end.isoformat() if line.end else None,
    }
