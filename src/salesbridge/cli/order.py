"""``salesbridge order``: where each order stands, who is to act, and how it came there."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from django.db.models import F

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live.names import long_id
from salesbridge.engine.sales.control import look_again
from salesbridge.engine.sales.standing import action, actor, awaited, late
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Sale, SaleStep
from salesbridge.store.sales import named, sales_of, timeline
from salesbridge.sync.sale_life import SaleState

app = typer.Typer(no_args_is_help=True, help="Orders: where each stands, who is to act, and how it came there.")

Of = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
One = Annotated[
    str, typer.Argument(help="Salesforce id of the order, quote or opportunity, or billing's order number.")
]

_ORDER_FACTS = (
    "origin", "label", "account_name", "order_id", "quote_id", "opportunity_id", "account_id", "order_number",
    "account_number", "customer_number", "state", "step", "owner", "started_at", "since", "due_at", "wake_at",
    "reason", "mend", "attempts", "ended_at",
)  # fmt: skip
_STEP_FACTS = ("number", "at", "state", "step", "side", "outcome", "message", "by", "detail")
#: Columns by which people name an order.
_NAMES = ("order_id", "order_number", "quote_id", "opportunity_id")


@app.command("list")
def list_orders(
    instance: Of,
    *,
    every: Annotated[bool, typer.Option("--all/--open", help="Also orders of which nothing is awaited.")] = False,
    state: Annotated[SaleState | None, typer.Option(help="Only orders in this state.")] = None,
    limit: Annotated[int, typer.Option(help="Most orders to list.", min=1)] = 200,
    as_json: show.Json = False,
) -> None:
    """List the orders, late ones first, then those that are due first."""
    now = datetime.now(UTC)
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        rows = sales_of(door, found.pk)
        if state is not None:
            rows = rows.filter(state=state)
        elif not every:
            rows = rows.filter(ended_at=None)
        sales = list(rows.order_by(F("due_at").asc(nulls_last=True), "-since", "pk")[:limit])
    if as_json:
        show.as_json([_facts(sale, now) for sale in sales])
    elif not sales:
        show.out.print("No orders." if every or state else "No open orders. All of them: --all")
    else:
        _table(sales, now)


def _table(sales: list[Sale], now: datetime) -> None:
    columns = {
        "Order": "name", "Account": "left", "Salesforce": "name", "State": "name", "Who acts": "left",
        "Since": "name", "Due": "name", "Why": "left",
    }  # fmt: skip
    rows = [
        (
            sale.order_number or sale.label or "-", sale.account_name or "-", sale.order_id or sale.quote_id or "-",
            sale.state, _owner(sale), show.ago(sale.since, now), _due(sale, now), sale.reason or "-",
        )
        for sale in sales
    ]  # fmt: skip
    show.table(columns, rows)


def _owner(sale: Sale) -> str:
    return actor(sale.owner) or "nobody"


def _due(sale: Sale, now: datetime) -> str:
    if sale.due_at is None:
        return "-"
    distance = show.age(abs((sale.due_at - now).total_seconds()))
    return f"late by {distance}" if late(sale, now) else f"in {distance}"


def _facts(sale: Sale, now: datetime) -> dict[str, Any]:
    return {"id": str(sale.pk), **{name: getattr(sale, name) for name in _ORDER_FACTS}, "late": late(sale, now)}


@app.command("show")
def show_order(instance: Of, order: One, *, as_json: show.Json = False) -> None:
    """Show one order: where it stands, what to do, and every step that led there."""
    now = datetime.now(UTC)
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        sale = _find(door, found, order)
        steps = timeline(door, sale)
    if as_json:
        told = [{name: getattr(step, name) for name in _STEP_FACTS} for step in steps]
        show.as_json({**_facts(sale, now), "action": action(sale), "steps": told})
        return
    _tell(sale, now)
    _tell_steps(steps)


def _find(door: Door, instance: Instance, name: str) -> Sale:
    """The order that goes by a name on either side.

    Raises:
        SetupRefusedError: There is none, or more than one.
    """
    asked = {name, long_id(name)} - {""}
    found = named(door, instance.pk, dict.fromkeys(_NAMES, asked))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(sale.order_number or sale.order_id or sale.quote_id for sale in found))
        raise instances.SetupRefusedError(f"Several orders belong to {name!r}: say which, {names}.")
    raise instances.SetupRefusedError(
        f"{instance.name} knows no order {name!r}: one that is not placed in Salesforce yet is not known here. "
        f"See: salesbridge order list {instance.name} --all"
    )


def _tell(sale: Sale, now: datetime) -> None:
    title = " of ".join(
        part for part in (sale.label or f"Order {sale.order_number}".strip(), sale.account_name) if part
    )
    show.out.print(f"[bold]{show.plain(title)}[/]: {sale.state} since {show.moment(sale.since)}", soft_wrap=True)
    names = {
        "billing order": sale.order_number, "account": sale.account_number, "customer": sale.customer_number,
        "order": sale.order_id, "quote": sale.quote_id, "opportunity": sale.opportunity_id,
    }  # fmt: skip
    _line("Known as", ", ".join(f"{what} {name}" for what, name in names.items() if name) or "nothing yet")
    _line("Raised in", f"{actor(sale.origin)}, {show.ago(sale.started_at, now)}")
    if sale.ended_at is None:
        due = f", due {show.moment(sale.due_at)} ({_due(sale, now)})" if sale.due_at else ""
        _line("Who acts", f"{_owner(sale)}{due}")
    if sale.reason:
        _line("Why", sale.reason)
    _line("What to do", action(sale))


def _line(what: str, text: str) -> None:
    show.out.print(f"{what}: {show.plain(text)}", soft_wrap=True)


def _tell_steps(steps: list[SaleStep]) -> None:
    columns = {
        "When": "name",
        "State": "name",
        "Step": "name",
        "Outcome": "name",
        "By": "left",
        "What happened": "left",
    }
    rows = [
        (show.moment(step.at), step.state, step.step, step.outcome, _by(step), step.message or "-") for step in steps
    ]
    if rows:
        show.out.print()
        show.table(columns, rows)


def _by(step: SaleStep) -> str:
    waiting = awaited(step)
    return f"waits for {waiting}" if waiting else actor(step.by)


@app.command()
def retry(instance: Of, order: One, *, as_json: show.Json = False) -> None:
    """Look at an order again at once, and try again what was refused."""
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        sale = _find(door, found, order)
        look_again(door, sale, getpass.getuser(), datetime.now(UTC))
    if as_json:
        show.as_json({"id": str(sale.pk), "order_number": sale.order_number, "order_id": sale.order_id})
        return
    _line("Looked at again", f"{sale.label or sale.order_number or sale.order_id}. See: salesbridge order show "
          f"{instance} {order}")  # fmt: skip
