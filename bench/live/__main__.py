"""``python -m bench.live``: how fast changes arrive on the other side, and what they cost.

The simulated systems, PostgreSQL, the edge, the worker and this program share the machine: figures of wall time are
bounded by all of them together, those of CPU time are each process's own.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.live import measures
from bench.live.world import live_world

_out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
_P50_S, _P99_S, _CALLS, _RATE = 1.0, 5.0, 10.0, 1000.0


def main() -> None:
    """Start everything, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    add = parser.add_argument
    add("--changes", type=int, default=5000, help="records edited at once, on each side")
    add("--edits", type=int, default=100, help="single edits on each side, for the latency")
    add("--outage", type=int, default=100_000, help="changes while the worker is away; 0 leaves this out")
    add("--webhooks", type=float, default=0.1, help="share of these that is billing's")
    add("--accounts", type=int, help="billing accounts; default enough for the changes")
    add("--json", type=Path, help="write every figure to this file too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no process of ours is left behind
    with tempfile.TemporaryDirectory(prefix="salesbridge-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # our own PostgreSQL runs as another account when we are root
        with live_world(folder, options.accounts or max(200, options.changes)) as world:
            figures = _measured(world, options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _measured(world: Any, options: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    measures.settle(world)
    if options.edits:
        figures["latency"] = measures.latency(world, options.edits)
        _print_latency(figures["latency"])
    if options.changes:
        figures["salesforce"] = measures.burst_in_salesforce(world, options.changes, "Burst")
        _print_burst("Salesforce to billing", figures["salesforce"], "salesforce")
        figures["billing"] = measures.burst_in_billing(world, options.changes, "De-energised")
        _print_burst("billing to Salesforce", figures["billing"], "billing")
    if options.outage:
        figures["outage"] = measures.outage(world, options.outage, options.webhooks)
        _print_outage(figures["outage"])
    return figures


def _print_latency(told: dict[str, Any]) -> None:
    table = Table(title="Latency, idle: seconds from the edit until the other side has it and it is written down")
    for heading in ("", "edits", "p50", f"bar {_P50_S:g}", "p99", f"bar {_P99_S:g}", "most"):
        table.add_column(heading, justify="right" if heading else "left")
    for way, x in told.items():
        row = (_s(x["p50"]), _met(x["p50"] < _P50_S), _s(x["p99"]), _met(x["p99"] < _P99_S), _s(x["most"]))
        table.add_row(way, str(x["edits"]), *row)
    _out.print(table)


def _print_burst(title: str, told: dict[str, Any], side: str) -> None:
    records = told["records"]
    thousands = records / 1000
    table = Table(title=f"{title}: {records:,} records edited at once")
    for heading in ("figure", "value", "bar"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    own, rate = measures.own_writes(told, side), told["changes_per_s"]
    calls = told["calls"] / thousands
    table.add_row("changes/s, first heard to last applied", f"{rate:,.0f}", f">= {_RATE:,.0f}: {_met(rate >= _RATE)}")
    table.add_row("s from the first heard to the last heard, to the last applied", _pair(told), "")
    table.add_row("Salesforce calls per 1,000 records", f"{calls:.1f}", f"<= {_CALLS:g}: {_met(calls <= _CALLS)}")
    table.add_row("  of these until the last was applied", f"{told['burst_calls'] / thousands:.1f}", "")
    table.add_row("writes beyond one a record, echoes and a poll heard", f"{own}", f"0: {_met(own == 0)}")
    table.add_row("changes in the journal, echoes and the poll among them", f"{told['changes']:,}", "")
    for name, seconds in told["cpu"].items():
        table.add_row(f"CPU s per 1,000 records: {name}", f"{seconds / thousands:.2f}", "")
    table.add_row(f"CPU s per 1,000 records: all, of {os.cpu_count()} cores", f"{_total(told) / thousands:.2f}", "")
    _out.print(table)


def _print_outage(told: dict[str, Any]) -> None:
    table = Table(title=f"Catching up with {told['changes']:,} changes of {told['records']:,} records after an outage")
    for heading in ("figure", "value"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    table.add_row("seconds", f"{told['wall_s']:.1f}")
    table.add_row("changes/s", f"{told['changes_per_s']:,.0f}")
    table.add_row("writes per changed record", f"{told['writes'] / told['records']:.2f}")
    table.add_row("Salesforce calls per 1,000 changed records", f"{told['calls'] / told['records'] * 1000:.1f}")
    table.add_row("peak memory of the worker, MB", f"{told['peak_mb']:.0f}")
    for name, seconds in told["cpu"].items():
        table.add_row(f"CPU s per 1,000 changes: {name}", f"{seconds / told['changes'] * 1000:.2f}")
    _out.print(table)


def _total(told: dict[str, Any]) -> float:
    return float(sum(told["cpu"].values()))


def _pair(told: dict[str, Any]) -> str:
    return f"{told['heard_s']:.1f}, {told['carried_s']:.1f}"


def _s(seconds: float) -> str:
    return f"{seconds:.3f}"


def _met(met: bool) -> str:  # noqa: FBT001 - a word for it
    return "met" if met else "missed"


if __name__ == "__main__":
    main()
