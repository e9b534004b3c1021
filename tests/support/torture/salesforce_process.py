"""``python -m torture.salesforce_process``: the simulated org in a process of its own, with a ledger."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import serve
from torture.ledger import Ledger, held_by_org, of_org

TOPIC = "/event/Gentrack_Object_Event__e"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-url", required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    chosen = parser.parse_args()
    demo = demo_org()
    demo.org.on_commit.append(of_org(Ledger(chosen.ledger), demo.org, demo.integration.id))
    org = demo.org
    serve(org, "127.0.0.1", chosen.port, public_url=chosen.public_url, pubsub_port=0, ready=lambda _: _ready(org))


def _ready(org):
    _say({"pubsub": int(org.pubsub_address.rpartition(":")[2])})
    threading.Thread(target=_answer, args=(org,), daemon=True).start()


def _answer(org):
    for line in sys.stdin:
        asked = json.loads(line)
        with org.lock:
            if asked["do"] == "held":
                _say(held_by_org(org))
            elif asked["do"] == "place":
                with org.bus.changed:
                    retained = org.bus.retained(TOPIC)
                    _say({"replay": retained[-1].replay_id.hex() if retained else "", "events": len(retained)})


def _say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
