import os
import time

import mutants
import pytest
from simulation import simulate
from steps import CALM, STEPS

pytestmark = pytest.mark.django_db


def test_all(stage):
    until = time.time() + float(os.environ.get("FOR", "400"))
    t = time.process_time()
    for seed in range(20, 24):
        r = simulate(stage, seed, chosen=STEPS if seed % 2 else CALM)
        print(r, f"{time.process_time() - t:.1f}", *[v[:400] for v in r.violations], sep="\n   ", flush=True)
        t = time.process_time()
    r2 = simulate(stage, 3)
    r1 = simulate(stage, 3)
    print("same", r1.hash == r2.hash, flush=True)
    if r1.hash != r2.hash:
        for a, b in zip(r1.trace, r2.trace):
            if a != b:
                print(a, "|", b)
                break
    names = os.environ.get("MUT", "").split()
    for m in mutants.MUTANTS:
        if names and m.__name__ not in names:
            continue
        for seed in range(16):
            if time.time() > until:
                print("time")
                assert 0
            with m():
                r = simulate(stage, seed, chosen=STEPS if seed % 2 else CALM)
            if r.violations:
                print(m.__name__, "seed", seed, r.violations[0][:200], flush=True)
                break
        else:
            print(m.__name__, "SURVIVED", flush=True)
    assert 0
