"""Do the tests bite? Breaks the pure rooms in one place after the other and looks whether a test notices.

Run from the project's folder: ``python tests/mutation [room or file ...] [--jobs N] [--every N]``.
"""
# ruff: noqa: T201 - it tells people

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter

from judge import PROJECT, collect, outcome, start, start_unchanged
from mutate import Mutant, mutants

SOURCE = PROJECT / "src"
DECISION = ("sync/test_decide.py", "sync/test_change.py", "sync/test_deliveries.py", "sync/test_laws.py")
RECORDS = ("model/test_transform.py", "model/test_kinds.py", "model/test_numbers.py", "model/test_text.py")
#: Module -> the test files that are to notice, the swift ones first.
TESTS = {
    "sync/change.py": DECISION,
    "sync/merge.py": DECISION,
    "sync/decision.py": DECISION,
    "sync/decide.py": DECISION,
    "sync/siblings.py": ("sync/test_siblings.py",),
    "sync/fold.py": ("sync/test_fold.py",),
    "sync/parking.py": ("sync/test_parking.py",),
    "sync/life.py": ("sync/test_life.py",),
    "sync/load.py": ("sync/test_load.py",),
    "model/columns.py": ("model/test_columns.py", *RECORDS),
    "model/order.py": ("model/test_order.py",),
    "model/overrides.py": ("model/test_overrides.py",),
    "model/wire.py": RECORDS,
    "model/derive.py": RECORDS,
    "model/kinds/core.py": ("model/test_kinds.py", *RECORDS),
    "model/kinds/text.py": ("model/test_text.py", "model/test_kinds.py", *RECORDS),
}


def main() -> int:
    """Judge the mutants and print the score; 0 whatever it is, since survivors are for people to read."""
    arguments = _arguments()
    os.chdir(PROJECT)
    sys.path.insert(0, str(SOURCE))  # also where another copy is installed
    chosen = [name for name in TESTS if any(name.startswith(room.rstrip("/")) for room in arguments.rooms)]
    for name in ("pytest", "_pytest.main", "hypothesis", "hypothesis.strategies"):
        __import__(name)
    total: Counter[str] = Counter()
    for name in chosen:
        total += _judge(name, arguments.jobs, arguments.every)
    print(f"{'all':24} {_score(total)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python tests/mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=["sync", "model"], help="rooms or files, for example sync/merge.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument("--every", type=int, default=1, help="judge a sample only: every n-th mutant")
    return parser.parse_args()


def _judge(name: str, jobs: int, every: int) -> Counter[str]:
    path = SOURCE / "salesbridge" / name
    module = "salesbridge." + name.removesuffix(".py").replace("/", ".")
    if name.startswith("sync"):
        __import__("salesbridge.model")  # it stays as it is, so that every mutant need not read it anew
    tests = [str(PROJECT / "tests" / file) for file in dict.fromkeys(TESTS[name])]
    if os.waitstatus_to_exitcode(os.waitpid(start_unchanged(tests), 0)[1]):
        sys.exit(f"{name}: its tests fail as it is; mend them first")
    waiting = list(mutants(path.read_text(encoding="utf-8")))[::every]
    running: dict[int, tuple[Mutant, float]] = {}
    count: Counter[str] = Counter()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop(0)
            running[start(module, path, mutant, tests)] = mutant, time.monotonic()
        codes = collect(tuple(running))
        for child, (mutant, started) in list(running.items()):
            ended = outcome(child, started, codes)
            if ended is not None:
                del running[child]
                count[ended] += 1
                count["plain" if mutant.plain else "elsewhere"] += 1
                if ended == "survived":
                    print(f"  {name}:{mutant.line}: {mutant.what}", flush=True)
        time.sleep(0.01)
    print(f"{name:24} {_score(count)}", flush=True)
    return count


def _score(count: Counter[str]) -> str:
    noticed = count["killed"] + count["hangs"]
    total = noticed + count["survived"]
    share = 100 * noticed / total if total else 100
    return f"{noticed:4} of {total:4} noticed ({share:.1f} %), {count['elsewhere']} outside of plain functions"


if __name__ == "__main__":
    raise SystemExit(main())
