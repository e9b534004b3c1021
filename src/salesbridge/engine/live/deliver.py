"""One round of delivery: take up changes, read both sides, decide, carry out, write down.

The same round serves events, polls, reconciliation and retries. Whoever calls it holds the lease to deliver for the
instance, so the rounds of an instance follow one another and the changes of a record keep their order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from salesbridge.billing import BillingError
from salesbridge.engine.live.act import Deed, act
from salesbridge.engine.live.book import tell_lost, write_down
from salesbridge.engine.live.budget import spent
from salesbridge.engine.live.deciding import decided
from salesbridge.engine.live.look import look
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.entities import SALES
from salesbridge.engine.sales.round import deliver_sales
from salesbridge.model import Side
from salesbridge.salesforce import SalesforceError
from salesbridge.store.changes import Heard, behind, later, pending
from salesbridge.store.journal import LIVE, raise_problem
from salesbridge.store.leases import Fence
from salesbridge.store.models import Live, Parked, Problem
from salesbridge.store.sales import wake

#: Most changes and most parked records taken up in one round.
BATCH = 1000
DUE = 200
#: Most later changes of the same records that a round takes up beside, as a multiple of its own.
_FOLDED = 20
#: Kind of the problem while a whole side cannot be worked with.
DOWN = "delivery held"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
#: Pauses in a row after which a person is told of an outage that may pass by itself.
_TOLD_AFTER = 3


@dataclass(slots=True)
class Round:
    """What a round did.

    Args:
        taken: Changes taken up, those behind parked records included.
        records: Records looked at.
        verdicts: How often each verdict fell.
        written: Records written to a side.
        held: Why a whole side could not be worked with; empty if both could.
    """

    taken: int = 0
    records: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    held: str = ""


def deliver(site: Site, fence: Fence, now: datetime, *, limit: int = BATCH) -> Round:
    """Deliver what there is to deliver, once.

    Args:
        site: The instance.
        fence: The lease to deliver for it.
        now: The moment, by which parked records are due.
        limit: Most changes to take up.

    Returns:
        What was done; nothing taken means that there is nothing to do now.

    Raises:
        FencedError: Another worker delivers for the instance.
    """
    taken = _take(site, now, limit)
    heard = [change for change in taken if change.entity not in SALES]
    try:
        over = spent(site) if taken else None
        if over is not None:
            _hold(site, fence, Side.SALESFORCE, over, now)
            return Round(held=over.message)
        sold = _sell(site, fence, [change for change in taken if change.entity in SALES], now)
        if sold.held or not heard:
            return sold
        views = look(site, heard, now)
        deeds = [Deed(view, decision) for view, decision in zip(views, decided(site, views, now), strict=True)]
    except (SalesforceError, BillingError) as error:
        side = Side.SALESFORCE if isinstance(error, SalesforceError) else Side.BILLING
        _hold(site, fence, side, error, now)
        return Round(held=error.message)
    made = _carry_out(site, fence, deeds, now)
    made.taken += sold.taken
    return made


def _sell(site: Site, fence: Fence, changes: list[Heard], now: datetime) -> Round:
    """Sales come first: what they make is known on both sides before news of it is delivered."""
    sold = deliver_sales(site, fence, changes, now)
    if sold.down is None:
        if sold.taken:
            _flowing(site, fence)
        return Round(taken=sold.taken)
    _hold(site, fence, sold.down.side, sold.down.error, now)
    return Round(held=str(sold.down.error))


def _take(site: Site, now: datetime, limit: int) -> list[Heard]:
    point("before taking up changes")
    due = site.door.rows(Parked).filter(instance=site.instance, next_at__lte=now).order_by("next_at")[:DUE]
    parked = list(due.values_list("entity", "record"))
    waiting = behind(site.door, site.instance.pk, parked) if parked else []
    _forget(site, set(parked) - {(change.entity, change.record) for change in waiting})
    return [*waiting, *_oldest(site, limit)]


def _oldest(site: Site, limit: int) -> list[Heard]:
    """The oldest undecided changes; where more wait, with all that was heard of the same records since.

    After an outage a record that was edited twenty times is so read and written once.
    """
    taken = pending(site.door, site.instance.pk, limit)
    if len(taken) < limit:
        return taken
    return [*taken, *later(site.door, site.instance.pk, taken, limit * _FOLDED)]


def _forget(site: Site, empty: set[tuple[str, str]]) -> None:
    """Places in the car park behind which nothing waits any more, since a person dismissed it."""
    for entity, record in empty:
        site.door.rows(Parked).filter(instance=site.instance, entity=entity, record=record).delete()


def _carry_out(site: Site, fence: Fence, deeds: list[Deed], now: datetime) -> Round:
    tell_lost(site, fence, deeds)
    down = act(site, deeds)
    done = [deed for deed in deeds if deed.done]
    write_down(site, fence, done, now)
    _wake_sales(site, done, now)
    _note_usage(site, now)
    if down is not None:
        _hold(site, fence, down.side, down.error, now)
    else:
        _flowing(site, fence)
    made = Round(sum(len(d.view.folded.numbers) for d in done), len(done), held=str(down.error) if down else "")
    made.verdicts.update(deed.decision.verdict.value for deed in done)
    made.written.update(side.value for deed in done for side in deed.written)
    return made


def _wake_sales(site: Site, deeds: list[Deed], now: datetime) -> None:
    """Orders may wait for the contracts that they brought about."""
    raws = (deed.view.raw for deed in deeds if deed.view.record[0] == "Contract" and deed.view.raw is not None)
    numbers = {str(raw["order_number"]) for raw in raws if raw.get("order_number")}
    wake(site.door, site.instance.pk, "order_number", numbers, now)


def _note_usage(site: Site, now: datetime) -> None:
    """Keep what Salesforce told last of its allowance, for people who look."""
    usage = site.salesforce.usage
    if usage.limit is not None:
        site.door.rows(Live).filter(instance=site.instance).update(
            api_used=usage.used, api_limit=usage.limit, api_at=usage.at or now
        )


def _hold(site: Site, fence: Fence, side: Side, error: SalesforceError | BillingError, now: datetime) -> None:
    """Wait before the next round: the side is down, or wants to be left alone."""
    with transaction.atomic():
        fence.hold()
        live = site.door.rows(Live).get(instance=site.instance)
        wait = min(_FIRST_PAUSE_S * 2 ** min(live.outages, 10), _LONGEST_PAUSE_S)
        pause = timedelta(seconds=max(wait, error.retry_after or 0.0))
        site.door.rows(Live).filter(pk=live.pk).update(
            held_until=now + pause, held_reason=f"{side}: {error.message}"[:500], outages=F("outages") + 1
        )
        if live.outages + 1 >= _TOLD_AFTER or error.kind in {"permanent", "authentication"}:
            raise_problem(
                site.door, DOWN, f"Nothing can be delivered: {side} {error.message}", instance_id=site.instance.pk,
                key=side, cause=error.code, mend=error.mend,
            )  # fmt: skip


def _flowing(site: Site, fence: Fence) -> None:
    """Both sides could be worked with: an outage, if there was one, is over."""
    held = site.door.rows(Live).filter(instance=site.instance, outages__gt=0)
    if not held.exists():
        return
    with transaction.atomic():
        fence.hold()
        held.update(outages=0, held_until=None, held_reason="")
        site.door.problems.filter(instance=site.instance, kind=DOWN, state__in=LIVE).update(state=Problem.State.SOLVED)
