"""Validation, another org and link templates at the command line."""

import uuid

import pytest
from journey import API_KEY
from pydantic import SecretStr

from salesbridge.engine import connections, instances
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce import demo
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce
from salesbridge.sandbox.salesforce.settings import OrgSettings
from salesbridge.settings import settings


@pytest.fixture
def org():
    with start_salesforce(demo.demo_org().org, pubsub_port=0) as running:
        yield running


@pytest.fixture
def named(environment, monkeypatch, org):
    """An instance that is connected to an empty org; its tenant's name."""
    monkeypatch.setenv("SALESBRIDGE_SANDBOX", "true")
    settings.cache_clear()
    with start_billing(Billing(Seed(accounts=3, awkward=0.0)), Settings(api_key=API_KEY, username="salesbridge")) as it:
        tenant = f"Retailer {uuid.uuid4()}"
        entered = instances.BillingSystem(tenant, "junifer", it.url, SecretStr(API_KEY), "salesbridge", "Europe/London")
        door, _ = instances.add_tenant(entered, by="test")
        app = ClientCredentials(org.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
        instance, _ = instances.add_instance(door, "sales", app, by="test")
        yield tenant, door, instance
        connections.salesforce(door, instance).close()


def test_an_empty_org_is_fixed_after_the_plan_was_shown(run, run_json, named):
    told = run("salesforce", "validate", "sales", code=1)
    assert "Not valid." in told
    assert "Trading_Name__c: the field is missing" in told
    assert "Setup > Object Manager > Account > Fields & Relationships" in told
    assert told.count("Deploy the package, which brings the field") <= 12  # once for each object
    assert "salesbridge salesforce validate sales --fix" in told
    before = run_json("salesforce", "validate", "sales", code=1)
    assert (before["passed"], before["checked"]["objects"]) == (False, 12)
    assert before["errors"] > 40
    unasked = run_json("salesforce", "validate", "sales", "--fix", code=1)
    assert "CustomField:Account.Trading_Name__c" in unasked["planned"]
    assert unasked["deployed"] == []
    fixed = run("salesforce", "validate", "sales", "--fix", "--yes")
    assert "To be deployed" in fixed
    assert "Valid." in fixed
    assert "12 objects" in fixed
    after = run_json("salesforce", "validate", "sales")
    assert (after["passed"], after["errors"]) == (True, 0)
    assert {"code", "severity", "place", "where", "mend", "fix"} <= set(after["findings"][0])
    assert "Valid." in run("instance", "check", "sales")


def test_another_org_is_accepted_by_its_typed_id(run, run_json, named):
    _, door, instance = named
    with start_salesforce(demo.demo_org(settings=OrgSettings(organization_id="00D8e000000Othr")).org) as other:
        door.instances.filter(pk=instance.pk).update(login_url=other.url)
        row = door.instances.get(pk=instance.pk)
        row.save()
        assert "org-changed" in run("salesforce", "validate", "sales", "--json", code=1)
        run("instance", "confirm-org", "sales", "--org-id", "00D000000000000AAA", code=4)
        assert door.instances.get(pk=instance.pk).org_id == instance.org_id
        done = run_json("instance", "confirm-org", "sales", "--org-id", other.org.id)
        assert done == {"org": other.org.id, "put_away": 0, "brought_back": 0}
        assert "already" in run("instance", "confirm-org", "sales", "--org-id", other.org.id, code=2)


def test_link_templates_are_shown_set_and_taken_away(run, run_json, named):
    tenant, *_ = named
    assert "No template is set" in run("tenant", "link-template", tenant)
    kept = run_json("tenant", "link-template", tenant, "Account", "{base}/accounts/{key}")
    assert kept == {"Account": "{base}/accounts/{key}"}
    assert "Asset" in run("tenant", "link-template", tenant, "--assumed")
    run("tenant", "link-template", tenant, "Account", "{base}/accounts", code=2)
    run("tenant", "link-template", tenant, "Account", code=2)
    assert "Account" not in run_json("tenant", "link-template", tenant, "Account", "--remove")
