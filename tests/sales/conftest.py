"""Sales between two small simulated systems, in this process: nothing happens unless a test says so."""

from __future__ import annotations

import uuid

import pytest
from journey import API_KEY
from pydantic import SecretStr
from sales_world import SalesWorld

from salesbridge.engine import connections, instances, prepare
from salesbridge.salesforce import ClientCredentials, PasswordToken, Salesforce
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


@pytest.fixture(params=["junifer"])
def running_billing(request):
    system = Billing(Seed(accounts=6, awkward=0.0), kept_changes=None)
    chosen = Settings(api_key=API_KEY, username="salesbridge", product=request.param)
    with start_billing(system, chosen) as running:
        yield running


@pytest.fixture
def empty_world(db, sandbox_settings, running_org, running_billing):
    """An instance that was just set up; nothing is in Salesforce yet."""
    product = running_billing.service.settings.product
    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", product, running_billing.url, SecretStr(API_KEY), "salesbridge", "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    done = prepare.deploy_package(connections.salesforce(door, instance), door.tenant)
    assert done.success, done.findings
    org = connections.salesforce(door, instance)
    (granted,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Gentrack_Connector'")
    (ada,) = org.query("SELECT Id FROM User WHERE Username = 'admin@sandbox.example'")
    org.create("PermissionSetAssignment", {"AssigneeId": ada["Id"], "PermissionSetId": granted["Id"]})
    made = SalesWorld(door, instance, running_org, running_billing)
    person = PasswordToken(
        running_org.url, "admin@sandbox.example", SecretStr(demo.PASSWORD), SecretStr(demo.SECURITY_TOKEN),
        demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET),
    )  # fmt: skip
    with Salesforce(person, allow_loopback=True) as made.person:
        yield made


@pytest.fixture
def world(empty_world):
    """The same once the catalogue and everything else of billing has arrived in Salesforce."""
    empty_world.poll_everything()
    empty_world.settle()
    empty_world.bus_events()
    return empty_world
