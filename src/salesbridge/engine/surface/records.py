"""Which Salesforce records events of billing are about, as far as these are linked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from salesbridge.billing import BillingError
from salesbridge.billing.events import BillingEvent, touched
from salesbridge.store.live_links import links_by_key
from salesbridge.store.models import Sale

if TYPE_CHECKING:
    from salesbridge.engine.live.site import Site

_ACCOUNT, _ORDER = "account", "order"
Named = tuple[str, str]


def record_ids(site: Site, events: Sequence[BillingEvent]) -> dict[str, str]:
    """Salesforce ids by event id: the linked record that an event is about, else its account; two queries for all.

    Of an order that is its Order in Salesforce, else its Quote.

    Args:
        site: The instance.
        events: The events.
    """
    touches = {event.event_id: _touches(site, event) for event in events}
    known = _linked(site, touches.values()) | _sales(site, touches.values())
    found = {event_id: next((known[t] for t in each if t in known), "") for event_id, each in touches.items()}
    return {event_id: record_id for event_id, record_id in found.items() if record_id}


def _touches(site: Site, event: BillingEvent) -> list[Named]:
    """Kind and key of the records that an event is about, its account last."""
    try:
        touches = [(each.kind, each.key) for each in touched(event, site.tenant.event_overrides)]
    except BillingError:  # it was taken in by other rules
        touches = []
    account = event.data.get("accountNumber")
    return [*touches, (_ACCOUNT, str(account))] if isinstance(account, (str, int)) else touches


def _linked(site: Site, touches: Iterable[list[Named]]) -> dict[Named, str]:
    names = {name for each in touches for name in each}
    entities = {(kind, key): [(e.name, key) for e in site.of_record.get(kind, ())] for kind, key in names}
    links = links_by_key(site.door, site.instance.pk, {name for each in entities.values() for name in each})
    return {name: links[each[0]].salesforce_id for name, each in entities.items() if each and each[0] in links}


def _sales(site: Site, touches: Iterable[list[Named]]) -> dict[Named, str]:
    numbers = {key for each in touches for kind, key in each if kind == _ORDER}
    if not numbers:
        return {}
    sales = site.door.rows(Sale).filter(instance=site.instance, order_number__in=numbers)
    told = sales.values_list("order_number", "order_id", "quote_id")
    return {(_ORDER, number): order or quote for number, order, quote in told if order or quote}
