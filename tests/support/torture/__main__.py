"""``python -m torture --minutes 5``: prints what was done to the product and what did not hold; exit code 1 then."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import sys
from dataclasses import asdict
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=4.0, help="edits a second")
    parser.add_argument("--only", action="append", default=[], help="only troubles whose name begins like this")
    parser.add_argument("--json", type=Path, help="write the report to this file too")
    parser.add_argument("--keep", type=Path, help="copy logs and ledgers to this folder")
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesbridge.store.django_settings")
    from torture.run import torture  # noqa: PLC0415 - the product reads the environment when it is imported

    sys.stdout.write(f"seed {chosen.seed}, {chosen.minutes:g} minutes, {chosen.workers} workers\n")
    sys.stdout.flush()
    report = torture(
        minutes=chosen.minutes, seed=chosen.seed, workers=chosen.workers, rate=chosen.rate, kinds=tuple(chosen.only),
        keep=lambda scene: _keep(scene, chosen.keep),
    )  # fmt: skip
    tell(report)
    if chosen.json:
        chosen.json.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    return 1 if report.violations else 0


def _keep(scene, folder):
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (*scene.folder.glob("*.log"), *scene.folder.glob("*.ledger")):
            shutil.copy(path, folder)


def tell(report):
    """Print a report."""
    lines = [f"edits: {report.edits}"]
    lines += [
        f"fields changed by people {report.people_fields}, by us {report.our_fields}; idle saves {report.idle_saves}"
    ]
    lines += [f"journal: {report.changes}", f"quiet and compared twice after {report.quiet_after_s} s"]
    lines += [f"faults: {sum(report.faults.values())}, kills {report.kills}"]
    lines += [f"  {count:4} {name}" for name, count in report.faults.items()]
    if report.ended_themselves:
        lines += [f"ended by themselves and started again: {report.ended_themselves}"]
    lines += [f"connections broken by the network: {report.connections_broken}"]
    for what, took in (("takeovers", report.takeovers_s), ("amid other troubles", report.disturbed_takeovers_s)):
        if took:
            lines += [f"{what}: {len(took)}, median {statistics.median(took):.2f} s, longest {max(took):.2f} s"]
    lines += ["log:", *(f"  {count:5} {event}" for event, count in report.log.items())]
    lines += [
        f"violations: {len(report.violations)} (seed {report.seed})",
        *(f"  {each}" for each in report.violations[:60]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
