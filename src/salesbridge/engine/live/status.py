"""How an instance's ongoing synchronisation stands: what people and monitors look at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from salesbridge.engine.live.site import Site
from salesbridge.engine.surface import outbox
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Change, Conflict, Instance, Lease, Live, Parked

#: The time over which rates are counted, and conflicts.
RATE_WINDOW, CONFLICT_WINDOW = timedelta(minutes=5), timedelta(days=1)
#: Most changes that are counted for a rate: the last ones heard, which the journal finds without reading all of it.
_COUNTED = 100_000
#: Allowances that hearing and delivering use up, by the names of Salesforce's ``/limits``.
ALLOWANCES = (
    "DailyApiRequests",
    "DailyDeliveredPlatformEvents",
    "HourlyPublishedPlatformEvents",
    "MonthlyPlatformEventsUsageEntitlement",
)


@dataclass(frozen=True, slots=True)
class Flow:
    """How much goes through.

    Args:
        backlog: Changes that nobody has decided yet.
        lag_s: Age of the oldest of them in seconds, from when it was heard; 0 where there is none.
        per_minute: Changes decided a minute, by outcome.
        parked: Records that wait, by hold.
        conflicts: Values of the last day that did not prevail.
        events: Events that are to appear in Salesforce and do not yet, by state: waiting, held.
    """

    backlog: int
    lag_s: float
    per_minute: Mapping[str, float]
    parked: Mapping[str, int]
    conflicts: int
    events: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an instance stands.

    Args:
        tenant: Name of its tenant.
        instance: Its row.
        live: Its row of ongoing synchronisation; an unsaved one in state ``new`` where it has none yet.
        flow: How much goes through.
        problems: Problems that need somebody.
        workers: Executor ids by what they hold a lease for.
        last_change_at: When the newest change was heard.
    """

    tenant: str
    instance: Instance
    live: Live
    flow: Flow
    problems: int
    workers: Mapping[str, str]
    last_change_at: datetime | None

    @property
    def started(self) -> bool:
        """Whether ongoing synchronisation has begun to remember anything of the instance."""
        return not self.live._state.adding  # noqa: SLF001 - Django's own way to tell


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of something Salesforce still grants.

    Args:
        name: As ``/limits`` calls it.
        used: Used up.
        limit: Granted.
    """

    name: str
    used: int
    limit: int


def standing(door: Door, instance: Instance, now: datetime) -> Standing:
    """How an instance stands at a moment, from our own tables alone."""
    live = door.rows(Live).filter(instance=instance).first() or door.rows(Live).new(instance=instance)
    problems = door.problems.filter(instance=instance, state__in=LIVE).count()
    leases = door.rows(Lease).filter(instance=instance, until__gt=now).exclude(owner="")
    last = door.rows(Change).filter(instance=instance).order_by("-number").values_list("heard_at", flat=True).first()
    workers = dict(leases.values_list("role", "owner"))
    return Standing(door.tenant.name, instance, live, flow(door, live, now), problems, workers, last)


def flow(door: Door, live: Live, now: datetime) -> Flow:
    """How much goes through for an instance."""
    changes = door.rows(Change).filter(instance_id=live.instance_id)
    waiting = changes.filter(outcome=None).aggregate(count=Count("number"), oldest=Min("heard_at"))
    parked = door.rows(Parked).filter(instance_id=live.instance_id).values("hold").annotate(count=Count("pk"))
    lost = door.rows(Conflict).filter(instance_id=live.instance_id, at__gt=now - CONFLICT_WINDOW)
    return Flow(
        backlog=waiting["count"],
        lag_s=max((now - waiting["oldest"]).total_seconds(), 0.0) if waiting["oldest"] else 0.0,
        per_minute=_per_minute(door, live, now),
        parked={row["hold"]: row["count"] for row in parked.order_by("hold")},
        conflicts=lost.count(),
        events=outbox.counts(door, live.instance_id),
    )


def _per_minute(door: Door, live: Live, now: datetime) -> dict[str, float]:
    late = Q(number__gte=live.next_number - _COUNTED, decided_at__gt=now - RATE_WINDOW)
    decided = door.rows(Change).filter(late, instance_id=live.instance_id).exclude(outcome=None)
    counted = decided.values_list("outcome").annotate(count=Count("number")).order_by("outcome")
    minutes = RATE_WINDOW.total_seconds() / 60
    return {str(outcome): round(count / minutes, 2) for outcome, count in counted}


def last_word(live: Live) -> datetime | None:
    """When anything was heard of either side last."""
    heard = [at for at in (live.heard_at, live.webhook_at, live.polled_until) if at is not None]
    return max(heard, default=None)


def told_last(live: Live) -> list[Allowance]:
    """What Salesforce told last of its API calls, with the replies to delivery; nothing before the first reply."""
    if live.api_limit is None or live.api_used is None:
        return []
    return [Allowance(ALLOWANCES[0], live.api_used, live.api_limit)]


def allowances(where: Site) -> list[Allowance]:
    """What Salesforce still grants, asked now; those it does not tell are left out.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    told = where.salesforce.limits()
    found = [(name, told[name]) for name in ALLOWANCES if isinstance(told.get(name), Mapping)]
    return [Allowance(name, of["Max"] - of["Remaining"], of["Max"]) for name, of in found]
