"""``make bench``: the initial load beside a plain script on simple-salesforce, against the same simulated systems.

Each side runs in a process of its own, so that the simulators' cost is not counted; CPU time and peak memory are those
of that process alone. The simulators are processes of their own too, started afresh for each side and size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import arrived
from bench.sandboxes import Facts, running

SIZES = (10_000, 100_000, 1_000_000)
OURS, PEER = "salesbridge", "simple-salesforce"
#: Records of a billing account with its customers, relations, agreements and service points; and of all products.
_PER_ACCOUNT, _PRODUCTS = 6.5, 120
#: Seconds after which a side that says nothing is given up.
_PATIENCE_S = 3600.0
_out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def main() -> None:
    """Measure both sides at each size and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--records", type=int, nargs="*", default=SIZES, help="records of all objects together, about")
    parser.add_argument("--no-peer", action="store_true", help="leave the plain script out")
    parser.add_argument("--json", type=Path, help="write every figure to this file too")
    options = parser.parse_args()
    sides = (OURS,) if options.no_peer else (OURS, PEER)
    rows = []
    for records in options.records:
        for side in sides:
            rows.append(measure(side, records))
            _out.print(_line(rows[-1]), soft_wrap=True)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def measure(side: str, records: int) -> dict[str, Any]:
    """Load once with one side; returns its figures, the org's call count, and what stands in the org afterwards.

    Args:
        side: ``OURS`` or ``PEER``.
        records: Records of all objects together, about.
    """
    accounts = max(20, round((records - _PRODUCTS) / _PER_ACCOUNT))
    with tempfile.TemporaryDirectory(prefix="salesbridge-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # our own PostgreSQL runs as another account when we are root
        with running(accounts, folder) as facts:
            _run("bench.prepare_org", facts)
            before = arrived.calls(facts)
            told: dict[str, Any] = json.loads(_run(f"bench.{side.replace('-', '_')}_side", facts).splitlines()[-1])
            told["calls"] = arrived.calls(facts) - before
            told["arrived"] = arrived.arrived(facts)
    return {"side": side, **told}


def _run(module: str, facts: Facts) -> str:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module],
        input=facts.as_json(),
        capture_output=True,
        text=True,
        check=False,
        env=_environment(facts),
        timeout=_PATIENCE_S,
    )
    if done.returncode:
        raise SystemExit(f"{module} failed: {done.stderr[-4000:]}")
    return done.stdout


def _environment(facts: Facts) -> dict[str, str]:
    """The settings of a product of its own, whatever the caller's are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SALESBRIDGE_", "DATABASE_URL"))}
    return {**kept, "SALESBRIDGE_DATA_DIR": f"{facts.folder}/data", "SALESBRIDGE_SANDBOX": "true"}


def _line(row: dict[str, Any]) -> str:
    head = (
        f"{row['side']}: {row['records']:,} records in {row['wall_s']:.0f} s, "
        f"{row['cpu_s'] / row['records'] * 1e6:.1f} us CPU a record, peak {row['peak_mb']:.0f} MB"
    )
    refused = ", ".join(f"{count} {cause}" for cause, count in sorted(row["causes"].items()))
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in row.get("steps", {}).items() if seconds >= 0.1)  # noqa: PLR2004 - less says nothing
    return head + (f"\n  refused: {refused}" if refused else "") + (f"\n  seconds by step: {steps}" if steps else "")


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"Initial load: {os.cpu_count()} cores, {platform.machine()}, {_python()}")
    for heading in ("", "records", "in the org", "refused", "CPU us/record", "of it kernel", "PostgreSQL", "records/s",
                    "peak MB", "Salesforce calls", "wall s"):  # fmt: skip
        table.add_column(heading, justify="right" if heading else "left")
    for row in rows:
        table.add_row(*_cells(row))
    _out.print(table)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    count, postgres = row["records"], row.get("postgres_cpu_s")
    stand = sum(number for name, number in row["arrived"].items() if name != arrived.ACTIVATED)
    return (
        row["side"],
        f"{count:,}",
        f"{stand:,}",
        f"{row['refused']:,}",
        f"{row['cpu_s'] / count * 1e6:.1f}",
        f"{row['system_s'] / count * 1e6:.1f}",
        "" if postgres is None else f"{postgres / count * 1e6:.1f}",
        f"{count / row['wall_s']:,.0f}",
        f"{row['peak_mb']:.0f}",
        f"{row['calls']:,}",
        f"{row['wall_s']:.1f}",
    )


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


if __name__ == "__main__":
    main()
