"""What the billing system itself does with accepted orders, and with customers who leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.problems import Problem, RefusedError
from salesbridge.sandbox.billing.store import UnknownRecordError
from salesbridge.sandbox.billing.supply import gaining, today

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.store import Billing

OBJECTED = "Objected by the losing retailer"
_SOURCE = "billing"


class Provisioning:
    """The steps by which orders are provisioned and service points lost; each answers the order or service point.

    A step that is out of turn raises ``RefusedError`` and changes nothing; one that names no record raises
    ``UnknownRecordError``.

    Args:
        billing: The records.
    """

    def __init__(self, billing: Billing) -> None:
        self._billing = billing

    def provision(self, number: str) -> Record:
        """Begin to provision an accepted order: its agreements are made and its switches started."""
        return self._move(number, "provisioning")

    def finish_switches(self, number: str) -> Record:
        """Finish the started switches of an order, not those objected to; the order is not active by that yet."""
        with self._billing.lock:
            for point in self._switches(number, "Gain Started"):
                start = point["supply_start"] or today(self._billing)
                self._switch(point, "None", supply_status="Registered", supply_start=start)
            return self._found("orders", number)

    def object(self, number: str) -> Record:
        """Have the losing retailer object to the started switches of an order."""
        with self._billing.lock:
            for point in self._switches(number, "Gain Started"):
                self._switch(point, "Gain Objected")
            return self._tell(number, OBJECTED)

    def resolve(self, number: str) -> Record:
        """Have the objections to an order's switches taken back, which starts the switches again."""
        with self._billing.lock:
            for point in self._switches(number, "Gain Objected"):
                self._switch(point, "Gain Started")
            return self._tell(number, None)

    def activate(self, number: str) -> Record:
        """Make an order active whose switches are finished; its agreements are active with it."""
        return self._move(number, "active")

    def complete(self, number: str) -> Record:
        """Complete an active order."""
        return self._move(number, "completed")

    def cancel(self, number: str, reason: str | None = None) -> Record:
        """Cancel an order that is not active yet, for an objection where nobody names another reason."""
        with self._billing.lock:
            order = self._found("orders", number)
            objected = any(point["switch_status"] == "Gain Objected" for point in gaining(self._billing, order))
            return self._move(number, "cancelled", reason or (OBJECTED if objected else None))

    def start_loss(self, identifier: str) -> Record:
        """Have another retailer start to take a service point over."""
        with self._billing.lock:
            return self._switch(self._supply(identifier, "None"), "Loss Started")

    def cancel_loss(self, identifier: str) -> Record:
        """Retain a customer whose service point was being lost."""
        with self._billing.lock:
            return self._switch(self._supply(identifier, "Loss Started"), "None")

    def finish_loss(self, identifier: str) -> Record:
        """Lose a service point to another retailer: its supply ends today, and so do the agreements made for it."""
        billing = self._billing
        with billing.lock:
            point = self._supply(identifier, "Loss Started")
            end = max(today(billing), point["supply_start"] or "")
            updates: list[tuple[Kind, int, Record]] = [
                ("agreements", one["id"], _ended(one, end))
                for one in billing.agreements_at(identifier)
                if one["account_number"] == point["account_number"] and _lasts(one, end)
            ]
            lost = {"supply_status": "Ceased", "switch_status": "None", "supply_end": end}
            written = billing.update_together([("service_points", point["id"], lost), *updates], source=_SOURCE)
            return written[0]

    def _found(self, kind: Kind, key: str) -> Record:
        record = self._billing.find(kind, key)
        if record is None:
            raise UnknownRecordError(f"There is no {kind.removesuffix('s').replace('_', ' ')} {key}")
        return record

    def _move(self, number: str, status: str, reason: str | None = None) -> Record:
        with self._billing.lock:
            order = self._found("orders", number)
            if order["status"] == status:
                raise _out_of_turn(f"Order {number} is {status} already")
            changes = {"status": status, "status_reason": reason}
            return self._billing.update("orders", order["id"], changes, source=_SOURCE)

    def _switches(self, number: str, status: str) -> list[Record]:
        order = self._found("orders", number)
        points = [point for point in gaining(self._billing, order) if point["switch_status"] == status]
        if order["status"] != "provisioning":
            raise _out_of_turn(f"Order {number} is {order['status']}, not provisioning")
        if not points:
            raise _out_of_turn(f"Order {number} has no switch with the status {status}")
        return points

    def _switch(self, point: Record, status: str, **others: str) -> Record:
        changes = {"switch_status": status, **others}
        return self._billing.update("service_points", point["id"], changes, source=_SOURCE)

    def _tell(self, number: str, reason: str | None) -> Record:
        order = self._found("orders", number)
        return self._billing.update("orders", order["id"], {"status_reason": reason}, source=_SOURCE)

    def _supply(self, identifier: str, switch: str) -> Record:
        point = self._found("service_points", identifier)
        if point["supply_status"] not in {"Registered", "De-energised"} or point["switch_status"] != switch:
            state = f"{point['supply_status']} with the switch {point['switch_status']}"
            raise _out_of_turn(f"Service point {identifier} is {state}")
        return point


def _lasts(agreement: Record, end: str) -> bool:
    return not agreement["cancelled"] and (agreement["to_date"] is None or agreement["to_date"] > end)


def _ended(agreement: Record, end: str) -> Record:
    """An agreement that has not begun is cancelled, another ends."""
    return {"to_date": end} if agreement["from_date"] <= end else {"cancelled": True, "active": False}


def _out_of_turn(message: str) -> RefusedError:
    return RefusedError([Problem("status", "OutOfTurn", message)])


ORDER_STEPS: dict[str, Callable[[Provisioning, str], Record]] = {
    "provision": Provisioning.provision,
    "finish_switches": Provisioning.finish_switches,
    "object": Provisioning.object,
    "resolve": Provisioning.resolve,
    "activate": Provisioning.activate,
    "complete": Provisioning.complete,
    "cancel": Provisioning.cancel,
}
SERVICE_POINT_STEPS: dict[str, Callable[[Provisioning, str], Record]] = {
    "start_loss": Provisioning.start_loss,
    "cancel_loss": Provisioning.cancel_loss,
    "finish_loss": Provisioning.finish_loss,
}
