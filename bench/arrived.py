"""What stands in the org after a load, asked by neither side."""

from __future__ import annotations

from typing import Any

import httpx2
from pydantic import SecretStr

from bench.peer_rows import EXT, PLAN
from bench.sandboxes import Facts
from salesbridge.salesforce import ClientCredentials, Salesforce

ACTIVATED = "Contract activated"


def calls(facts: Facts) -> int:
    """API calls that the org has counted so far."""
    with httpx2.Client(trust_env=False, timeout=120) as http:
        state: dict[str, Any] = http.get(f"{facts.org}/sandbox/state").json()
    return int(state["api_requests"])


def arrived(facts: Facts) -> dict[str, int]:
    """Records with an external id by object, and activated contracts."""
    app = ClientCredentials(facts.org, facts.consumer_key, SecretStr(facts.consumer_secret))
    with Salesforce(app, allow_loopback=True) as salesforce:
        counts = {
            name: salesforce.count(f"SELECT COUNT() FROM {name} WHERE {EXT} != null")
            for name in (s for s, _, _ in PLAN)
        }
        counts[ACTIVATED] = salesforce.count("SELECT COUNT() FROM Contract WHERE Status = 'Activated'")
    return counts
