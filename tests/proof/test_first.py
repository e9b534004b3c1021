import collections
import os
import time

import pytest
from simulation import simulate

pytestmark = pytest.mark.django_db


def test_many(stage):
    a, b = map(int, os.environ.get("SEEDS", "0:10").split(":"))
    bad = collections.Counter()
    for seed in range(a, b):
        t = time.time()
        r = simulate(stage, seed, steps=int(os.environ.get("STEPS", "40")))
        print(r, f"{time.time() - t:.1f}s")
        for v in r.violations:
            print("    ", v[:600])
        if r.violations and os.environ.get("TRACE"):
            print("\n".join(r.trace))
    assert os.environ.get("OK")
