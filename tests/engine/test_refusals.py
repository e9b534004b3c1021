"""Bad input and broken surroundings: one clear message that names the mend, and nothing lost."""

from __future__ import annotations

import resource

import pytest
from journey import outcome, totals

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, demo_org
from salesbridge.sandbox.salesforce.metadata_apex import Apex
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.server import start_in_thread
from salesbridge.sandbox.salesforce.settings import OrgSettings

pytestmark = pytest.mark.slow


def tenant(product, url, **environment):
    words = ("tenant", "add", "Retailer", "--product", "junifer", "--url", url, "--username", "salesbridge")
    return product.run(*words, **environment)


def instance(product, url, *options, key=CLIENT_ID, **environment):
    words = ("instance", "add", "sales", "--tenant", "Retailer", "--login-url", url, "--consumer-key", key)
    return product.run(*words, *options, **environment)


def says(done, *words):
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "Traceback" not in text
    for word in words:
        assert word in text, text


def test_a_wrong_api_key_is_told(product, billing_of):
    says(tenant(product, billing_of().url, SALESBRIDGE_API_KEY="wrong"), "Error:", "What to do:", "key")


def test_a_billing_system_that_is_down_is_told(product):
    says(tenant(product, "http://127.0.0.1:9"), "Error:", "What to do:")


def test_a_billing_system_that_is_too_old_is_told(product, billing_of):
    says(tenant(product, billing_of(version="5.9").url), "5.9", "6")


def test_a_wrong_secret_is_told(product, org, billing_of):
    assert tenant(product, billing_of().url).returncode == 0
    done = instance(product, org.url, SALESBRIDGE_CONSUMER_SECRET="wrong")
    says(done, "Error:", "What to do:", "ecret")
    assert "wrong" not in done.stderr.replace("wrong secret", "")


def test_an_unknown_consumer_key_is_told(product, org, billing_of):
    assert tenant(product, billing_of().url).returncode == 0
    says(instance(product, org.url, key="3MVGnobody"), "Error:", "What to do:", "onsumer")


def test_a_wrong_password_is_told(product, org, billing_of):
    assert tenant(product, billing_of().url).returncode == 0
    done = instance(
        product, org.url, "--username", "admin@sandbox.example",
        SALESBRIDGE_PASSWORD="wrong", SALESBRIDGE_SECURITY_TOKEN="wrong",
    )  # fmt: skip
    says(done, "Error:", "What to do:", "oken")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://nobody.invalid", "ftp://example.com", "not a url"])
def test_an_unknown_login_url_is_told(product, billing_of, url):
    assert tenant(product, billing_of().url).returncode == 0
    says(instance(product, url), "Error:", "What to do:")


def test_an_org_without_the_fields_is_told_before_anything_is_written(connected):
    system = connected(deploy=False)
    done = system.product.run("load", "start", "sales", "--outage-acknowledged")
    says(done, "Gentrack_External_Id__c", "Deploy the package")
    assert not system.calls("POST", "/jobs/ingest")


def test_publishing_and_a_missing_acknowledgement_stop_a_run(connected):
    system = connected()
    system.billing.billing.publishing = True
    says(system.product.run("load", "start", "sales"), "publishes events", "outage")


def test_an_active_trigger_stops_a_run_unless_it_is_accepted(connected):
    system = connected(accounts=20)
    trigger = Apex("AccountTrigger", "trigger AccountTrigger on Account (after insert) {}", 66.0, "Active", "Account")
    metadata_store(system.org.org).triggers["AccountTrigger"] = trigger
    says(
        system.product.run("load", "start", "sales", "--outage-acknowledged"), "AccountTrigger on Account", "Deactivate"
    )
    assert system.product.load("--accept-triggers", check=0)["result"] == "completed"


def test_salesforce_down_in_the_middle_fails_at_its_stage_and_loses_nothing(connected):
    system = connected(accounts=60)
    armed = system.org.org.faults.arm("unavailable", after=30, times=None)
    run = system.product.load("--patience", "3", check=1)
    assert run["result"] == "failed"
    assert run["failed_stage"] in outcome(run)
    assert armed.fired

    system.org.org.faults.disarm()
    again = system.product.load(check=0)
    assert totals(again)["unchanged"] > 0
    assert {name: len(rows) for name, rows in system.rows.items()} == {n: s["read"] for n, s in outcome(again).items()}


def test_billing_down_in_the_middle_fails_at_its_stage(connected):
    system = connected(accounts=60)
    system.billing.service.faults.arm("unavailable", after=15, times=10_000)
    run = system.product.load("--patience", "3", check=1)
    assert run["result"] == "failed"
    assert "illing" in run["message"]

    system.billing.service.faults.disarm()
    assert system.product.load(check=0)["result"] == "completed"


def test_malformed_billing_rows_are_told_one_by_one(connected):
    system = connected(accounts=60)
    system.billing.service.faults.arm("malformed_rows", every=20, times=10_000)
    run = system.product.load(check=3)
    assert any(cause["code"] in {"MALFORMED_RECORD", "MISSING_KEY"} for cause in run["causes"])
    assert all(cause["mend"] for cause in run["causes"])


def test_a_full_disk_fails_the_run_and_the_next_one_goes_on(connected):
    system = connected(accounts=400)
    limit = 40_000

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = system.product.run("load", "start", "sales", "--outage-acknowledged", "--json", preexec=small_files)
    says(done, "work folder", "SALESBRIDGE_WORKDIR")
    assert system.product.load(check=0)["result"] == "completed"


def test_credentials_of_another_org_are_refused(connected, billing_of):
    system = connected(accounts=20)
    port = int(system.org.url.rpartition(":")[2])
    system.org.stop()
    refreshed = demo_org(settings=OrgSettings(organization_id="00D8e000000Refr"))
    with start_in_thread(refreshed.org, port=port):
        says(
            system.product.run("load", "start", "sales", "--outage-acknowledged"),
            "but the instance was set up for",
            "confirm-org",
        )
