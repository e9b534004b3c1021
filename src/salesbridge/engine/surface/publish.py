"""Publishing what is in the outbox: in order, at most 200 events a call, at least once.

Whoever calls this holds the lease to deliver for the instance. An event is marked as published after Salesforce has
taken it, so a worker that dies between the two, or an answer that is lost, makes it be published again with the same
``Event_Id__c`` (docs/decisions/0016-events-at-least-once.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from salesbridge.billing.events import BillingEvent
from salesbridge.engine.live.budget import spent
from salesbridge.engine.live.points import point
from salesbridge.engine.surface import outbox
from salesbridge.engine.surface.outbox import UNPUBLISHED, UNSURFACED
from salesbridge.engine.surface.records import record_ids
from salesbridge.package import SURFACED
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.errors import RowError
from salesbridge.salesforce.rest import MAX_COLLECTION, RowResult
from salesbridge.store.journal import LIVE, raise_problem
from salesbridge.store.leases import Fence
from salesbridge.store.models import HeardEvent, Problem, Surfaced
from salesbridge.sync.event_mapping import UnsurfacedError, surface
from salesbridge.sync.parking import hold_of, pause

if TYPE_CHECKING:
    from salesbridge.engine.live.site import Site

#: Most calls that one step makes before delivery has its turn again.
_CALLS = 5
#: Attempts in a row after which a person is told of a trouble that may pass by itself.
_TOLD_AFTER = 3
#: Codes of a refused event that every other event would be refused with: the platform event is not there or cannot be
#: published to, or the hour's allocation of published events is used up.
_OF_ALL = frozenset({
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "LIMIT_EXCEEDED", "NOT_FOUND",
})  # fmt: skip
_DEPLOY = "Run Validate Data Model: the package's platform event Gentrack_Event__e must be there and be granted."
_ENQUEUED = "OPERATION_ENQUEUED"


@dataclass(frozen=True, slots=True)
class Why:
    """Why an event is not published.

    Attributes:
        code: Groups equal causes.
        message: What is wrong.
        mend: What to do.
        kind: As errors have it.
        retry_after: Seconds that Salesforce asked us to wait.
    """

    code: str
    message: str
    mend: str
    kind: str = "permanent"
    retry_after: float | None = None

    @classmethod
    def of(cls, error: SalesforceError | RowError) -> Why:
        """Why Salesforce did not take it."""
        mend = _DEPLOY if error.code in _OF_ALL - {"LIMIT_EXCEEDED"} else error.mend
        return cls(error.code, error.message, mend, error.kind, getattr(error, "retry_after", None))


def publish(site: Site, fence: Fence, now: datetime, *, upto: int | None = None) -> int:
    """Publish what waits, once.

    Args:
        site: The instance.
        fence: The lease to deliver for it.
        now: The moment.
        upto: Number of the last event to be published; None for all.

    Returns:
        How many events were published.

    Raises:
        FencedError: Another worker delivers for the instance.
    """
    count = 0
    for _ in range(_CALLS):
        rows = outbox.due(site.door, site.instance.pk, now, MAX_COLLECTION, upto=upto)
        if not rows:
            break
        done = _publish(site, fence, rows, now)
        count += done or 0
        if done is None:
            break
    return count


def _publish(site: Site, fence: Fence, rows: Sequence[Surfaced], now: datetime) -> int | None:
    """Publish some events; how many were, or None if nothing can be published for now."""
    ready, held = _surfaced(site, rows)
    try:
        over = spent(site) if ready else None
        if over is not None:
            raise over
        results = _send(site, [fields for _, fields in ready])
    except SalesforceError as error:
        with transaction.atomic():
            fence.hold()
            _hold_back(site, held)
            _wait(site, rows[0], Why.of(error), now)
        return None
    taken = list(zip((row for row, _ in ready), results, strict=True))
    return _write_down(site, fence, taken, held, now)


def _surfaced(
    site: Site, rows: Sequence[Surfaced]
) -> tuple[list[tuple[Surfaced, dict[str, str | None]]], list[tuple[Surfaced, Why]]]:
    """The platform events that rows become, and those that cannot become one."""
    kept, told = outbox.subscriptions(site.instance), outbox.told(site.door, rows)
    events = {event_id: _event(heard) for event_id, heard in told.items()}
    ids = record_ids(site, list(events.values()))
    ready, held = [], []
    for row in rows:
        mapping, event = kept.mapping(row.type), events.get(row.event_id)
        if mapping is None or event is None:
            held.append((row, _UNMAPPED if mapping is None else _LOST))
            continue
        try:
            ready.append((row, surface(mapping, event, ids.get(row.event_id, ""))))
        except UnsurfacedError as error:
            held.append((row, Why(error.code, error.message, error.mend)))
    return ready, held


_UNMAPPED = Why(
    "NO_MAPPING",
    "it is subscribed, but has no event mapping.",
    "Give it one: Events > Edit mapping in the portal, or: salesbridge event-mapping set. Or unsubscribe it.",
)
_LOST = Why("NOT_KEPT", "what it told is no longer kept.", "Dismiss it.")


def _event(heard: HeardEvent) -> BillingEvent:
    return BillingEvent(heard.event_id, heard.type, "", "", heard.created_at, heard.data)


def _send(site: Site, records: Sequence[dict[str, str | None]]) -> list[RowResult]:
    if not records:
        return []
    point("before publishing events")
    results = site.salesforce.collections("create", SURFACED, records)
    point("after publishing events")
    return results


def _write_down(
    site: Site,
    fence: Fence,
    taken: Sequence[tuple[Surfaced, RowResult]],
    held: Sequence[tuple[Surfaced, Why]],
    now: datetime,
) -> int | None:
    """Keep what became of each event; None where the first that failed stands for all that follow."""
    done = [(row, result) for row, result in taken if result.success]
    failed = [(row, Why.of(_error(result))) for row, result in taken if not result.success]
    passing = [(row, why) for row, why in failed if why.kind != "permanent" or why.code in _OF_ALL]
    with transaction.atomic():
        fence.hold()
        _published(site, done, now)
        _hold_back(site, [*held, *(each for each in failed if each not in passing)])
        _solve(site, {row.type for row, _ in done})
        if passing:
            _wait(site, *passing[0], now)
    point("after writing down what was published")
    return None if passing else len(done)


def _published(site: Site, done: Sequence[tuple[Surfaced, RowResult]], now: datetime) -> None:
    for row, result in done:
        row.state, row.published_at, row.published_as = Surfaced.State.PUBLISHED, now, _uuid(result)
        row.code = row.message = ""
    fields = ["state", "published_at", "published_as", "code", "message"]
    site.door.rows(Surfaced).bulk_update([row for row, _ in done], fields)


def _error(result: RowResult) -> RowError:
    return result.errors[0] if result.errors else RowError("UNKNOWN", "Salesforce did not say why.")


def _uuid(result: RowResult) -> str:
    """Salesforce's id of the event, which a success tells as the message of an error that is none."""
    return next((error.message for error in result.errors if error.code == _ENQUEUED), "")[:50]


