"""The seed's pages in a browser: what changes by itself does, and the same works without script."""

from __future__ import annotations

import uuid

import pytest
from browser import Browser
from journey import API_KEY
from people_world import new_person
from pydantic import SecretStr

from salesbridge.engine import instances
from salesbridge.portal.models import Membership
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET
from salesbridge.store.door import Door


@pytest.fixture
def organisation(transactional_db):
    return Door.operator(reason="test").organisations.create(name=f"Kowhai {uuid.uuid4()}")


@pytest.fixture
def person(organisation):
    return new_person(organisation)


@pytest.fixture
def plain_window(request, live_server):
    """A browser without JavaScript."""
    with Browser.opened(request.getfixturevalue("_chromium"), live_server.url, java_script_enabled=False) as found:
        yield found


@pytest.fixture
def connected(organisation, running_org, running_billing):
    """Door and instance of simulated systems that nobody has prepared."""
    entered = instances.BillingSystem(
        "Kowhai Junifer", "junifer", running_billing.url, SecretStr(API_KEY), "salesbridge", organisation=organisation
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, CLIENT_ID, SecretStr(CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    return door, instance


def fill(page, fields):
    for name, value in fields.items():
        page.fill(f"dialog [name={name}]", value)


def test_from_the_store_to_a_prepared_org_and_its_checks(browser, person, organisation, running_org, running_billing):
    browser.sign_in(person)
    page = browser.page
    browser.go("/")
    page.click("text=Go to the Connector Store")
    page.click(".button:has-text('Setup new instance')")
    fill(page, {
        "tenant_name": "Kowhai Junifer", "base_url": running_billing.url, "api_user": "salesbridge",
        "api_key": API_KEY, "name": "Retail sales", "login_url": running_org.url, "consumer_key": CLIENT_ID,
        "consumer_secret": "wrong",
    })  # fmt: skip
    assert not page.is_visible("dialog [name=password]"), "the legacy fields are hidden"
    page.click("dialog >> button:has-text('Save')")
    page.wait_for_selector("text=Copy the Consumer Secret again")
    assert page.input_value("[name=name]") == "Retail sales"
    assert not page.input_value("[name=consumer_secret]")
    page.fill("[name=consumer_secret]", CLIENT_SECRET)
    page.click("button:has-text('Save')")
    page.wait_for_selector("text=Salesforce has accepted the credentials")
    page.wait_for_selector("text=integration@sandbox.example")

    page.click("button:has-text('Validate Data Model')")
    page.wait_for_selector(".badge:has-text('Not valid')", timeout=30_000)
    page.click("header >> text=Fix it (")
    page.click("form >> text=Fix it")
    page.wait_for_selector("text=Fixed", timeout=60_000)

    page.click("nav.tabs >> text=Initial Data Synchronisation")
    page.click("button:has-text('Check now')")
    page.wait_for_selector("text=What would be loaded", timeout=30_000)
    page.click(".button:has-text('Start Migration')")
    assert page.is_disabled("dialog >> button:has-text('Start Migration')")
    page.fill("#start-word", "MIGRATE")
    assert page.is_enabled("dialog >> button:has-text('Start Migration')")
    assert browser.errors == []
    assert Membership.objects.filter(user=person).count() == 1


def test_without_script_the_same_is_done_by_forms_and_reloading(plain_window, person, connected):
    door, instance = connected
    plain_window.sign_in(person)
    page = plain_window.page
    plain_window.go("/connectors/store/")
    page.click(".button:has-text('Setup new instance')")
    assert page.url.endswith("/connectors/store/setup/")
    plain_window.go(f"/tenants/{door.tenant_id}/instances/{instance.pk}/salesforce/")
    page.click("button:has-text('Validate Data Model')")
    for _ in range(60):
        if page.is_visible(".badge:has-text('Not valid')"):
            break
        page.wait_for_timeout(500)
        page.click("text=See how far it is")
    assert page.is_visible(".badge:has-text('Not valid')")
