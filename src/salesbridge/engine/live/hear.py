"""What a side says becomes changes in the journal, together with the place up to which it was heard.

One transaction: a position is never stored without what was said before it, nor acknowledged before it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.db.models.functions import Now

from salesbridge.billing.events import BillingEvent, touched
from salesbridge.engine.live.points import point
from salesbridge.engine.live.seen import claimed, key_of
from salesbridge.engine.live.site import Site
from salesbridge.engine.surface import outbox
from salesbridge.model import Entity, Side
from salesbridge.store.changes import Heard, hear_events, write_changes
from salesbridge.store.door import Door
from salesbridge.store.leases import Fence
from salesbridge.store.models import Live
from salesbridge.sync.change import Op, Origin

if TYPE_CHECKING:
    from salesbridge.salesforce.events import BusEvent, Delivery

#: Operation_Type__c of Gentrack_Object_Event__e.
_OPS: Mapping[str, Op] = {"insert": Op.SAVE, "update": Op.SAVE, "delete": Op.DELETE, "undelete": Op.UNDELETE}


def hear_salesforce(site: Site, fence: Fence, delivery: Delivery) -> int:
    """Write down what the event bus delivered; how many changes are new.

    Raises:
        FencedError: Another worker listens for the instance.
    """
    changes = [change for event in delivery.events if (change := of_bus_event(site, event)) is not None]
    point("before hearing Salesforce")
    with transaction.atomic():
        fence.hold()
        place = {"replay_id": delivery.latest_replay_id, "replay_at": Now()} if delivery.latest_replay_id else {}
        site.door.rows(Live).filter(instance=site.instance).update(heard_at=Now(), **place)
        _, new = write_changes(site.door, site.instance.pk, changes) if changes else (0, 0)
    point("after hearing Salesforce")
    return new


def of_bus_event(site: Site, event: BusEvent) -> Heard | None:
    """The change that an event of the triggers speaks of; None for an object that concerns nobody."""
    values = event.values
    name = str(values.get("Object_Type__c"))
    entity = site.entities.get(name) or site.sale_entities.get(name)
    op = _OPS.get(str(values.get("Operation_Type__c") or "").lower())
    before, after = _payload(values.get("Old_Payload__c")), _payload(values.get("New_Payload__c"))
    record_id = str((after or before).get("Id") or "")
    if entity is None or op is None or not record_id:
        return None
    by = str(values.get("CreatedById") or (after or before).get("LastModifiedById") or "")
    was, is_now = _claims(entity, before, after)
    return Heard(
        Side.SALESFORCE, entity.name, record_id, op, event.event_id, event.created_at, by, by == site.user_id,
        Origin.EVENT, was, is_now,
    )  # fmt: skip


def _claims(
    entity: Entity, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Values before and after; where both are told, a field that only one of them has was empty in the other.

    Apex leaves null fields out of a serialised record (Apex Reference, JSON.serialize). A payload that was too long
    holds nothing but keys and claims nothing.
    """
    if before.get("Truncated") or after.get("Truncated"):
        return {}, {}
    was, is_now = claimed(entity, before), claimed(entity, after)
    if not before or not after:
        return was, is_now
    names = {*was, *is_now}
    return {name: was.get(name) for name in names}, {name: is_now.get(name) for name in names}


def _payload(text: Any) -> dict[str, Any]:
    """A payload as an object; nothing for one that is absent, cut off or no object."""
    if not isinstance(text, str):
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def hear_billing(door: Door, sites: Iterable[Site], events: Sequence[BillingEvent]) -> list[bool]:
    """Write down events of a tenant's billing system, for each instance that they concern, in one transaction.

    Those that an instance surfaces in Salesforce are put into its outbox by the same transaction.

    Args:
        door: Door of the tenant.
        sites: Its instances that are live or paused; writers of several take them in the same order.
        events: The events.

    Returns:
        Which of them are new; a repeat changes nothing.

    Raises:
        BillingError: An event does not tell which record it is about.
    """
    point("before hearing billing")
    with transaction.atomic(savepoint=False):
        new = hear_events(door, [(e.event_id, e.type[:100], e.created_at, e.data) for e in events])
        fresh = [event for event, is_new in zip(events, new, strict=True) if is_new]
        for site in sites if fresh else ():
            site.door.rows(Live).filter(instance=site.instance).update(webhook_at=Now())
            changes = [change for event in fresh for change in of_billing_event(site, event)]
            write_changes(door, site.instance.pk, changes, locked=True)
            outbox.keep(door, site.instance, fresh)
    point("after hearing billing")
    return new


def of_billing_event(site: Site, event: BillingEvent) -> list[Heard]:
    """The changes that a billing event speaks of."""
    return [
        Heard(
            Side.BILLING, entity.name, touch.key, Op.DELETE if touch.deleted else Op.SAVE,
            f"{event.event_id}:{entity.name}:{touch.key}", event.created_at, origin=Origin.EVENT,
        )
        for touch in touched(event, site.tenant.event_overrides)
        for entity in (*site.of_record.get(touch.kind, ()), *site.sales_of.get(touch.kind, ()))
    ]  # fmt: skip


def of_records(site: Site, kind: str, records: Iterable[Mapping[str, Any]], at: datetime) -> list[Heard]:
    """The changes that records modified of late speak of; the same modification twice is one change."""
    changes = []
    for entity in (*site.of_record.get(kind, ()), *site.sales_of.get(kind, ())):
        for record in records:
            key = key_of(site.transforms[entity.name], record)
            if key is not None:
                event_id = f"poll:{entity.name}:{key}:{record.get('last_modified') or at.isoformat()}"
                changes.append(Heard(Side.BILLING, entity.name, key, Op.SAVE, event_id, at, origin=Origin.POLL))
    return changes
