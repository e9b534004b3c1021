"""What the billing system refuses of orders, by the table of refusals on the page on the billing systems' APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.problems import Edit, Problem, RefusedError, known, required
from salesbridge.sandbox.billing.supply import (
    gaining,
    other_holder,
    scheme_of,
    services_of,
    supplied_elsewhere,
    switching_elsewhere,
    today,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.records import Record
    from salesbridge.sandbox.billing.store import Billing

TRANSITIONS = {
    "draft": ("ready", "cancelled"),
    "ready": ("draft", "accepted", "cancelled"),
    "accepted": ("provisioning", "cancelled"),
    "provisioning": ("active", "cancelled"),
    "active": ("completed",),
    "completed": (),
    "cancelled": (),
}
LINE = {
    "product_code": None,
    "quantity": 1,
    "service_point": None,
    "from_date": None,
    "to_date": None,
    "unit_price": None,
}
"""The members of a line and what they are where nobody gave them."""
_BY_BILLING = ("provisioning", "active", "completed")


def completed(before: Record | None, changes: Record) -> Record:
    """The changes with whole lines, and with the reason that belongs to a status: none is left from an earlier one."""
    whole = dict(changes)
    if whole.get("lines"):
        whole["lines"] = [{**LINE, **line} for line in whole["lines"]]
    if before is not None and "status" in whole:
        if whole["status"] == before["status"]:
            whole.pop("status_reason", None)
        else:
            whole.setdefault("status_reason", None)
    return whole


def refuse_to_seller(order: Record, status: str) -> None:
    """Refuse what only the billing system itself may make of an order.

    Raises:
        RefusedError: The status is one that provisioning brings about.
    """
    if status in _BY_BILLING and order["status"] != status:
        message = f"Only the billing system itself makes an order {status}"
        raise RefusedError([Problem("status", "InvalidStatus", message)])


def check_order(billing: Billing, edit: Edit) -> Iterator[Problem]:
    """What is wrong with an order, or with what is to be made of it."""
    if edit.before is None:
        yield from _new(billing, edit)
    else:
        yield from _transition(billing, edit.before, edit)
    to = _next_status(edit)
    if edit.changed("lines") or to in {"ready", "accepted"}:
        yield from _lines(billing, edit)
    elif to == "provisioning":
        yield from _still_free(billing, edit)
    if to == "accepted" and _on_hold(billing, edit):
        message = f"Account {edit['account_number']} is on credit hold"
        yield Problem("status", "CreditHold", message, own=True)


def _next_status(edit: Edit) -> str | None:
    """The status to which an order is properly moved; None when it is not."""
    if edit.before is None or edit["status"] not in TRANSITIONS[edit.before["status"]]:
        return None
    status: str = edit["status"]
    return status


def _new(billing: Billing, edit: Edit) -> Iterator[Problem]:
    yield from required(edit, "account_number")
    if edit["account_number"]:
        yield from known(billing, edit, "accounts", "account_number")
    if edit["customer_number"]:
        yield from known(billing, edit, "customers", "customer_number")
    if edit["status"] != "draft":
        yield Problem("status", "InvalidStatus", "A new order is a draft")


def _transition(billing: Billing, before: Record, edit: Edit) -> Iterator[Problem]:
    old, new = before["status"], edit["status"]
    if new != old and new not in TRANSITIONS[old]:
        allowed = ", ".join(TRANSITIONS[old]) or "nothing"
        yield Problem("status", "InvalidStatus", f"An order that is {old} can become {allowed}, not {new}")
    elif new != old and new == "active" and (waiting := gaining(billing, before)):
        points = ", ".join(point["identifier"] for point in waiting)
        yield Problem("status", "InvalidStatus", f"The switch of {points} is not finished")
    for member in ("lines", "valid_to"):
        if edit.changed(member) and old != "draft":
            yield Problem(member, "Frozen", f"An order that is {old} is no longer changed; make it a draft")


def _on_hold(billing: Billing, edit: Edit) -> bool:
    account = billing.find("accounts", edit["account_number"])
    return bool(account and account.get("credit_hold"))


def _lines(billing: Billing, edit: Edit) -> Iterator[Problem]:
    if not edit["lines"]:
        yield Problem("lines", "Required", "An order needs a line")
    for place, line in enumerate(edit["lines"] or []):
        yield from _line(billing, edit, line, f"lines[{place}]")


def _still_free(billing: Billing, edit: Edit) -> Iterator[Problem]:
    """Refuse to provision what went to another account after the order was accepted."""
    account = edit["account_number"]
    for place, line in enumerate(edit["lines"]):
        path, identifier = f"lines[{place}].service_point", line["service_point"]
        if identifier is not None:
            yield from _supplied(billing, account, identifier, path)
            if order := switching_elsewhere(billing, account, identifier):
                message = f"Order {order} has the switch of {identifier} to another account started"
                yield Problem(path, "MeterPointSupplied", message, own=True)


def _line(billing: Billing, edit: Edit, line: Record, path: str) -> Iterator[Problem]:
    product = billing.find("products", str(line["product_code"]))
    if product is None:
        message = f"There is no product {line['product_code']}"
        yield Problem(f"{path}.product_code", "UnknownProduct", message, own=True)
    elif not product["active"]:
        message = f"Product {product['code']} is no longer sold"
        yield Problem(f"{path}.product_code", "InactiveProduct", message, own=True)
    start = line["from_date"] or today(billing)
    if line["to_date"] and line["to_date"] < start:
        yield Problem(f"{path}.to_date", "InvalidPeriod", f"The line ends before it starts on {start}", own=True)
    if line["service_point"] is not None:
        yield from _service_point(billing, edit, line, product, f"{path}.service_point")


def _service_point(billing: Billing, edit: Edit, line: Record, product: Record | None, path: str) -> Iterator[Problem]:
    identifier = line["service_point"]
    scheme = scheme_of(billing, identifier)
    if scheme is None:
        message = f"{identifier} is not a valid identifier of this market; check its digits"
        yield Problem(path, "InvalidMeterPoint", message, own=True)
        return
    services = services_of(billing, identifier, scheme)
    if product is not None and product["service_type"] not in services:
        offered, wanted = product["service_type"], " or ".join(services)
        message = f"Product {product['code']} is for {offered}, {identifier} for {wanted}"
        yield Problem(path, "WrongService", message, own=True)
    yield from _supplied(billing, edit["account_number"], identifier, path)
    if holder := other_holder(billing, edit["number"], line):
        message = f"{holder} has {identifier} in some of the same days"
        yield Problem(path, "SupplyOverlap", message, own=True)


def _supplied(billing: Billing, account: str, identifier: str, path: str) -> Iterator[Problem]:
    if supplied_elsewhere(billing, account, identifier):
        message = f"{identifier} is supplied by us for another account"
        yield Problem(path, "MeterPointSupplied", message, own=True)
