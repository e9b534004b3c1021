"""Both dialects, spoken to directly and over real connections."""

import httpx2
import pytest

from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread

JUNIFER = {"X-Junifer-X-username": "sandbox", "X-Junifer-X-apikey": "sandbox-key"}
VELOCITY = {"Authorization": "Bearer sandbox-key"}


def served(seed, settings, path, headers):
    running = start_in_thread(Billing(seed), settings)
    with httpx2.Client(base_url=running.url + path, headers=headers, trust_env=False) as client:
        client.running = running
        client.billing = running.billing
        client.faults = running.service.faults
        yield client
    running.stop(wait=False)


@pytest.fixture
def junifer():
    """A client of a running Junifer with 40 accounts."""
    yield from served(Seed(40, awkward=0), Settings(), "/rest/v1", JUNIFER)


@pytest.fixture
def velocity():
    """A client of a running Velocity with 40 accounts."""
    settings = Settings(product="velocity", restricted={"poor-key": frozenset({"Accounts"})})
    yield from served(Seed(40, "NZ", awkward=0), settings, "/velocity/api/v1", VELOCITY)
