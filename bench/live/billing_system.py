"""A simulated Junifer in a process of its own, in which people edit many records at once when they are told to.

Orders are lines of JSON on the standard input; each is answered by one line:
``{"webhook": URL}`` subscribes, ``{"kind", "keys", "values"}`` edits, ``{"writes_after": N}`` tells who wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import Any

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import RunningBilling, start_in_thread
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing

#: Events that are posted at once.
_CONCURRENCY = 32


def main() -> None:
    """Serve, and carry out orders until there are no more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--username", required=True)
    chosen = parser.parse_args()
    billing = Billing(Seed(chosen.accounts, awkward=0.0), kept_changes=None)
    with start_in_thread(billing, Settings(api_key=chosen.api_key, username=chosen.username)) as running:
        _say(f"ready at {running.url}")
        for line in sys.stdin:
            _say(json.dumps(_carried_out(running, json.loads(line))))


def _carried_out(running: RunningBilling, order: dict[str, Any]) -> dict[str, Any]:
    billing = running.billing
    if "webhook" in order:
        made = running.publisher.subscribe(order["webhook"], concurrency=_CONCURRENCY)
        return {"key": made.key.public_pem}
    if "writes_after" in order:
        changes = billing.changes(order["writes_after"])
        return {"writes": Counter(change.source for change in changes), "waiting": running.publisher.waiting}
    last = billing.last_change
    for key in order["keys"]:
        record = billing.find(order["kind"], key)
        if record is not None:
            billing.update(order["kind"], record["id"], order["values"], source="people")
    return {"after": last, "edited": billing.last_change - last}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
