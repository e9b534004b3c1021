"""Orders and contracts: statuses, activation and what is frozen after it."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .rules import Change, Rules, derive, number
from .rules_products import amounts, price_line
from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .results import Row

ACTIVATED = "Activated"
DRAFT = "Draft"
_LINES = "OrderItem"
_FROZEN = ("AccountId", "ContractId", "Pricebook2Id", "EffectiveDate")
_BOUND = ("AccountId", "ContractId", "EffectiveDate")
_ACTIVATION = frozenset({"Status", "StatusCode", "ActivatedDate", "ActivatedById"})


def status_code(org: Org, table: str, status: str | None) -> str | None:
    """The category a status belongs to, as ``OrderStatus`` or ``ContractStatus`` maps it."""
    rows = org.rows(table) if org.schema.sobject(table) is not None else iter(())
    mapped = {row.get("ApiName") or row.get("MasterLabel"): row.get("StatusCode") for row in rows}
    return mapped.get(status, status if status in {DRAFT, ACTIVATED} else DRAFT)


def refuse_activation(message: str, *fields: str) -> None:
    """Refuse to activate.

    Raises:
        RefusedError: ``FAILED_ACTIVATION``, always; the texts are general knowledge, not verified.
    """
    raise RefusedError("FAILED_ACTIVATION", message, *fields)


def activate(change: Change, name: str) -> None:
    """Check that the activating request changes nothing but the status, and note who activated when."""
    others = sorted(field for field in change.sent if field not in _ACTIVATION and change.changed(field))
    if others:
        refuse_activation(f"Only the Status of {name} can change in the request that activates it", *others)
    change.new["ActivatedDate"], change.new["ActivatedById"] = change.stamp, change.user


class OrderRules(Rules):
    """Born as a draft, activated on its own, frozen afterwards. Source: Object Reference, *Order*."""

    def before_save(self, change: Change) -> None:
        """Check the status change and derive its category and the total."""
        new, org = change.new, change.org
        code = status_code(org, "OrderStatus", new.get("Status"))
        before = (change.old or {}).get("StatusCode")
        new["StatusCode"] = code
        _keep_book(change)
        if any(change.changed(field) for field in _BOUND):
            _check_contract(change)
        if change.inserting:
            self._check_new(change, code)
        elif code == ACTIVATED and before != ACTIVATED:
            self._activate(change)
        elif before == ACTIVATED:
            self._check_activated(change, code)

    def _check_new(self, change: Change, code: str | None) -> None:
        if change.new.get("Status") is not None and code != DRAFT:
            refuse_activation("An order can only be created with a status of the category Draft", "Status")
        if change.org.settings.order_requires_contract and change.new.get("ContractId") is None:
            message = "Required fields are missing: [ContractId]"
            raise RefusedError("REQUIRED_FIELD_MISSING", message, "ContractId")
        change.new["TotalAmount"] = 0.0

    def _activate(self, change: Change) -> None:
        activate(change, "an order")
        if not change.org.find(_LINES, "OrderId", change.new["Id"]):
            refuse_activation("An order must have at least one product before it can be activated", "Status")
        contract = change.org.get("Contract", change.new.get("ContractId") or "")
        if contract is not None and contract.get("StatusCode") != ACTIVATED:
            refuse_activation("The contract of an order must be activated before the order can be", "Status")

    def _check_activated(self, change: Change, code: str | None) -> None:
        if code == DRAFT:
            change.new["ActivatedDate"] = change.new["ActivatedById"] = None
        frozen = [field for field in _FROZEN if field in change.sent and change.changed(field)]
        if frozen:
            message = f"These fields of an activated order can't be changed: {', '.join(frozen)}"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, *frozen)

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:  # noqa: ARG002
        """Refuse to delete an activated order."""
        if row.get("StatusCode") == ACTIVATED:
            raise RefusedError("DELETE_FAILED", "An activated order can't be deleted")


def _keep_book(change: Change) -> None:
    """Refuse another price book than the first (Help, *Editing and Deletion Limitations for Orders*)."""
    if (change.old or {}).get("Pricebook2Id") is not None and change.changed("Pricebook2Id"):
        message = "The price book of an order can't be changed or removed once it is chosen"
        raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Pricebook2Id")


def _check_contract(change: Change) -> None:
    """Refuse a contract of another account or price book, and a start beyond the contract's days.

    Sources: Help, *Guidelines for Creating Orders* (the days), *Editing and Deletion Limitations for Orders* (account
    and price book); the sentences about the days are those that orgs answer, the others general knowledge.
    """
    new = change.new
    contract = change.org.get("Contract", new.get("ContractId") or "")
    if contract is None:
        return
    for field, what in (("AccountId", "account"), ("Pricebook2Id", "price book")):
        if contract.get(field) is not None and contract[field] != new.get(field):
            message = f"The {what} of an order must be that of its contract"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "ContractId")
    day, start, end = new.get("EffectiveDate"), contract.get("StartDate"), contract.get("EndDate")
    if day is not None and start is not None and day < start:
        message = "Order Start Date can't be earlier than the contract's start date.: Order Start Date"
        raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "EffectiveDate")
    if day is not None and end is not None and day > end:
        message = "Order Start Date can't be later than its contract's end date.: Order Start Date"
        raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "EffectiveDate")


class OrderItemRules(Rules):
    """Lines draw from the order's price book, and stay as they are once it is activated."""

    def before_save(self, change: Change) -> None:
        """Check the order and the entry, and work out the prices."""
        order = change.org.get("Order", change.new.get("OrderId") or "")
        if order is None:
            return
        _check_open(order)
        price_line(change, order, "order")
        change.new["TotalPrice"] = amounts(change.new)[1]
        change.new["AvailableQuantity"] = change.new.get("Quantity")

    def after_save(self, change: Change) -> None:
        """Carry the lines' total over to the order."""
        _carry(change.org, change.new["OrderId"])

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:
        """Refuse to take a line from an activated order."""
        order = org.get("Order", row["OrderId"])
        if order is not None and not cascading:
            _check_open(order)

    def after_delete(self, org: Org, row: Row, user: str) -> None:  # noqa: ARG002
        """Carry the remaining lines' total over to the order."""
        _carry(org, row["OrderId"])


