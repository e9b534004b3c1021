from __future__ import annotations

import pytest
from edge_server import billing_tenant, credential, edge_server

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing


@pytest.fixture
def running():
    """A billing system with a few records."""
    with start_in_thread(Billing(Seed(accounts=12)), Settings()) as billing:
        yield billing


@pytest.fixture
def served(transactional_db, monkeypatch):
    """The edge on a real socket."""
    with edge_server(monkeypatch) as edge:
        yield edge


@pytest.fixture
def tenant(transactional_db, new_door, running):
    """A tenant of the billing system."""
    return billing_tenant(new_door, running)


@pytest.fixture
def issued(tenant):
    """A named credential of the tenant."""
    return credential(tenant)
