"""Life cycles as transition tables. Whoever asks "may this happen now?" asks here; diagrams are drawn from here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class RunState(StrEnum):
    """States of an initial data synchronisation."""

    QUEUED = "queued"
    PREFLIGHT = "preflight"
    LOADING = "loading"
    REPORTING = "reporting"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed with errors"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageState(StrEnum):
    """States of one object's share of a run."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    PREPARING = "preparing"
    SENDING = "sending"
    RETRYING = "retrying"
    ACTIVATING = "activating"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class InstanceState(StrEnum):
    """States of a connector instance."""

    NEW = "new"
    LOADING = "loading"
    LOADED = "loaded"
    LIVE = "live"
    RECOVERING = "recovering"
    PAUSED = "paused"


#: State -> states that may follow.
RUN: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.PREFLIGHT, RunState.FAILED, RunState.CANCELLED}),
    RunState.PREFLIGHT: frozenset({RunState.LOADING, RunState.FAILED, RunState.CANCELLED}),
    RunState.LOADING: frozenset({RunState.REPORTING, RunState.FAILED, RunState.CANCELLED}),
    RunState.REPORTING: frozenset(
        {RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS, RunState.FAILED, RunState.CANCELLED}
    ),
    RunState.COMPLETED: frozenset(),
    RunState.COMPLETED_WITH_ERRORS: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}

_ENDS = frozenset({StageState.FAILED, StageState.CANCELLED})
STAGE: Mapping[StageState, frozenset[StageState]] = {
    StageState.WAITING: frozenset({StageState.READING}) | _ENDS,
    StageState.READING: frozenset({StageState.READ}) | _ENDS,
    StageState.READ: frozenset({StageState.PREPARING}) | _ENDS,
    StageState.PREPARING: frozenset({StageState.SENDING, StageState.ACTIVATING, StageState.DONE}) | _ENDS,
    StageState.SENDING: frozenset({StageState.RETRYING, StageState.ACTIVATING, StageState.DONE}) | _ENDS,
    StageState.RETRYING: frozenset({StageState.ACTIVATING, StageState.DONE}) | _ENDS,
    StageState.ACTIVATING: frozenset({StageState.DONE}) | _ENDS,
    StageState.DONE: frozenset(),
    StageState.FAILED: frozenset(),
    StageState.CANCELLED: frozenset(),
}

#: Live and recovering instances are kept in step; recovering ones may have missed changes and are being compared.
INSTANCE: Mapping[InstanceState, frozenset[InstanceState]] = {
    InstanceState.NEW: frozenset({InstanceState.LOADING}),
    InstanceState.LOADING: frozenset({InstanceState.LOADED, InstanceState.NEW}),
    InstanceState.LOADED: frozenset({InstanceState.LIVE, InstanceState.RECOVERING, InstanceState.LOADING}),
    InstanceState.LIVE: frozenset({InstanceState.RECOVERING, InstanceState.PAUSED}),
    InstanceState.RECOVERING: frozenset({InstanceState.LIVE, InstanceState.PAUSED}),
    InstanceState.PAUSED: frozenset({InstanceState.LIVE, InstanceState.RECOVERING, InstanceState.LOADING}),
}

#: Run states after which nothing happens any more.
ENDED = frozenset(state for state, following in RUN.items() if not following)


class TransitionError(ValueError):
    """A change of state that the life cycle does not know."""


def move_run(state: str, to: RunState) -> RunState:
    """The new state of a run; moving to where it already is changes nothing.

    Raises:
        TransitionError: The life cycle does not know the change.
    """
    return _move(RUN, RunState(state), to)


def move_stage(state: str, to: StageState) -> StageState:
    """The new state of a stage; moving to where it already is changes nothing.

    Raises:
        TransitionError: The life cycle does not know the change.
    """
    return _move(STAGE, StageState(state), to)


def move_instance(state: str, to: InstanceState) -> InstanceState:
    """The new state of an instance; moving to where it already is changes nothing.

    Raises:
        TransitionError: The life cycle does not know the change.
    """
    return _move(INSTANCE, InstanceState(state), to)


S = TypeVar("S", bound=StrEnum)


def _move(table: Mapping[S, frozenset[S]], state: S, to: S) -> S:
    if to is not state and to not in table[state]:
        raise TransitionError(f"{state} cannot become {to}")
    return to


def diagram(table: Mapping[S, frozenset[S]]) -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2"]
    for state, following in table.items():
        lines += [f"    {_id(state)} --> {_id(to)}" for to in sorted(following)] or [f"    {_id(state)} --> [*]"]
    return "\n".join(lines)


def _id(state: str) -> str:
    return state.replace(" ", "_")
