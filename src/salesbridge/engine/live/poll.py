"""Asking billing what was modified of late: the only way to hear one that publishes nothing, else a safety net.

Each poll begins a while before the last one ended, since records may become visible later than their time of
modification says; the journal passes over what it knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from salesbridge.engine.live.hear import of_records
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.store.changes import write_changes
from salesbridge.store.leases import Fence
from salesbridge.store.models import Live

#: How far a poll looks back behind the end of the last one.
OVERLAP = timedelta(minutes=2)
#: Seconds between two polls where billing publishes events, and where it does not.
WITH_EVENTS_S, WITHOUT_EVENTS_S = 60.0, 5.0


def poll(site: Site, fence: Fence, now: datetime) -> int:
    """Write what billing modified since the last poll into the journal; how many changes are new.

    Args:
        site: The instance.
        fence: The lease to poll for it.
        now: The moment, by our clock; billing's may differ by less than the overlap.

    Raises:
        BillingError: The billing system refuses or does not answer; the poll is repeated from the same moment.
        FencedError: Another worker polls for the instance.
    """
    live = site.door.rows(Live).get(instance=site.instance)
    since = (live.polled_until or now) - OVERLAP
    new = 0
    for kind in (*site.of_record, *site.sales_of):
        for page in site.billing.pages(kind, since=since):
            changes = of_records(site, kind, page.records, now)
            point("before hearing a poll")
            with transaction.atomic():
                fence.hold()
                new += write_changes(site.door, site.instance.pk, changes)[1] if changes else 0
            point("after hearing a poll")
    with transaction.atomic():
        fence.hold()
        site.door.rows(Live).filter(instance=site.instance).update(polled_until=now)
    return new


def due(site: Site, live: Live, polled_at: float | None, clock: float) -> bool:
    """Whether it is time for the next poll."""
    every = site.instance.settings.get("poll_s") or (WITH_EVENTS_S if live.webhook_at else WITHOUT_EVENTS_S)
    return polled_at is None or clock - polled_at >= float(every)
