"""The package deploys, and who has nothing but its permission set can do what the connector does."""

import json
import time
from contextlib import contextmanager

import httpx2
import pytest

from salesbridge.model import EXTERNAL_ID, TABLE, check, merge
from salesbridge.package import PERMISSION_SET, Choices, archive, render
from salesbridge.sandbox.salesforce.access import ConnectedApp
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread

DATA = "/services/data/v66.0"
OWN = {
    "Account": {"fields": {"Credit__c": {"kind": {"type": "Money"}, "billing": "credit", "help": "Less & <more>"}}},
    "Contact": {"fields": {"Notes__c": {"kind": {"type": "Text", "length": 3000}, "billing": "notes"}}},
    "Asset": {"fields": {"Tariff__c": {"kind": {"type": "MultiPicklist", "values": ["Day", "Night"]}, "billing": "t"}}},
}


@pytest.fixture
def running():
    """An org with an administrator's app and that of a service account without any right of its own."""
    demo = demo_org()
    account = demo.org.directory.add_user("service@sandbox.example", last_name="Service", permissions={"ApiEnabled"})
    demo.org.directory.add_app(ConnectedApp("Service", "service-key", "service-secret", run_as=account.id))
    with start_in_thread(demo.org) as server:
        yield server.url, demo, account


@contextmanager
def client(url, key, secret):
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as opened:
        answer = opened.post("/services/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        opened.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield opened


def deploy(admin, files):
    options = {"deployOptions": {"singlePackage": True, "rollbackOnError": True, "testLevel": "NoTestRun"}}
    parts = {
        "json": (None, json.dumps(options), "application/json"),
        "file": ("package.zip", archive(files), "application/zip"),
    }
    started = admin.post(f"{DATA}/metadata/deployRequest", files=parts).json()["id"]
    for _ in range(100):
        result = admin.get(f"{DATA}/metadata/deployRequest/{started}?includeDetails=true").json()["deployResult"]
        if result["done"]:
            return result
        time.sleep(0.1)
    raise TimeoutError("the deployment did not end")


def findings(caller, table, *, initial):
    answers = {entity.name: caller.get(f"{DATA}/sobjects/{entity.name}/describe") for entity in table.entities}
    describes = {name: answer.json() if answer.status_code == 200 else None for name, answer in answers.items()}
    return [each for each in check(table, describes, initial=initial) if each.severity == "error"]


@pytest.mark.parametrize("initial", [True, False])
def test_a_service_account_with_only_the_permission_set_passes_the_validation(running, initial):
    url, demo, account = running
    table = merge(TABLE, OWN)
    with (
        client(url, demo.app.client_id, demo.app.client_secret) as admin,
        client(url, "service-key", "service-secret") as service,
    ):
        assert findings(service, table, initial=initial)
        result = deploy(admin, render(table, Choices(initial_only=initial)))
        assert (result["status"], result["details"]["componentFailures"]) == ("Succeeded", [])
        demo.org.directory.assign(account.id, PERMISSION_SET)
        assert findings(service, table, initial=initial) == []


def test_a_record_is_upserted_by_the_deployed_external_id(running):
    url, demo, account = running
    with client(url, demo.app.client_id, demo.app.client_secret) as admin:
        deploy(admin, render(TABLE))
    demo.org.directory.assign(account.id, PERMISSION_SET)
    with client(url, "service-key", "service-secret") as service:
        path = f"{DATA}/sobjects/Account/{EXTERNAL_ID}/A-1"
        made = service.patch(path, json={"Name": "Ada", "Trading_Name__c": "Lovelace", "BillingCity": "Ely"})
        assert (made.status_code, made.json()["success"]) == (201, True)
        found = service.get(path).json()
        assert (found["Trading_Name__c"], found["BillingCity"], found[EXTERNAL_ID]) == ("Lovelace", "Ely", "A-1")
