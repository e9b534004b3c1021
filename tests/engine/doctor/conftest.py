"""An empty simulated org and a small billing system, connected but not prepared, in this process."""

from __future__ import annotations

import uuid

import pytest
from journey import API_KEY
from pydantic import SecretStr

from salesbridge.engine import instances
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce import demo
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce
from salesbridge.settings import settings


@pytest.fixture
def sandbox_settings(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_SANDBOX", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def running_org():
    with start_salesforce(demo.demo_org().org, pubsub_port=0) as running:
        yield running


@pytest.fixture
def running_billing():
    with start_billing(Billing(Seed(accounts=6, awkward=0.0)), Settings(api_key=API_KEY, username="salesbridge")) as it:
        yield it


@pytest.fixture
def connected(db, sandbox_settings, running_org, running_billing):
    """Door and instance."""
    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", "junifer", running_billing.url, SecretStr(API_KEY), "salesbridge", "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    return door, instance
