"""Sales that the orders' pages show, with their steps; part of ``portal_world``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from salesbridge.engine.live.names import long_id
from salesbridge.engine.sales.book import REFUSED_SALE
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Sale
from salesbridge.store.sales import Entry, write_steps

_NOW = datetime.now(UTC)


def add_sales(world):
    """Orders in every kind of state; the one with a story, which billing is provisioning, is returned."""
    for number, (state, owner, due) in enumerate(
        [("offered", "salesforce", 9), ("ready", "billing", 20), ("active", "", None), ("cancelled", "", None)], 1
    ):
        world.door.rows(Sale).create(
            instance=world.instance, origin="billing" if number % 2 else "salesforce", label=f"Order {number:08}",
            account_name=f"{world.canary} Bakery", state=state, owner=owner, since=_NOW - timedelta(days=number),
            due_at=due and _NOW + timedelta(days=due), ended_at=None if due else _NOW,
            opportunity_id=long_id(f"0065g00000AbC{number:02}"), order_number="" if number == 1 else f"O-{number}",
        )  # fmt: skip
    _refused(world)
    return _provisioning(world)


def _refused(world):
    reason, mend = f"{world.canary}: the product GREEN is not sold in billing.", "Choose another product."
    refused = world.door.rows(Sale).create(
        instance=world.instance, origin="salesforce", label="Order 00000090", account_name=f"{world.canary} Mill",
        order_id=long_id("8015g00000AbC90"), state="refused", step="refuse", owner="person", reason=reason, mend=mend,
        since=_NOW - timedelta(days=3), due_at=_NOW - timedelta(days=1), attempts=4,
    )  # fmt: skip
    raise_problem(
        world.door, REFUSED_SALE, f"Order 00000090: {reason}", instance_id=world.instance.pk, entity="Order",
        key=str(refused.pk), cause="PRODUCT_UNKNOWN", mend=mend,
    )  # fmt: skip


def _provisioning(world):
    sale = world.door.rows(Sale).create(
        instance=world.instance, origin="salesforce", label="Order 00000100", account_name=f"{world.canary} Dairy",
        order_id=long_id("8015g00000AbC00"), quote_id=long_id("0Q05g00000AbC00"), order_number="O-100",
        opportunity_id=long_id("0065g00000AbC00"), account_id=long_id("0015g00000AbC00"), account_number="A-1003",
        customer_number="C-77", state="provisioning", step="wait", owner="billing", since=_NOW - timedelta(hours=5),
        due_at=_NOW + timedelta(days=29), wake_at=_NOW + timedelta(hours=1),
        reason=f"{world.canary}: billing waits for the switch of 0000000102NZFD3.",
        supplies=[{"point": "0000000102NZFD3", "start": "2026-12-01"}], started_at=_NOW - timedelta(days=2),
    )  # fmt: skip
    for back, entry in _story(world.canary):
        write_steps(world.door, sale, [entry], by="connector", at=_NOW - timedelta(hours=back))
    return sale


def _story(canary):
    """The steps of an order from the Salesforce order to the switch, each with how many hours ago it was."""
    waits = {"owner": "billing", "mend": "", "code": ""}
    return [
        (48, Entry("placed", "make customer", "done", "Billing made the customer C-77.", "billing",
                   {"customer": "C-77"})),
        (48, Entry("placed", "write account number back", "done", "The account carries the account number A-1003.",
                   "salesforce", {"account": "A-1003", "told": canary})),
        (47, Entry("refused", "refuse", "refused", "The order was refused. The service point is supplied already.", "",
                   {"owner": "person", "mend": "End the other order first.", "code": "SUPPLY_OVERLAPS"})),
        (30, Entry("draft", "make billing order", "done", "Billing made the order O-100.", "billing",
                   {"order": "O-100"})),
        (29, Entry("ready", "wait", "waits", "The order is ready to be accepted.", "billing", waits)),
        (6, Entry("accepted", "tell sales person", "done", "The Salesforce records say that the order is accepted.",
                  "salesforce")),
        (5, Entry("provisioning", "wait", "waits", f"Billing is provisioning the order. {canary}", "billing", waits)),
    ]  # fmt: skip