def _hold_back(site: Site, held: Sequence[tuple[Surfaced, Why]]) -> None:
    """Events that only a person can help: kept, and told; those behind them go on."""
    for row, why in held:
        # one that a person has let go of meanwhile stays dismissed
        waiting = site.door.rows(Surfaced).filter(pk=row.pk, state=Surfaced.State.WAITING)
        if waiting.update(state=Surfaced.State.HELD, code=why.code[:100], message=why.message):
            raise_problem(
                site.door, UNSURFACED, f"{row.type} is not published in Salesforce: {why.message}",
                instance_id=site.instance.pk, key=row.type, cause=why.code, mend=why.mend,
            )  # fmt: skip


def _wait(site: Site, first: Surfaced, why: Why, now: datetime) -> None:
    """Nothing can be published for now: the first event waits, and all behind it."""
    asked = timedelta(seconds=why.retry_after) if why.retry_after else None
    attempts = first.attempts + 1
    hold = hold_of("throttled" if why.kind == "permanent" else why.kind)
    site.door.rows(Surfaced).filter(pk=first.pk).update(
        attempts=F("attempts") + 1, next_at=now + pause(hold, attempts, asked), code=why.code[:100], message=why.message
    )
    if attempts >= _TOLD_AFTER or why.kind in {"permanent", "authentication"}:
        raise_problem(
            site.door, UNPUBLISHED, f"Events of billing cannot be published in Salesforce: {why.message}",
            instance_id=site.instance.pk, cause=why.code, mend=why.mend,
        )  # fmt: skip


def _solve(site: Site, types: set[str]) -> None:
    """Problems that are over, since events of these types were published."""
    if not types:
        return
    live = site.door.problems.filter(instance=site.instance, state__in=LIVE)
    held = site.door.rows(Surfaced).filter(instance=site.instance, state=Surfaced.State.HELD, type__in=types)
    over = types - set(held.values_list("type", flat=True))
    solved = {"state": Problem.State.SOLVED}
    live.filter(kind=UNPUBLISHED).update(**solved)
    live.filter(kind=UNSURFACED, key__in=over).update(**solved)
