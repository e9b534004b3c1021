"""``python -m bench.credentials``: callouts at a steady rate while their credential is rotated, and what they notice.

Org, edge, billing and the command that rotates share the machine. After the rotation every token is refused
(``cut-off``), so that the org has to fetch one with the secret that it holds by then. Measured for each way in which an
org may treat the token it holds: dropped or kept when the secret is replaced; fetched once, or by every callout that
was refused.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.credentials.scene import CALLER, Scene, scene

RATE = 200
#: Seconds of callouts before a rotation begins, and after the old secret is gone.
_AROUND_S = 3.0
_GRACE_S = 1.0
#: Seconds that a rotation takes at most on a busy machine; callouts go on for as long.
_LONGEST_S = 60.0
_out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def main() -> None:
    """Measure every way and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.credentials", description=__doc__)
    parser.add_argument("--rate", type=int, default=RATE, help="callouts a second")
    parser.add_argument("--json", type=Path, help="write every figure to this file too")
    options = parser.parse_args()
    rows = measure(options.rate)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def measure(rate: int = RATE, ways: int = 4) -> list[dict[str, Any]]:
    """Rotate under load once for each of the first ways.

    Args:
        rate: Callouts a second.
        ways: How many of the four ways to treat tokens.
    """
    with tempfile.TemporaryDirectory(prefix="salesbridge-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # our own PostgreSQL runs as another account when we are root
        with scene(folder) as made:
            made.credential("add", "--user", CALLER)
            chosen = list(product((False, True), (True, False)))[:ways]
            return [rotated(made, rate, keep=keep, single=single) for keep, single in chosen]


def rotated(made: Scene, rate: int, *, keep: bool, single: bool) -> dict[str, Any]:
    """Rotate once while callouts go on; gives their report.

    Args:
        made: Everything.
        rate: Callouts a second.
        keep: The org keeps its token when the secret is replaced.
        single: Callouts that are refused together fetch one token.
    """
    made.settings(keep_token_on_replace=keep, single_refresh=single)
    tokens, load = made.tokens(), made.callouts(rate, _LONGEST_S)
    time.sleep(_AROUND_S)
    began = time.monotonic()
    done = made.credential("rotate", "--grace", str(_GRACE_S))
    took = time.monotonic() - began
    made.credential("cut-off", "--yes")
    time.sleep(_AROUND_S)
    made.control.delete(load, params={"wait": 30}).raise_for_status()
    told = made.report(load, 30.0)
    return {
        "keep": keep, "single": single, "state": done["state"], "rotation_s": took,
        "tokens": made.tokens() - tokens, **told,
    }  # fmt: skip


def _print(rows: list[dict[str, Any]]) -> None:
    title = f"Rotation under load: {os.cpu_count()} cores for org, edge, billing and command together"
    table = Table("Token on replacement", "refresh", "rotation", title=title)
    for heading in ("s", "callouts", "failed", "tokens", "p50 ms", "p99 ms", "max ms"):
        table.add_column(heading, justify="right")
    for row in rows:
        latency = row["latency"]
        table.add_row(
            "kept" if row["keep"] else "dropped", "once" if row["single"] else "each", row["state"],
            f"{row['rotation_s']:.1f}", f"{row['answered']:,}", str(row["failed"]), str(row["tokens"]),
            *(f"{latency[name]:.1f}" for name in ("p50", "p99", "max")),
        )  # fmt: skip
    _out.print(table)


if __name__ == "__main__":
    main()
