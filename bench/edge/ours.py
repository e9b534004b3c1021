"""``python -m bench.edge.ours URL``: our edge with one tenant whose billing system is at an address.

The first line of standard output holds a credential and what was measured of tokens in this process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from salesbridge import store, telemetry
from salesbridge.settings import settings


def main(upstream: str) -> None:
    """Set everything up, tell, and serve."""
    telemetry.configure(level="WARNING")
    store.setup()
    from salesbridge.edge.app import serve  # noqa: PLC0415 - models need the store

    serve("127.0.0.1", 0, ready=lambda url: _tell({"url": url, **_credential(upstream)}))


def _credential(upstream: str) -> dict[str, object]:
    from salesbridge.engine import credentials  # noqa: PLC0415 - as above
    from salesbridge.store.door import Door  # noqa: PLC0415 - as above
    from salesbridge.store.secrets import put_secret  # noqa: PLC0415 - as above

    tenants = Door.operator(reason="bench").tenants
    tenant = tenants.create(name="Bench", product="junifer", base_url=f"{upstream}/rest/v1", username="bench")
    door = Door(tenant.pk)
    put_secret(door, None, "api_key", "bench-key")
    instance = door.instances.create(name="Org", login_url="http://127.0.0.1:9")
    issued = credentials.add(door, instance, "Bench", by="bench")
    secret = issued.secret.get_secret_value()
    return {"client_id": issued.client.client_id, "secret": secret, **_rates(issued)}


def _rates(issued: object) -> dict[str, float]:
    """Tokens minted and verified in a second by one thread, without a database."""
    from salesbridge.engine.credentials import Issued, authenticate, signing, tokens  # noqa: PLC0415 - as above

    assert isinstance(issued, Issued)  # noqa: S101 - ours
    now = datetime.now(UTC)
    signing.tend(now)
    signer, grant = signing.signer(now), authenticate(issued.client.client_id, issued.secret)
    assert signer  # noqa: S101 - the keys were tended
    assert grant  # noqa: S101 - the secret is right
    keys, place = {each.kid: each.key for each in signing.published()}, tokens.Place("https://e", "https://e/api")
    text, _ = tokens.mint(signer, place, grant, grant.scopes, 900)
    return {
        "minted": _per_second(lambda: tokens.mint(signer, place, grant, grant.scopes, 900)),
        "verified": _per_second(lambda: tokens.read(text, keys, place, now.timestamp())),
    }


def _per_second(work: Callable[[], object], seconds: float = 1.0) -> float:
    began, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        work()
        done += 1
    return done / passed


def _tell(facts: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    settings()
    main(sys.argv[1])
