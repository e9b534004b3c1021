"""Which events a committed change raises, by the table of the page on the billing systems' APIs.

The names of the order, switch and service events are documented (event model reference, payload signature examples);
those of accounts, customers, account customers, products and agreements are assumed, and so are the members of data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.names import shown_by_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.store import Change

Occurrence = tuple[str, dict[str, str]]
"""The type of an event and its data."""

_STARTED = {
    "Gain Started": "switch-gain-started",
    "Gain Objected": "switch-gain-objected",
    "Loss Started": "switch-loss-started",
}
_GAINED = ("Registered", "De-energised")
_STATUS_EVENTS = {
    "draft": "quote-updated",
    "ready": "quote-ready",
    "accepted": "quote-accepted",
    "provisioning": "contract-created",
    "active": "contract-active",
    "completed": "contract-completed",
}
_BEFORE_ACCEPTANCE = ("draft", "ready")
_PLACE = ("city", "postcode", "country")
_TOLD_BY_OTHERS = {"switch_status", "address", "modified"}


def events_of(change: Change, accounts_of: Callable[[str], list[Record]]) -> list[Occurrence]:
    """The events of a change, in the order in which they are raised.

    Args:
        change: What was committed.
        accounts_of: Answers the accounts whose primary customer has a number.
    """
    if change.kind == "customers":
        return [*_plain(change), *_accounts_that_show(change, accounts_of)]
    if change.kind == "service_points":
        return list(_service_point(change))
    return list(_order(change)) if change.kind == "orders" else list(_plain(change))


def _plain(change: Change) -> Iterator[Occurrence]:
    name, members = _PLAIN[change.kind]
    if change.operation != "deleted" or change.kind == "account_customers":
        yield f"{name}-{change.operation}", _data(change.after or change.before or {}, members)


def _accounts_that_show(change: Change, accounts_of: Callable[[str], list[Record]]) -> Iterator[Occurrence]:
    before, after = change.before, change.after
    if before and after and shown_by_accounts(before) != shown_by_accounts(after):
        for account in accounts_of(after["number"]):
            yield "account-updated", {"accountNumber": account["number"]}


def _order(change: Change) -> Iterator[Occurrence]:
    before, after = change.before, change.after
    if after is None:
        return
    if before is None:
        yield "quote-created", _data(after, _ORDER)
    elif before["status"] != after["status"] or after["status"] == "draft":
        yield _status_event(before["status"], after["status"]), _data(after, _ORDER)


def _status_event(before: str, after: str) -> str:
    if after == "cancelled":
        return "quote-cancelled" if before in _BEFORE_ACCEPTANCE else "contract-cancelled"
    return _STATUS_EVENTS[after]


def _service_point(change: Change) -> Iterator[Occurrence]:
    before, after = change.before, change.after
    if after is None:
        return
    data = _data(after, _SERVICE_POINT)
    if before is None:
        yield "service-created", data
    names = [] if before is None else [*_service_point_edit(before, after)]
    for name in (*names, *_switch("None" if before is None else before["switch_status"], after)):
        yield name, data


def _service_point_edit(before: Record, after: Record) -> Iterator[str]:
    changed = {member for member in after if before.get(member) != after[member]} - {"modified"}
    if not changed or changed - _TOLD_BY_OTHERS:
        yield "service-point-updated"
    if "address" in changed:
        old, new = before["address"], after["address"]
        moved = any(old[line] != new[line] for line in _PLACE)
        yield "service-location-updated" if moved else "location-address-updated"
        yield "service-address-updated"


def _switch(before: str, point: Record) -> Iterator[str]:
    after = point["switch_status"]
    if before == after:
        return
    if before.startswith("Gain") and not after.startswith("Gain"):
        yield "switch-gain-finished" if point["supply_status"] in _GAINED else "switch-gain-cancelled"
    if before.startswith("Loss"):
        yield "switch-loss-finished" if point["supply_status"] == "Ceased" else "switch-loss-cancelled"
    if after in _STARTED:
        yield _STARTED[after]


def _data(record: Record, members: dict[str, str]) -> dict[str, str]:
    return {name: record[ours] for name, ours in members.items()}


_ORDER = {"orderNumber": "number", "accountNumber": "account_number", "status": "status"}
_SERVICE_POINT = {
    "identifier": "identifier",
    "identifierType": "identifier_type",
    "accountNumber": "account_number",
}
_PLAIN: dict[Kind, tuple[str, dict[str, str]]] = {
    "customers": ("customer", {"customerNumber": "number"}),
    "accounts": ("account", {"accountNumber": "number"}),
    "account_customers": (
        "account-customer",
        {"accountNumber": "account_number", "customerNumber": "customer_number"},
    ),
    "products": ("product", {"productCode": "code"}),
    "agreements": ("agreement", {"agreementNumber": "number", "accountNumber": "account_number"}),
}
EVENT_TYPES = frozenset(
    {f"{name}-{operation}" for name, _ in _PLAIN.values() for operation in ("created", "updated")}
    | {"account-customer-deleted", "quote-created", "quote-cancelled", "contract-cancelled"}
    | {*_STATUS_EVENTS.values(), *_STARTED.values()}
    | {f"switch-{way}-{end}" for way in ("gain", "loss") for end in ("finished", "cancelled")}
    | {"service-created", "service-point-updated", "service-address-updated", "service-location-updated"}
    | {"location-address-updated"}
)
"""Every type of event that a change can raise."""
