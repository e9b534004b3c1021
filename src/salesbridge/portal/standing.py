"""How instances stand, in the words and colours of the portal."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from salesbridge.engine.live.status import last_word
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Change, Instance, Live, Problem, Run, Tenant
from salesbridge.sync.life import InstanceState, RunState, StageState
from salesbridge.sync.sale_life import SaleState


@dataclass(frozen=True, slots=True)
class State:
    """A state as people see it.

    Attributes:
        label: The word.
        tone: Colour of its badge.
        meaning: One sentence.
        symbol: Symbol that differs from the tone's own.
    """

    label: str
    tone: str
    meaning: str = ""
    symbol: str = ""


INSTANCE_STATES = {
    InstanceState.NEW: State("Set up", "idle", "Connected. The initial data synchronisation comes next."),
    InstanceState.LOADING: State("Loading", "busy", "The initial data synchronisation is running."),
    InstanceState.LOADED: State("Loaded", "wait", "Loaded. Ongoing synchronisation has not been started."),
    InstanceState.LIVE: State("Live", "ok", "Changes on either side appear on the other by themselves."),
    InstanceState.RECOVERING: State(
        "Recovering", "warn", "Kept in step; changes that were missed are being looked for."
    ),
    InstanceState.PAUSED: State("Paused", "wait", "Changes are heard and kept, but not delivered.", "pause"),
}
RUN_STATES = {
    RunState.COMPLETED: State("Completed", "ok", "Initial data synchronisation has successfully completed."),
    RunState.COMPLETED_WITH_ERRORS: State(
        "Completed with errors", "warn", "Initial data synchronisation has completed with errors."
    ),
    RunState.FAILED: State("Failed", "bad", "Initial data synchronisation has failed."),
    RunState.CANCELLED: State("Cancelled", "idle", "Somebody stopped it."),
}
STAGE_STATES = {
    StageState.WAITING: State("Waiting", "idle"),
    StageState.DONE: State("Done", "ok"),
    StageState.FAILED: State("Failed", "bad"),
    StageState.CANCELLED: State("Cancelled", "idle"),
}
PROBLEM_STATES = {
    Problem.State.OPEN: State("Open", "bad"),
    Problem.State.RETRYING: State("Retrying", "busy"),
    Problem.State.DISMISSED: State("Dismissed", "idle"),
    Problem.State.SOLVED: State("Solved", "ok"),
}
#: What becomes of a change (``Change.Outcome``).
OUTCOMES = {
    "": State("Not decided yet", "busy", "It is looked at as soon as a worker comes to it.", "clock"),
    Change.Outcome.APPLIED: State("Applied", "ok", "Something was written to the other side."),
    Change.Outcome.UNCHANGED: State("Unchanged", "idle", "There was nothing to write."),
    Change.Outcome.SUPERSEDED: State("Superseded", "idle", "A later change of the same record speaks for it."),
    Change.Outcome.PARKED: State("Waits", "warn", "The record waits, and this change with it.", "clock"),
    Change.Outcome.DISMISSED: State("Dismissed", "idle", "A person let go of it."),
}
#: Where an order stands.
SALE_STATES = {
    SaleState.OFFERED: State("Offered", "idle", "It is not placed in Salesforce yet.", "clock"),
    SaleState.PLACED: State("Placed", "busy", "It is on its way to billing."),
    SaleState.REFUSED: State("Refused", "bad", "It cannot go on as it is; the reason says why."),
    SaleState.DRAFT: State("Draft", "wait", "Billing has it and may still change it."),
    SaleState.READY: State("Ready", "wait", "The customer may accept it."),
    SaleState.ACCEPTED: State("Accepted", "busy", "Its terms are fixed; provisioning comes next."),
    SaleState.PROVISIONING: State("Provisioning", "busy", "Switches and installations are under way."),
    SaleState.ACTIVE: State("Active", "ok", "The customer is supplied."),
    SaleState.COMPLETED: State("Completed", "ok", "Everything is done."),
    SaleState.CANCELLED: State("Cancelled", "idle", "It is cancelled and never comes back.", "cross"),
    SaleState.WITHDRAWN: State("Withdrawn", "idle", "It was called off before billing had it.", "back"),
}
RECONCILIATION_STATES = {
    "queued": State("Queued", "busy", "A worker takes it up next."),
    "running": State("Running", "busy", "Both sides are being read and compared."),
    "finished": State("Finished", "ok", "Everything was compared."),
    "failed": State("Failed", "bad", "It could not go on; the message says why."),
}


def outcome_state(name: str | None) -> State:
    """What became of a change, by its outcome; None for one that is not decided."""
    return OUTCOMES[name or ""]


def reconciliation_state(name: str) -> State:
    """A state of a reconciliation, by its name."""
    return RECONCILIATION_STATES.get(name) or State(name.capitalize(), "idle")


def instance_state(name: str) -> State:
    """A state of an instance, by its name."""
    return INSTANCE_STATES[InstanceState(name)]


def run_state(name: str) -> State:
    """A state of a run; those that are none of its ends are under way."""
    return RUN_STATES.get(RunState(name)) or State(name.capitalize(), "busy")


def stage_state(name: str) -> State:
    """A state of a stage; those without a word of their own are under way."""
    return STAGE_STATES.get(StageState(name)) or State(name.capitalize(), "busy")


def state_of(door: Door, instance: Instance) -> State:
    """How one instance stands."""
    found = door.rows(Live).filter(instance=instance).values_list("state", flat=True).first()
    return instance_state(found or InstanceState.NEW)


@dataclass(frozen=True, slots=True)
class Connector:
    """A line of My Connectors.

    Attributes:
        instance: The instance, with its tenant.
        state: How it stands.
        problems: Problems that need somebody.
        heard_at: When anything was heard of either side last.
        run: The last initial data synchronisation; None before the first.
    """

    instance: Instance
    state: State
    problems: int
    heard_at: datetime | None
    run: Run | None = None

    @property
    def run_state(self) -> State | None:
        """How that run ended, or how it stands."""
        return run_state(self.run.state) if self.run else None


def connectors(tenants: Iterable[Tenant]) -> list[Connector]:
    """The instances of some tenants by tenant and name, with how they stand: a few queries, however many there are."""
    ids: list[uuid.UUID] = [tenant.pk for tenant in tenants]
    everything = Door.operator(reason="the connectors of a person")
    rows = everything.instances.filter(tenant_id__in=ids).select_related("tenant").order_by("tenant__name", "name")
    lives = {live.instance_id: live for live in everything.rows(Live).filter(tenant_id__in=ids)}
    open_problems = everything.rows(Problem).filter(tenant_id__in=ids, state__in=LIVE)
    counts = dict(open_problems.values_list("instance").annotate(count=Count("pk")).order_by("instance"))
    last_runs = everything.runs.filter(tenant_id__in=ids).order_by("instance", "-number").distinct("instance")
    runs = {run.instance_id: run for run in last_runs.defer("plan")}
    return [_connector(row, lives.get(row.pk), counts.get(row.pk, 0), runs.get(row.pk)) for row in rows]


def _connector(instance: Instance, live: Live | None, problems: int, run: Run | None) -> Connector:
    state = instance_state(live.state if live else InstanceState.NEW)
    return Connector(instance, state, problems, last_word(live) if live else None, run)
