"""``python -m torture.billing_process``: the simulated billing system in a process, with a ledger."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.billing.subscriptions import Retries
from torture.ledger import Ledger, held_by_billing, of_billing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--user", nargs=2, action="append", required=True, help="name and key, the connector first")
    parser.add_argument("--retry-scale", type=float, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    chosen = parser.parse_args()
    (ours, key), *others = chosen.user
    billing = Billing(Seed(accounts=chosen.accounts, awkward=0.0), kept_changes=None)
    retries = Retries(scale=chosen.retry_scale)
    settings = Settings(api_key=key, username=ours, users=dict(others), retries=retries)
    billing.on_change(of_billing(Ledger(chosen.ledger), ours))
    with start_in_thread(billing, settings) as running:
        _say({"url": running.url})
        # without standard input the process has nobody who would need it any more
        worker = threading.Thread(target=_answer, args=(billing,))
        worker.start()
        worker.join()


def _answer(billing):
    for line in sys.stdin:
        asked = json.loads(line)
        with billing.lock:
            _say(held_by_billing(billing) if asked["do"] == "held" else _updated(billing, asked))


def _updated(billing, asked):
    try:
        billing.update(asked["kind"], asked["id"], asked["values"], source="staff")
    except ValueError as refused:
        return {"refused": str(refused)}
    return {}


def _say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