def _check_open(order: Row) -> None:
    if order.get("StatusCode") == ACTIVATED:
        message = "The products of an activated order can't be added, changed or removed"
        raise RefusedError("ENTITY_IS_LOCKED", message)


def _carry(org: Org, order: str) -> None:
    lines = org.find(_LINES, "OrderId", order)
    derive(org, "Order", order, {"TotalAmount": round(sum(number(line, "TotalPrice") for line in lines), 2)})


class ContractRules(Rules):
    """Born in a draft or approval status, activated on its own, with no way back.

    Source: Object Reference, *Contract*.
    """

    def before_save(self, change: Change) -> None:
        """Check the status change and derive its category and the end date."""
        new = change.new
        code = status_code(change.org, "ContractStatus", new.get("Status"))
        before = (change.old or {}).get("StatusCode")
        new["StatusCode"] = code
        if change.inserting and code == ACTIVATED:
            refuse_activation("A contract can't be created with an activated status", "Status")
        if before == ACTIVATED and change.changed("Status"):
            message = "The status of an activated contract can't be changed"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Status")
        if not change.inserting and code == ACTIVATED and before != ACTIVATED:
            activate(change, "a contract")
        new["EndDate"] = _end(new)

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:  # noqa: ARG002
        """Refuse to delete an activated contract."""
        if row.get("StatusCode") == ACTIVATED:
            raise RefusedError("DELETE_FAILED", "An activated contract can't be deleted")


def _end(contract: Row) -> str | None:
    """The day before the term, in months, is over."""
    start, term = contract.get("StartDate"), contract.get("ContractTerm")
    if start is None or term is None:
        return None
    first = date.fromisoformat(start)
    years, month = divmod(first.year * 12 + first.month - 1 + int(term), 12)
    day = min(first.day, calendar.monthrange(years, month + 1)[1])
    return (date(years, month + 1, day) - timedelta(days=1)).isoformat()
