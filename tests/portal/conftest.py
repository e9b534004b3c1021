"""People, organisations and signed-in browsers of the tests."""

from __future__ import annotations

import uuid

import pytest
from browser import Browser, chromium
from django.test import Client
from journey import API_KEY
from people_world import new_person

from salesbridge.portal import inspections
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings as BillingSettings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce
from salesbridge.settings import settings
from salesbridge.store.door import Door


@pytest.fixture
def operator_door():
    """The door across tenants."""
    return Door.operator(reason="test data")


@pytest.fixture
def new_organisation(db, operator_door):
    """Make an organisation."""

    def make(name=None):
        return operator_door.organisations.create(name=name or f"Organisation {uuid.uuid4()}")

    return make


@pytest.fixture
def organisation(door):
    """The organisation of the tenant of ``door``."""
    return door.tenant.organisation


@pytest.fixture
def sign_in(db):
    """A client signed in as a person; as a new one of some role when given an organisation and a role."""

    def signed_in(person=None, *, organisation=None, role="administrator", tenant=None):
        client = Client(headers={"host": "127.0.0.1"})
        client.person = person or new_person(organisation, role, tenant)
        client.force_login(client.person)
        return client

    return signed_in


@pytest.fixture
def administrator(sign_in, organisation):
    """A client signed in as an administrator of the organisation of ``door``."""
    return sign_in(organisation=organisation)


@pytest.fixture
def operator(sign_in, organisation):
    """A client signed in as an operator of the organisation of ``door``."""
    return sign_in(organisation=organisation, role="operator")


@pytest.fixture
def viewer(sign_in, organisation):
    """A client signed in as a viewer of the organisation of ``door``."""
    return sign_in(organisation=organisation, role="viewer")


@pytest.fixture
def stranger(sign_in, new_organisation):
    """A client signed in as an administrator of another organisation, with a tenant of its own."""
    return sign_in(organisation=new_organisation("Strangers"))


@pytest.fixture
def anonymous(db):
    """A client that is not signed in."""
    return Client(headers={"host": "127.0.0.1"})


@pytest.fixture(scope="module")
def _chromium():
    with chromium() as found:
        yield found


@pytest.fixture
def browser(_chromium, live_server):
    """Headless Chromium before the portal; ``browser.sign_in(person)`` skips the sign-in page."""
    with Browser.opened(_chromium, live_server.url) as found:
        yield found


@pytest.fixture
def sandbox_settings(monkeypatch):
    """Systems on this machine may be connected."""
    monkeypatch.setenv("SALESBRIDGE_SANDBOX", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def running_org(sandbox_settings):
    """A simulated Salesforce org that nobody has prepared."""
    with start_salesforce(demo_org().org, pubsub_port=0) as running:
        yield running


@pytest.fixture
def running_billing(sandbox_settings):
    """A small simulated Junifer."""
    chosen = BillingSettings(api_key=API_KEY, username="salesbridge")
    with start_billing(Billing(Seed(accounts=6, awkward=0.0)), chosen) as running:
        yield running


@pytest.fixture
def inspect_at_once(monkeypatch):
    """Inspections are carried out by the request that begins them."""
    monkeypatch.setattr(inspections, "beside", lambda work: work())
    monkeypatch.setattr(inspections.transaction, "on_commit", lambda work: work())


@pytest.fixture
def enqueued(monkeypatch):
    """Durable work that was begun, as the arguments it was begun with; no worker is needed."""
    found = []
    monkeypatch.setattr("salesbridge.engine.durable.enqueue", lambda *told, **_lane: found.append(told))
    return found
