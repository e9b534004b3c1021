"""A sampling audit: some linked records, chosen at random, looked at and decided; what differs is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from salesbridge.engine.live.budget import spent
from salesbridge.engine.live.compare import parked_of
from salesbridge.engine.live.judge import TO_MEND, Judged, judge
from salesbridge.engine.live.site import Site
from salesbridge.model import Side
from salesbridge.store.changes import Heard, write_changes
from salesbridge.store.comparison import sampled_links, under_way
from salesbridge.store.journal import record
from salesbridge.store.models import Live
from salesbridge.sync.change import Op, Origin

#: Records that are looked at.
SAMPLE = 50
_Record = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found.

    Args:
        looked: Records that were looked at.
        drifted: Those that differ although nothing was heard of them; they are delivered.
    """

    looked: int
    drifted: int


def audit(site: Site, now: datetime, sample: int = SAMPLE) -> Audited:
    """Look at some linked records, chosen at random.

    Args:
        site: The instance.
        now: The moment.
        sample: How many.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
        Live.DoesNotExist: The instance has no ongoing synchronisation.
    """
    over = spent(site)
    chosen = [] if over is not None else _sample(site, sample)
    judged = judge(site, [(entity, Side.BILLING, key) for entity, key in chosen], now) if chosen else []
    drifted = _unheard(site, [pair for pair in zip(chosen, judged, strict=True) if pair[1].standing in TO_MEND])
    with transaction.atomic():
        if drifted:
            write_changes(site.door, site.instance.pk, [_change(name, now) for name in drifted])
            detail = {"looked": len(chosen), "drifted": [f"{entity} {key}" for entity, key in drifted]}
            record(site.door, "audit:drift", actor="salesbridge", instance_id=site.instance.pk, detail=detail)
        site.door.rows(Live).filter(instance=site.instance).update(audited_at=now)
    return Audited(len(chosen), len(drifted))


def _sample(site: Site, size: int) -> list[_Record]:
    found = sampled_links(site.door, site.instance.pk, size)
    return [name for name in found if name[0] in site.entities]


def _unheard(site: Site, differing: Sequence[tuple[_Record, Judged]]) -> list[_Record]:
    """Those of which no change is under way, and which are not looked at again by themselves."""
    found = []
    for (entity, key), judged in differing:
        moving = under_way(site.door, site.instance.pk, entity, [key, judged.salesforce_id])
        if not moving and not parked_of(site, entity, [key]):
            found.append((entity, key))
    return found


def _change(name: _Record, now: datetime) -> Heard:
    entity, key = name
    return Heard(Side.BILLING, entity, key, Op.SAVE, f"audit:{now.isoformat()}:{entity}:{key}", origin=Origin.AUDIT)
