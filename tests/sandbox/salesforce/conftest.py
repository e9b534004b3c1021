from __future__ import annotations

import ssl

import httpx2
import pytest

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.server import start_in_thread

EXTERNAL_ID = "Ext__c"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # spares plain HTTP clients the reading of authorities
KEYED = ("Account", "Contact", "AccountContactRelation", "Product2", "Order", "Contract")


def external_id(**changes):
    details = {"length": 80, "external_id": True, "unique": True, "custom": True}
    return Field(EXTERNAL_ID, "Ext", "string", **{**details, **changes})


@pytest.fixture
def demo():
    """A ready-made org whose main objects have an external id that both users may edit."""
    demo = demo_org()
    for name in KEYED:
        demo.org.schema.add_field(name, external_id())
    granted = {f"{name}.{EXTERNAL_ID}": FieldPermission(readable=True, editable=True) for name in KEYED}
    demo.org.directory.add_permission_set(PermissionSet("Keys", "Keys", granted))
    for user in (demo.integration, demo.person):
        demo.org.directory.assign(user.id, "Keys")
    return demo


@pytest.fixture
def org(demo):
    return demo.org


@pytest.fixture
def user(demo):
    return demo.integration.id


@pytest.fixture
def save(org, user):
    """Save records and answer the results; a single record's result for a single record."""

    def run(operation, sobject, records, **options):
        single = isinstance(records, dict)
        results = org.save(operation, sobject, [records] if single else records, user=user, **options)
        return results[0] if single else results

    return run


@pytest.fixture
def make(save):
    """Insert a record that must be fine; its id."""

    def run(sobject, **values):
        result = save("insert", sobject, values)
        assert result.success, result.errors
        return result.id

    return run


@pytest.fixture
def served(demo):
    with start_in_thread(demo.org) as running:
        yield running


@pytest.fixture
def anonymous(served):
    with httpx2.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def token(demo):
    return demo.org.directory.open_session(demo.integration, demo.app).token


@pytest.fixture
def api(served, token):
    """A client of version 66.0 with a live session; paths are relative to the version."""
    headers = {"Authorization": f"Bearer {token}"}
    base = f"{served.url}/services/data/v66.0"
    with httpx2.Client(base_url=base, headers=headers, trust_env=False, verify=NO_TLS) as client:
        yield client
