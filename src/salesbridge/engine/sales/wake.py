"""What is heard of the records of sales wakes the sales; the first news of one begins it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.entities import LINES, OPPORTUNITY, ORDER, PLACED, QUOTE
from salesbridge.engine.sales.options import sale_options
from salesbridge.model import Side
from salesbridge.salesforce.soql import in_queries
from salesbridge.store.changes import Heard, Outcome, write_outcomes
from salesbridge.store.leases import Fence
from salesbridge.store.models import Sale
from salesbridge.store.sales import named
from salesbridge.sync.sale import ACCEPTED_QUOTE
from salesbridge.sync.sale_life import ENDS, SaleState

_COLUMNS: Mapping[str, str] = {ORDER: "order_id", QUOTE: "quote_id", OPPORTUNITY: "opportunity_id"}
_WOKEN, _OURS, _NOBODY = "wakes the sale", "our own write", "belongs to no sale"
#: Prefix of the ids of orders (Salesforce, "Standard Field Record ID Prefix Decoder").
_ORDER_PREFIX = "801"


def wake_sales(site: Site, fence: Fence, changes: Sequence[Heard], now: datetime) -> None:
    """Wake the sales that changes speak of, begin those that are new, and answer the changes.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
        FencedError: Another worker delivers for the instance; nothing was written.
    """
    fresh = [change for change in changes if not (change.ours and change.side == Side.SALESFORCE)]
    names = _names(site, fresh)
    known = _known(site, names.values())
    new = _new_sales(site, {name for name in names.values() if name not in known})
    point("before waking sales")
    with transaction.atomic():
        fence.hold()
        waking = {sale.pk: sale for sale in known.values()}
        for sale in waking.values():
            sale.wake_at = now
            sale.save(update_fields=["wake_at"])
        for values in new.values():
            _begin(site, values, now)
        write_outcomes(site.door, site.instance.pk, [_outcome(change, names, known, new) for change in changes])
    point("after waking sales")


def _begin(site: Site, values: Mapping[str, Any], now: datetime) -> None:
    """Begin a sale; the order of one that was interrupted before billing's answer was written down is that one's."""
    column = next(name for name in ("order_id", "order_number", "quote_id") if values.get(name))
    sale, new = site.door.rows(Sale).get_or_create(
        instance=site.instance,
        **{column: values[column]},
        defaults={**values, "started_at": now, "since": now, "wake_at": now},
    )
    if not new:
        sale.wake_at, sale.order_number = now, sale.order_number or values.get("order_number", "")
        sale.save(update_fields=["wake_at", "order_number"])


def _outcome(
    change: Heard,
    names: Mapping[int, tuple[str, str]],
    known: Mapping[tuple[str, str], Sale],
    new: Mapping[tuple[str, str], Any],
) -> Outcome:
    name = names.get(change.number)
    if change.number not in names:
        reason = _OURS if change.ours else _NOBODY
        return Outcome(change.number, "unchanged", reason, change.key)
    wakes = name in known or name in new
    return Outcome(change.number, "applied" if wakes else "unchanged", _WOKEN if wakes else _NOBODY, change.key)


def _names(site: Site, changes: Iterable[Heard]) -> dict[int, tuple[str, str]]:
    """What each change is about: a column of sales and its value; a line is about what it belongs to."""
    found: dict[int, tuple[str, str]] = {}
    lines: dict[str, list[Heard]] = {}
    for change in changes:
        if change.side == Side.BILLING:
            found[change.number] = ("order_number", change.key)
        elif change.entity in LINES:
            lines.setdefault(change.entity, []).append(change)
        else:
            found[change.number] = (_COLUMNS[change.entity], change.key)
    for sobject, about in lines.items():
        parents = _parents(site, sobject, about)
        _, parent = LINES[sobject]
        found.update((c.number, (_COLUMNS[parent], parents[c.key])) for c in about if c.key in parents)
    return found


def _parents(site: Site, sobject: str, changes: Iterable[Heard]) -> dict[str, str]:
    by, _ = LINES[sobject]
    ids = list(dict.fromkeys(change.key for change in changes))
    queries = in_queries(f"SELECT Id, {by} FROM {sobject} WHERE Id", ids)
    return {str(row["Id"]): str(row[by]) for soql in queries for row in site.salesforce.query(soql, all=True)}


def _known(site: Site, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Sale]:
    asked: dict[str, set[str]] = {}
    for column, value in names:
        asked.setdefault(column, set()).add(value)
    found: dict[tuple[str, str], Sale] = {}
    for sale in named(site.door, site.instance.pk, asked):
        found.update(((column, value), sale) for column in asked if (value := getattr(sale, column)) in asked[column])
    return found


def _new_sales(site: Site, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Sales that begin with what is heard of records that belong to none yet."""
    by_column: dict[str, list[str]] = {}
    for column, value in names:
        by_column.setdefault(column, []).append(value)
    new: dict[tuple[str, str], dict[str, Any]] = {}
    new |= _of_orders(site, by_column.get("order_id", []))
    new |= _of_quotes(site, by_column.get("quote_id", []))
    for number in by_column.get("order_number", []):
        values = _of_billing(site, number)
        if values is not None:
            new["order_number", number] = values
    return new


def _of_orders(site: Site, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Orders that are placed."""
    chosen = sale_options(site).placed_status
    queries = in_queries(f"SELECT Id, Status, {PLACED} FROM {ORDER} WHERE Id", ids)
    rows = [row for soql in queries for row in site.salesforce.query(soql)]
    placed = [row for row in rows if row[PLACED] or (chosen and row["Status"] == chosen)]
    return {
        ("order_id", row["Id"]): {"origin": "salesforce", "order_id": row["Id"], "state": SaleState.PLACED}
        for row in placed
    }


def _of_quotes(site: Site, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Accepted quotes, where they become orders by us."""
    if not sale_options(site).orders_from_quotes:
        return {}
    queries = in_queries(f"SELECT Id, Status FROM {QUOTE} WHERE Id", ids)
    rows = [row for soql in queries for row in site.salesforce.query(soql)]
    return {
        ("quote_id", row["Id"]): {"origin": "salesforce", "quote_id": row["Id"], "state": SaleState.OFFERED}
        for row in rows
        if row["Status"] == ACCEPTED_QUOTE
    }


def _of_billing(site: Site, number: str) -> dict[str, Any] | None:
    """An order of billing: one that we made for an order of Salesforce, or one that was raised there."""
    record = site.billing.read("order", number)
    if record is None:
        return None
    reference = str(record.get("external_reference") or "")
    ours = reference.startswith(_ORDER_PREFIX)
    state = SaleState(str(record["status"]))
    if state in ENDS and not ours:
        return None
    values = {"origin": "salesforce" if ours else "billing", "order_number": number, "state": state}
    return {**values, "order_id": reference} if ours else values
