"""Hearing Salesforce: one live subscription an instance, whose place is stored with what was heard up to it.

The stream is only asked for more once a delivery is stored (``Events.subscribe``). A place that Salesforce no longer
knows is not mourned: a gap is marked, events are heard from now on, and everything is compared once they are.
"""

from __future__ import annotations

import threading
from datetime import datetime

import structlog
from django.db import connection, transaction

from salesbridge.engine import connections
from salesbridge.engine.live.hear import hear_salesforce
from salesbridge.engine.live.site import TOPIC, Site
from salesbridge.engine.live.states import DEAF, LOST, mark_gap
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.events import Delivery, ReplayLostError, Start, UnreadableEventError
from salesbridge.store.journal import LIVE, raise_problem, record
from salesbridge.store.leases import Fence, FencedError
from salesbridge.store.models import Live, Problem

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
#: Attempts in vain after which a person is told of a trouble that may pass by itself.
_TOLD_AFTER = 5

_log = structlog.get_logger(__name__)


def listen(site: Site, fence: Fence, stop: threading.Event) -> None:
    """Hear an instance's Salesforce events until told to stop or the lease is lost."""
    attempts = 0
    try:
        while not stop.is_set():
            heard_any = threading.Event()
            try:
                _subscription(site, fence, stop, heard_any)
            except FencedError:
                return
            except SalesforceError as error:
                attempts = 1 if heard_any.is_set() else attempts + 1
                _failed(site, error, attempts)
                stop.wait(_pause(error, attempts))
    finally:
        connection.close()


def _subscription(site: Site, fence: Fence, stop: threading.Event, heard_any: threading.Event) -> None:
    live = site.door.rows(Live).get(instance=site.instance)
    start = Start.after(bytes(live.replay_id)) if live.replay_id else Start.LATEST
    if start is Start.LATEST and live.gap_since is None:
        # Nothing was heard yet by which the place were known; what was published meanwhile is not heard any more.
        mark_gap(site.door, site.instance.pk, live.reconciled_at or live.since, "no place in the event stream is known")
    with connections.events(site.instance, site.salesforce) as bus:
        try:
            for delivery in bus.subscribe(TOPIC, start, stop=stop):
                hear_salesforce(site, fence, delivery)
                if not heard_any.is_set():
                    heard_any.set()
                    _heard_again(site)
        except ReplayLostError as error:
            _lost(site, fence, live.replay_at, error)
        except UnreadableEventError as error:
            _lost(site, fence, live.replay_at, error)
            hear_salesforce(site, fence, Delivery((), error.replay_id, 0))


def _lost(site: Site, fence: Fence, since: datetime | None, error: SalesforceError) -> None:
    """Events may have been missed: the place is forgotten, and everything will be compared."""
    with transaction.atomic():
        fence.hold()
        mark_gap(site.door, site.instance.pk, since, error.message)
        site.door.rows(Live).filter(instance=site.instance).update(replay_id=None)
        raise_problem(
            site.door, LOST, "Salesforce no longer keeps the events since the last one heard", cause=error.message,
            instance_id=site.instance.pk, mend="Nothing to do: both sides are compared in full, then this is solved.",
        )  # fmt: skip
        record(site.door, "live:gap", actor="listener", instance_id=site.instance.pk, detail={"cause": error.code})


def _failed(site: Site, error: SalesforceError, attempts: int) -> None:
    _log.info("subscription ended", instance=str(site.instance.pk), code=error.code, attempts=attempts)
    lasting = error.kind in {"permanent", "authentication"} or error.code == "EVENT_ALLOCATION"
    if lasting or attempts >= _TOLD_AFTER:
        raise_problem(
            site.door, DEAF, f"Changes in Salesforce are not heard: {error.message}", instance_id=site.instance.pk,
            cause=error.code, mend=error.mend,
        )  # fmt: skip


def _heard_again(site: Site) -> None:
    site.door.problems.filter(instance=site.instance, kind=DEAF, state__in=LIVE).update(state=Problem.State.SOLVED)


def _pause(error: SalesforceError, attempts: int) -> float:
    wait = min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE_S)
    return float(max(wait, error.retry_after or 0.0))
