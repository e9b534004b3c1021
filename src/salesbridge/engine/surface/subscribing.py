"""Changing which events an instance surfaces, and how: what waits in the outbox follows at once."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from salesbridge.engine.surface import outbox
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance
from salesbridge.sync.event_mapping import EventMapping, MappingError
from salesbridge.sync.subscriptions import Subscriptions


def subscribe(door: Door, instance: Instance, event_type: str, by: str) -> Subscriptions:
    """Surface events of a type from now on.

    Raises:
        MappingError: It is no event type.
    """
    return _change(door, instance, "event:subscribed", event_type, by, change=lambda kept: kept.subscribed(event_type))


def unsubscribe(door: Door, instance: Instance, event_type: str, by: str) -> Subscriptions:
    """Surface events of a type no more: those that wait or are held are dismissed. The mapping stays.

    Raises:
        MappingError: It is not subscribed.
    """

    def without(kept: Subscriptions) -> Subscriptions:
        if event_type not in kept.types:
            raise MappingError([("", f"{event_type} is not subscribed.")])
        outbox.dismiss(door, instance.pk, event_type, waiting=True)
        return kept.unsubscribed(event_type)

    return _change(door, instance, "event:unsubscribed", event_type, by, change=without)


def choose(door: Door, instance: Instance, types: frozenset[str], by: str) -> Subscriptions:
    """Surface events of just these types.

    Raises:
        MappingError: One of them is no event type.
    """
    kept = outbox.subscriptions(instance)
    for event_type in sorted(types - kept.types):
        kept = subscribe(door, instance, event_type, by)
    for event_type in sorted(kept.types - types):
        kept = unsubscribe(door, instance, event_type, by)
    return kept


def give(door: Door, instance: Instance, event_type: str, mapping: EventMapping | None, by: str) -> Subscriptions:
    """Change the event mapping of a type; events that are held for it are tried again.

    Args:
        door: Door of the tenant.
        instance: The instance.
        event_type: The type.
        mapping: The mapping; None goes back to the default, where there is one.
        by: Who says so.

    Raises:
        MappingError: It is no event type.
    """

    def mapped(kept: Subscriptions) -> Subscriptions:
        outbox.release(door, instance.pk, event_type)
        return kept.mapped(event_type, mapping)

    return _change(door, instance, "event:mapping_changed", event_type, by, change=mapped, mapping=mapping)


def _change(
    door: Door,
    instance: Instance,
    tag: str,
    event_type: str,
    by: str,
    *,
    change: Callable[[Subscriptions], Subscriptions],
    mapping: EventMapping | None = None,
) -> Subscriptions:
    event_type = event_type.strip()
    with transaction.atomic():
        row = door.instances.select_for_update().get(pk=instance.pk)
        made = change(outbox.subscriptions(row))
        row.settings = {**row.settings, outbox.SETTING: made.form()}
        row.save()
        detail = {"type": event_type, **({"mapping": mapping.form()} if mapping is not None else {})}
        record(door, tag, actor=by, subject=event_type[:300], instance_id=row.pk, detail=detail)
    return made
