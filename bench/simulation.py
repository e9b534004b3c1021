"""Plays from seeds, for as long as one likes: ``python -m bench.simulation --minutes 10``, or one again: ``--seed N``.

Prints one line a play: its seed, what was heard, edited, written, which misfortune there was, violations (0), and the
hash that the same seed gives again. A play with a violation is printed step by step.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUPPORT = Path(__file__).parent.parent / "tests" / "support"


def main() -> int:
    """Play; the number of plays that ended badly, at most 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="play this seed only")
    parser.add_argument("--first", type=int, default=0, help="first of several seeds")
    parser.add_argument("--plays", type=int, default=20, help="how many seeds")
    parser.add_argument("--minutes", type=float, default=None, help="how long, instead of how many")
    parser.add_argument("--steps", type=int, default=30, help="steps a play")
    parser.add_argument("--trace", action="store_true", help="print every step")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets are walked in the same order in every process
        again = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], again)  # noqa: S606 - ourselves, no shell
    sys.path.insert(0, str(_SUPPORT))
    with _database(), _stage() as stage:
        return _play(stage, asked)


def _play(stage: Any, asked: argparse.Namespace) -> int:
    from simulation import simulate  # noqa: PLC0415 - Django has to be set up

    began, bad, made, points = time.monotonic(), 0, 0, 0
    seed = asked.first if asked.seed is None else asked.seed
    while not _over(asked, made, time.monotonic() - began):
        played = simulate(stage, seed + made, steps=asked.steps)
        made, points = made + 1, points + played.faults
        _say(str(played))
        if played.violations or asked.trace:
            _say("\n".join([*played.violations, *played.trace]))
        bad += bool(played.violations)
    _say(f"{made} plays, {points} faults, {bad} with violations, {time.monotonic() - began:.0f} s")
    return min(bad, 1)


def _over(asked: argparse.Namespace, made: int, seconds: float) -> bool:
    if asked.seed is not None:
        return made == 1
    return seconds >= asked.minutes * 60 if asked.minutes is not None else bool(made >= asked.plays)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _database() -> Iterator[None]:
    """A database of its own for the time being, unless DATABASE_URL names one."""
    with tempfile.TemporaryDirectory(prefix="salesbridge-play-") as folder:
        Path(folder).chmod(0o711)
        os.environ |= {"SALESBRIDGE_DATA_DIR": folder, "SALESBRIDGE_SANDBOX": "true"}
        from salesbridge import store  # noqa: PLC0415 - reads the environment
        from salesbridge.store.embedded import Embedded  # noqa: PLC0415 - as above

        server = Embedded(Path(folder), {"fsync": "off", "synchronous_commit": "off"})
        store.setup(url=os.environ.get("DATABASE_URL") or server.acquire())
        try:
            yield
        finally:
            from django.db import connections  # noqa: PLC0415 - as above

            connections.close_all()
            server.release()


@contextmanager
def _stage() -> Iterator[Any]:
    from django.db import transaction  # noqa: PLC0415 - Django has to be set up
    from play import Play  # noqa: PLC0415 - as above
    from stage import set_stage  # noqa: PLC0415 - as above

    with transaction.atomic():
        with set_stage(Play) as stage:
            yield stage
        transaction.set_rollback(True)


if __name__ == "__main__":
    sys.exit(main())
