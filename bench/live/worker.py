"""``salesbridge worker``, and with ``BENCH_PROFILE=FILE`` where its threads spend their CPU time.

The profiler slows the worker down by about half: figures of a profiled run are not to be compared with others.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import threading
import time

from salesbridge.cli import main as salesbridge

_FILE = os.environ.get("BENCH_PROFILE", "")
_profiles: list[cProfile.Profile] = []


def main() -> None:
    """Work until told to stop."""
    sys.argv = ["salesbridge", "worker"]
    if _FILE:
        _profile_threads()
    try:
        salesbridge()
    finally:
        if _FILE:
            _write_down()


def _profile_threads() -> None:
    run = threading.Thread.run

    def profiled(thread: threading.Thread) -> None:
        profile = cProfile.Profile(time.thread_time)
        _profiles.append(profile)
        profile.enable()
        try:
            run(thread)
        finally:
            profile.disable()

    threading.Thread.run = profiled  # type: ignore[method-assign]


def _write_down() -> None:
    stats: pstats.Stats | None = None
    for profile in _profiles:
        profile.create_stats()
        if stats is None:
            stats = pstats.Stats(profile)
        else:
            stats.add(profile)
    if stats is not None:
        stats.dump_stats(_FILE)


if __name__ == "__main__":
    main()
