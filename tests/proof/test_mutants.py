"""Do the tests bite? Each mutant of the engine has to be found by plays of fixed seeds."""

import mutants
import pytest
from simulation import simulate
from steps import CALM, STEPS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOST = 16


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_of_the_engine_is_found_by(stage, mutant):
    for seed in range(MOST):
        with mutant():
            played = simulate(stage, seed, steps=60, chosen=STEPS if seed % 2 else CALM)
        if played.violations:
            return
    pytest.fail(f"{mutant.__name__} survived {MOST} plays: {mutant.__doc__}")
