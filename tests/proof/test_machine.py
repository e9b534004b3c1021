"""hypothesis plays: it chooses the steps, and makes a play that ends badly as short as it can (L1)."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from judge import i2_no_update_is_lost, judge
from steps import STEPS, Drawn

pytestmark = pytest.mark.django_db
#: The suite looks for a while; PROOF_EXAMPLES=500 looks long, and makes what it finds small.
EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "6"))
LONG = EXAMPLES > 6


class Machine(RuleBasedStateMachine):
    """One play; the rules are the steps."""

    stage = None

    def __init__(self):
        super().__init__()
        self.playing = self.stage.play(seed=0)
        self.play = self.playing.__enter__()

    @invariant()
    def no_record_is_there_twice(self):
        assert self.play.history.twins == []

    @invariant()
    def nobody_goes_on_without_a_lease(self):
        assert self.play.violations == []

    @invariant()
    def the_connector_never_replaces_what_the_master_entered(self):
        assert [told for told in i2_no_update_is_lost(self.play) if "master" in told] == []

    def teardown(self):
        try:
            self.play.drain()
            wrong = judge(self.play)
            assert wrong == [], "\n".join([*wrong, *self.play.trace])
        finally:
            self.playing.__exit__(None, None, None)


def _rule(step):
    def take(self, data):
        step(self.play, Drawn(data.draw, st))
        self.play.later(seconds=1)

    take.__name__ = step.__name__
    return rule(data=st.data())(take)


for _weight, _step in STEPS:
    for _copy in range(min(_weight, 3)):
        setattr(Machine, f"{_step.__name__}_{_copy}", _rule(_step))


def test_no_play_ends_badly(stage):
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.target, Phase.shrink] if LONG else [])]
    Machine.stage = stage
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=25, deadline=None, phases=phases,
            suppress_health_check=list(HealthCheck), print_blob=True, derandomize=not LONG,
        ),
    )  # fmt: skip
