"""Do the tests bite? Each mutant of the engine has to be found by plays of fixed seeds."""

import mutants
import pytest
from scenario import difference, dying_at, told
from simulation import simulate
from steps import CALM, STEPS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOST = 16
DEATHS = ("after writing billing", "before writing billing")


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_of_the_engine_is_found_by(stage, mutant):
    for seed in range(MOST):
        with mutant():
            played = simulate(stage, seed, steps=60, chosen=STEPS if seed % 2 else CALM)
        if played.violations:
            return
    pytest.fail(f"{mutant.__name__} survived {MOST} plays: {mutant.__doc__}")


@pytest.mark.parametrize("mutant", mutants.DEADLY, ids=lambda mutant: mutant.__name__)
def test_a_mutant_that_is_wrong_only_in_death_is_found_by(stage, mutant):
    with mutant():
        end, passed, _, _ = told(stage)
        for place in (at for at, name in enumerate(passed) if name in DEATHS):
            found, _, wrong, _ = told(stage, dying_at(place))
            if wrong or difference(end, found):
                return
    pytest.fail(f"{mutant.__name__} survived every death: {mutant.__doc__}")
