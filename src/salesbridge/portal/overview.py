"""How an instance stands, for its overview: what needs attention, how each part goes, what happened last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from salesbridge.engine.live.states import RUNNING
from salesbridge.engine.live.status import Standing
from salesbridge.engine.pinning import ANOTHER
from salesbridge.portal.words import duration, moment
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Activity, Instance
from salesbridge.sync.life import InstanceState

#: Salesforce's keep-alives come at least every 270 seconds.
SILENT = timedelta(minutes=5)
_LAST = 8


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the state that somebody should know.

    Args:
        title: What.
        text: Why, and what to do.
        tone: How grave.
        page: Name of the page of the instance that leads on; empty for none.
        action: Words of that link.
    """

    title: str
    text: str
    tone: str = "warn"
    page: str = ""
    action: str = ""


def remarks(door: Door, standing: Standing, now: datetime) -> list[Remark]:
    """What stands in the way, the gravest first; one query."""
    turned = door.problems.filter(instance=standing.instance, kind=ANOTHER, state__in=LIVE).first()
    found = (
        [Remark("Another org", f"{turned.title}. {turned.mend}", "bad", "problems", "See problems")] if turned else []
    )
    return [*found, *_of_state(standing, now), *_of_work(standing, now)]


def _of_state(standing: Standing, now: datetime) -> Iterator[Remark]:
    live = standing.live
    if live.state == InstanceState.PAUSED:
        text = f"Nothing is delivered since {moment(live.since)}. What happens meanwhile is heard and kept."
        yield Remark("Paused", text, "wait")
    if live.state in {InstanceState.NEW, InstanceState.LOADED}:
        loaded = live.state == InstanceState.LOADED
        text = "The load has completed. Ongoing synchronisation begins when somebody starts it."
        first = "The initial data synchronisation comes first; it is started on its own page."
        yield Remark("Not live yet", text if loaded else first, "busy", "initial", "Initial Data Synchronisation")
    if live.held_until is not None and live.held_until > now:
        until = f" Tried again by itself at {moment(live.held_until)}; retry its problem to go on at once."
        yield Remark("Held", f"{live.held_reason.rstrip('.')}.{until}", "bad", "problems", "See problems")
    if live.gap_since is not None:
        text = f"Changes since {moment(live.gap_since)} may have been missed: {live.gap_reason.rstrip('.')}."
        yield Remark("May have missed changes", f"{text} Everything is compared, after which this goes.", "warn",
                     "reconciliations", "See reconciliations")  # fmt: skip


def _of_work(standing: Standing, now: datetime) -> Iterator[Remark]:
    live = standing.live
    if live.state not in RUNNING:
        return
    if not standing.workers:
        yield Remark(
            "No worker",
            "No worker looks after this instance, so nothing is delivered. Start one: salesbridge worker.",
            "bad",
        )
    elif live.heard_at is not None and now - live.heard_at > SILENT:
        silent = duration((now - live.heard_at).total_seconds())
        text = f"Nothing was heard of Salesforce for {silent}; keep-alives come at least every 270 seconds."
        yield Remark("Salesforce is silent", text, "warn", "problems", "See problems")


def latest(door: Door, instance: Instance) -> list[Activity]:
    """What people and the engine did last at an instance, the latest first."""
    rows = door.activities.filter(instance=instance).order_by("-at", "-pk")
    return list(rows[:_LAST])


def pausable(state: str) -> bool:
    """Whether an instance in a state can be paused."""
    return state in RUNNING
