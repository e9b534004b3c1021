"""The whole way of a callout in this process: org, token endpoint, gateway, billing."""

from __future__ import annotations

import os
from contextlib import contextmanager

import httpx2
import pytest
from credential_world import KEY, CredentialWorld, connected
from edge_server import edge_server

from salesbridge.engine import durable
from salesbridge.engine.credentials import operations, push, workflow
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce


@pytest.fixture
def running_billing():
    with start_billing(Billing(Seed(accounts=6, awkward=0.0)), Settings(api_key=KEY)) as running:
        yield running


@pytest.fixture
def running_org():
    with start_salesforce(demo_org().org) as running:
        yield running


@pytest.fixture
def served(database_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SALESBRIDGE_DATABASE_POOL", "0")
    with edge_server(monkeypatch) as edge:
        yield edge


@pytest.fixture
def quick(monkeypatch):
    """Nothing is waited for."""
    monkeypatch.setattr(push, "PAUSE_S", 0.01)
    monkeypatch.setattr(workflow, "PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(workflow, "SETTLE_S", 0.0)


@pytest.fixture
def world(served, running_org, running_billing, quick, monkeypatch):
    """Set up and ready for a credential; operations are carried out by the test, not by a worker."""
    monkeypatch.setattr(operations, "_enqueue", lambda *_: None)
    door, instance = connected(running_org, running_billing)
    with httpx2.Client(base_url=running_org.url, timeout=30, trust_env=False) as control:
        yield CredentialWorld(door, instance, running_org, served, control)


@pytest.fixture
def working(world):
    """With a credential that works."""
    assert world.add().state == "done"
    assert world.calls_well()
    return world


@contextmanager
def durable_client_closed():
    """A test database is dropped only once nobody is connected to it."""
    yield
    durable._client(os.environ["DATABASE_URL"]).destroy()
    durable._client.cache_clear()


@pytest.fixture
def worker(served, running_org, running_billing, quick):
    """The same with a real worker of durable work in this process."""
    door, instance = connected(running_org, running_billing)
    with (
        durable_client_closed(),
        durable.worker(),
        httpx2.Client(base_url=running_org.url, timeout=30, trust_env=False) as control,
    ):
        yield CredentialWorld(door, instance, running_org, served, control)
