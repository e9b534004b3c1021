"""``make bench``: the initial load beside a plain script on simple-salesforce, against the same simulated systems.

Each side runs in a process of its own, so that the simulators' cost is not counted; CPU time and peak memory are those
of that process alone. The simulators are started afresh for each side and size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from salesbridge.cli.demo import _billing, _salesforce

_SIZES = (10_000, 100_000)
_LARGE = 1_000_000
_out = Console(highlight=False)


def main() -> None:
    """Measure both sides at each size and print one table."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--records", type=int, nargs="*", help="records to load in all, about (default: 10k, 100k, 1M)")
    parser.add_argument("--no-peer", action="store_true", help="leave the plain script out")
    options = parser.parse_args()
    rows = []
    for records in options.records or [*_SIZES, _LARGE]:
        for side in ("salesbridge",) if options.no_peer else ("salesbridge", "simple-salesforce"):
            rows.append(_measure(side, records))
            _out.print(_line(rows[-1]))
    _print(rows)


def _measure(side: str, records: int) -> dict[str, Any]:
    # An account comes with about 1.3 customers, 1.6 relations, an agreement and 1.5 service points.
    accounts = max(20, records * 10 // 62)
    key = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="salesbridge-bench-") as name:
        folder = Path(name)
        with _salesforce(folder) as org, _billing(folder, accounts, "GB", "junifer", key) as billing:
            facts = {"org": org.url, **org.said, "billing": billing.url, "api_key": key, "folder": name}
            script = f"bench.{side.replace('-', '_')}_side"
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", script],
                input=json.dumps(facts),
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "SALESBRIDGE_DATA_DIR": f"{name}/data", "SALESBRIDGE_SANDBOX": "true"},
            )
    if done.returncode:
        _out.print(done.stderr[-4000:])
        raise SystemExit(f"{side} failed at {records} records")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"side": side, **measured}


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['side']:<18} {row['records']:>9,} records  {row['cpu_s'] / row['records'] * 1e6:7.1f} us CPU/record  "
        f"{row['records'] / row['wall_s']:>8,.0f} records/s  peak {row['peak_mb']:.0f} MB  {row['calls']} calls"
    )


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(
        title=f"Initial load, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for heading in ("", "records", "CPU us/record", "records/s", "peak MB", "Salesforce calls", "refused", "wall s"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in rows:
        count = row["records"]
        table.add_row(
            row["side"],
            f"{count:,}",
            f"{row['cpu_s'] / count * 1e6:.1f}",
            f"{count / row['wall_s']:,.0f}",
            f"{row['peak_mb']:.0f}",
            f"{row['calls']}",
            f"{row['refused']:,}",
            f"{row['wall_s']:.1f}",
        )
    _out.print(table)


if __name__ == "__main__":
    main()
