"""Life cycles: what may follow what, and nothing else."""

from itertools import pairwise
from pathlib import Path

import pytest

from salesbridge.sync.life import (
    ENDED,
    INSTANCE,
    RUN,
    STAGE,
    InstanceState,
    RunState,
    StageState,
    TransitionError,
    diagram,
    move_instance,
    move_run,
    move_stage,
)

CYCLES = [
    (RUN, RunState, move_run, RunState.QUEUED),
    (STAGE, StageState, move_stage, StageState.WAITING),
    (INSTANCE, InstanceState, move_instance, InstanceState.NEW),
]
EVERY_CYCLE = pytest.mark.parametrize(("table", "states", "move", "first"), CYCLES, ids=["run", "stage", "instance"])
PAGE = Path(__file__).parents[2] / "docs" / "live.md"


@EVERY_CYCLE
def test_a_state_moves_where_the_table_says_or_stays_and_nowhere_else(table, states, move, first):
    assert set(table) == set(states)
    for state in states:
        for to in states:
            if to in table[state] or to is state:
                assert move(str(state), to) is to
            else:
                with pytest.raises(TransitionError, match=f"^{state} cannot become {to}$"):
                    move(str(state), to)


@EVERY_CYCLE
def test_every_state_can_be_reached(table, states, move, first):
    reached, open_states = {first}, [first]
    while open_states:
        new = table[open_states.pop()] - reached
        reached |= new
        open_states += new
    assert reached == set(states)


def follow(table, path):
    return all(to in table[state] for state, to in pairwise(path))


R, S, N = RunState, StageState, InstanceState


@pytest.mark.parametrize("end", [R.COMPLETED, R.COMPLETED_WITH_ERRORS, R.FAILED, R.CANCELLED])
def test_a_run_goes_step_by_step_to_one_of_its_ends(end):
    assert follow(RUN, [R.QUEUED, R.PREFLIGHT, R.LOADING, R.REPORTING, end])
    assert set(RUN[R.REPORTING]) == {R.COMPLETED, R.COMPLETED_WITH_ERRORS, R.FAILED, R.CANCELLED} == ENDED


@pytest.mark.parametrize("state", [R.QUEUED, R.PREFLIGHT, R.LOADING])
def test_a_run_can_fail_or_be_cancelled_before_its_end_but_not_complete(state):
    assert RUN[state] & ENDED == {R.FAILED, R.CANCELLED}
    assert len(RUN[state]) == 3


def test_a_stage_goes_through_what_it_needs():
    for way in ([S.SENDING, S.RETRYING, S.ACTIVATING], [S.SENDING, S.ACTIVATING], [S.SENDING], [S.ACTIVATING], []):
        assert follow(STAGE, [S.WAITING, S.READING, S.READ, S.PREPARING, *way, S.DONE])
    assert follow(STAGE, [S.SENDING, S.RETRYING, S.DONE])
    ends = {S.DONE, S.FAILED, S.CANCELLED}
    assert {state for state in STAGE if not STAGE[state]} == ends
    assert all(STAGE[state] >= {S.FAILED, S.CANCELLED} for state in set(STAGE) - ends)
    steps = sum(len(following - {S.FAILED, S.CANCELLED}) for following in STAGE.values())
    assert steps == 3 + 3 + 3 + 2 + 1


def test_an_instance_is_kept_in_step_after_a_load_only_and_can_always_be_paused_then():
    assert follow(INSTANCE, [N.NEW, N.LOADING, N.LOADED, N.LIVE, N.RECOVERING, N.LIVE, N.PAUSED, N.LIVE])
    assert {state for state in INSTANCE if N.LOADED in INSTANCE[state]} == {N.LOADING}
    assert not INSTANCE[N.NEW] & {N.LIVE, N.RECOVERING, N.PAUSED}
    assert not INSTANCE[N.LOADING] & {N.LIVE, N.RECOVERING, N.PAUSED}
    assert N.PAUSED in INSTANCE[N.LIVE]
    assert N.PAUSED in INSTANCE[N.RECOVERING]


def test_an_instance_is_loaded_only_while_nothing_is_carried_over():
    assert {state for state in INSTANCE if N.LOADING in INSTANCE[state]} == {N.NEW, N.LOADED, N.PAUSED}


def test_a_state_that_is_none_is_refused():
    with pytest.raises(ValueError, match="asleep"):
        move_instance("asleep", N.LIVE)


def test_the_diagram_has_an_arrow_for_each_move_and_an_end_for_each_end():
    lines = diagram(RUN).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert lines[1:4] == ["    queued --> cancelled", "    queued --> failed", "    queued --> preflight"]
    assert "    completed_with_errors --> [*]" in lines
    assert len(lines) == 1 + sum(len(following) or 1 for following in RUN.values())


def test_the_life_cycle_of_an_instance_is_drawn_as_it_is():
    assert f"```mermaid\n{diagram(INSTANCE)}\n```" in PAGE.read_text(encoding="utf-8")
