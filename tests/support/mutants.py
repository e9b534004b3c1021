"""The engine with one thing wrong at a time, the way people get such engines wrong. Each must be found."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import play as plays
from django.db import transaction
from django.db.models.functions import Now

from salesbridge.engine.live import book, deliver, hear, look
from salesbridge.engine.live.points import point
from salesbridge.store.changes import write_changes
from salesbridge.store.leases import Fence
from salesbridge.store.models import HeardEvent, Live
from salesbridge.sync import decide, merge


def base_is_not_updated():
    """What both sides agreed on is written for new links only, never afterwards."""

    def keep(door, instance_id, links):
        from salesbridge.store.live_links import keep_links, links_by_key  # noqa: PLC0415 - unpatched

        known = links_by_key(door, instance_id, [(link.entity, link.billing_key) for link in links])
        old = [replace(x, agreed={}) if (x.entity, x.billing_key) in known else x for x in links]
        keep_links(door, instance_id, old)

    return patch.object(book, "keep_links", keep)


def acknowledged_early():
    """The place in the event bus is stored before what was heard up to it."""

    def heard(site, fence, delivery):
        with transaction.atomic():
            fence.hold()
            place = {"replay_id": delivery.latest_replay_id, "replay_at": Now()}
            site.door.rows(Live).filter(instance=site.instance).update(**place)
        point("before hearing Salesforce")
        with transaction.atomic():
            changes = [c for event in delivery.events if (c := hear.of_bus_event(site, event)) is not None]
            _, new = write_changes(site.door, site.instance.pk, changes) if changes else (0, 0)
        return new

    return patch.object(plays, "hear_salesforce", heard)


def webhook_acknowledged_early():
    """A webhook counts as heard before its changes are in the journal."""

    def heard(door, sites, events):
        (event,) = events
        kept = {"type": event.type, "created_at": event.created_at, "data": dict(event.data)}
        _, new = door.rows(HeardEvent).get_or_create(event_id=event.event_id, defaults=kept)
        point("before hearing billing")
        for site in sites if new else ():
            write_changes(door, site.instance.pk, hear.of_billing_event(site, event))
        return [new]

    return patch.object(plays, "hear_billing", heard)


def equal_counts_as_different():
    """What both sides hold alike is written all the same."""

    def move(slot, salesforce, billing, agreed, *rest):
        blind = replace(slot, agree=lambda _one, _other: False)
        return _move(blind, salesforce, billing, agreed, *rest) if slot.column is not None else None

    _move = merge._move
    return patch.object(merge, "_move", move)


def masters_are_swapped():
    """The other side's value wins."""

    def move(slot, *rest):
        return _move(replace(slot, master=slot.master.other) if slot.column is not None else slot, *rest)

    _move = merge._move
    return patch.object(merge, "_move", move)


def lease_is_not_checked():
    """A worker that lost its lease commits all the same."""
    return patch.object(Fence, "hold", lambda _fence: None)


def outcomes_before_writes():
    """Outcomes are committed before the other side was written to."""

    def carry_out(site, fence, deeds, now):
        deliver.tell_lost(site, fence, deeds)
        for deed in deeds:
            deed.done, deed.written = True, {write.side for write in deed.decision.writes if not write.create}
        book.write_down(site, fence, deeds, now)
        for deed in deeds:
            deed.written = set()
        deliver.act(site, deeds)
        return deliver.Round(taken=sum(len(deed.view.folded.numbers) for deed in deeds))

    return patch.object(deliver, "_carry_out", carry_out)


@contextmanager
def parked_are_forgotten():
    """Changes that wait behind a parked record are never looked at again."""
    with patch.object(deliver, "behind", lambda *_: []), patch.object(look, "behind", lambda *_: []):
        yield


def parked_are_not_looked_at():
    """Parked records wait for ever."""

    def take(site, _now, limit):
        return deliver.pending(site.door, site.instance.pk, limit)

    return patch.object(deliver, "_take", take)


def replaced_values_are_not_told():
    """What people entered is replaced without a word."""
    return patch.object(deliver, "tell_lost", lambda *_: None)


def replaced_values_are_told_late():
    """What people entered is told after it was replaced."""

    def down(site, fence, deeds, now):
        book.write_down(site, fence, deeds, now)
        told(site, fence, deeds)

    told = deliver.tell_lost
    return patch.multiple(deliver, tell_lost=lambda *_: None, write_down=down)


def only_claimed_fields_are_compared():
    """A change is believed: fields that it does not speak of are not looked at."""

    def both(entity, facts, salesforce, billing, *rest, **more):
        said = {name for change in facts.changes for name in change.claims}
        if said:
            salesforce = replace(salesforce, cells={n: c for n, c in salesforce.cells.items() if n in said})
        return _both(entity, facts, salesforce, billing, *rest, **more)

    _both = decide._both
    return patch.object(decide, "_both", both)


MUTANTS = (
    base_is_not_updated,
    acknowledged_early,
    webhook_acknowledged_early,
    equal_counts_as_different,
    masters_are_swapped,
    lease_is_not_checked,
    parked_are_forgotten,
    parked_are_not_looked_at,
    replaced_values_are_not_told,
)
#: Wrong only where a process dies in between: found by the story that is told once for each point.
DEADLY = (replaced_values_are_told_late, outcomes_before_writes)
