import os, time, pytest, mutants
from simulation import simulate
from steps import CALM, STEPS
pytestmark = pytest.mark.django_db
def test_all(stage):
    for m in mutants.MUTANTS:
        for seed in range(16):
            t=time.process_time()
            with m(): r=simulate(stage, seed, steps=60, chosen=STEPS if seed%2 else CALM)
            if r.violations: print(m.__name__, "seed", seed, (seed+1)*60, f"{time.process_time()-t:.1f}", r.violations[0][:200], flush=True); break
        else: print(m.__name__, "SURVIVED", flush=True)
