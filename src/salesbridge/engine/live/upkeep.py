"""What an instance needs from time to time: a reconciliation after a gap and every night, a sampling audit between."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from salesbridge.engine.live.audit import audit
from salesbridge.engine.live.reconcile import start_reconciliation
from salesbridge.engine.live.reconcile_steps import FAILED
from salesbridge.engine.live.site import Site, site
from salesbridge.store.door import Door
from salesbridge.store.models import Live, Reconciliation

#: Seconds that a subscription must have been open before everything is compared: what happens meanwhile is heard.
_SETTLE_S = 5.0
#: Hour of the tenant's night in which everything is compared, unless the instance's settings name another.
NIGHT = 2
_AUDIT_EVERY = timedelta(minutes=15)
_LOOK_EVERY_S = 5.0
_AFTER_FAILURE = timedelta(minutes=10)


class Upkeep:
    """Tells when reconciliations and audits are due; knows since when each instance is listened to."""

    def __init__(self) -> None:
        self._listening: dict[uuid.UUID, float] = {}
        self._looked: dict[uuid.UUID, float] = {}

    def due(self, live: Live, *, listening: bool) -> Callable[[], object] | None:
        """What is to be done for an instance now, if anything is.

        Args:
            live: How its ongoing synchronisation stands.
            listening: Whether somebody listens to its Salesforce events.
        """
        clock = time.monotonic()
        if not listening:
            self._listening.pop(live.instance_id, None)
            return None
        since = self._listening.setdefault(live.instance_id, clock)
        if clock - self._looked.get(live.instance_id, 0.0) < _LOOK_EVERY_S:
            return None
        self._looked[live.instance_id] = clock
        return lambda: _do(live, settled=clock - since >= _SETTLE_S)


def _do(live: Live, *, settled: bool) -> None:
    door, now = Door(live.tenant_id), datetime.now(UTC)
    if _under_way_or_failed(door, live, now):
        return
    where = site(door, live.instance_id)
    if live.gap_since is not None:
        if settled:
            start_reconciliation(door, live.instance_id, "gap", "schedule")
    elif night_has_come(where, live, now):
        start_reconciliation(door, live.instance_id, "nightly", "schedule")
    elif live.audited_at is None or now - live.audited_at >= _AUDIT_EVERY:
        audit(where, now)


def _under_way_or_failed(door: Door, live: Live, now: datetime) -> bool:
    """Whether a reconciliation is under way, or one failed so lately that the next would fail for the same reason."""
    last = door.rows(Reconciliation).filter(instance_id=live.instance_id).order_by("-number").first()
    if last is None or (last.finished_at is not None and last.state != FAILED):
        return False
    return last.finished_at is None or now - last.finished_at < _AFTER_FAILURE


def night_has_come(where: Site, live: Live, now: datetime) -> bool:
    """Whether the night's reconciliation is due: its hour has passed since the last one began."""
    hour = where.instance.settings.get("reconcile_at", NIGHT)
    if hour is None:
        return False
    local = now.astimezone(ZoneInfo(where.tenant.zone))
    last_night = local.replace(hour=int(hour), minute=0, second=0, microsecond=0)
    if last_night > local:
        last_night -= timedelta(days=1)
    begun = live.reconciled_at or live.since
    return begun < last_night
