"""The life cycle of an instance: each change of state is looked up in the table of ``salesbridge.sync.life``."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from salesbridge.store.door import Door
from salesbridge.store.models import Live
from salesbridge.sync.life import InstanceState, RunState, move_instance

#: Kinds of the problems that a stream is silent, and that events of it were lost.
DEAF, LOST = "Salesforce is not heard", "events lost"
#: States in which an instance is kept in step.
RUNNING = (InstanceState.LIVE, InstanceState.RECOVERING)
#: Results of a run after which there is something to keep in step.
LOADED = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


def live_of(door: Door, instance_id: uuid.UUID) -> Live:
    """How an instance's ongoing synchronisation stands; made when it is asked for the first time."""
    found, _ = door.rows(Live).get_or_create(instance_id=instance_id)
    return found


def move(door: Door, instance_id: uuid.UUID, to: InstanceState) -> Live:
    """Change an instance's state, or leave it where it is already.

    Raises:
        TransitionError: The life cycle does not know the change.
    """
    with transaction.atomic():
        live = door.rows(Live).select_for_update().get(pk=live_of(door, instance_id).pk)
        if live.state != to:
            live.state, live.since = move_instance(live.state, to), datetime.now(UTC)
            live.save(update_fields=["state", "since"])
        return live


def load_begins(door: Door, instance_id: uuid.UUID) -> None:
    """An initial data synchronisation begins.

    Raises:
        TransitionError: The instance is being kept in step: pause it first.
    """
    move(door, instance_id, InstanceState.LOADING)


def load_ended(door: Door, instance_id: uuid.UUID) -> None:
    """An initial data synchronisation has ended, well or not; what counts is whether any ever ended well."""
    loaded = door.runs.filter(instance_id=instance_id, state__in=LOADED).exists()
    if live_of(door, instance_id).state == InstanceState.LOADING:
        move(door, instance_id, InstanceState.LOADED if loaded else InstanceState.NEW)


def mark_gap(door: Door, instance_id: uuid.UUID, since: datetime | None, reason: str) -> None:
    """Remember that changes may have been missed; the earliest moment counts until a reconciliation clears it."""
    with transaction.atomic():
        rows = door.rows(Live).filter(instance_id=instance_id)
        rows.update(gap_since=Coalesce("gap_since", since or Now()), gap_reason=reason[:300])
        if live_of(door, instance_id).state in {*RUNNING, InstanceState.LOADED}:
            move(door, instance_id, InstanceState.RECOVERING)


def clear_gap(door: Door, instance_id: uuid.UUID, compared_from: datetime) -> None:
    """A reconciliation that began at some moment is complete: gaps from before it are closed."""
    with transaction.atomic():
        rows = door.rows(Live).filter(instance_id=instance_id)
        rows.update(reconciled_at=compared_from)
        closed = rows.filter(gap_since__lte=compared_from).update(gap_since=None, gap_reason="")
        if closed and live_of(door, instance_id).state == InstanceState.RECOVERING:
            move(door, instance_id, InstanceState.LIVE)
