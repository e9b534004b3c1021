"""Two simulated systems and the product, each ready to be used by a test."""

from __future__ import annotations

import os
import signal

import pytest
from journey import API_KEY, Product, connect

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce.demo import CLIENT_SECRET, demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce


@pytest.fixture
def product(tmp_path, empty_database):
    made = Product(
        tmp_path,
        {
            "DATABASE_URL": empty_database,
            "SALESBRIDGE_DATA_DIR": str(tmp_path / "data"),
            "SALESBRIDGE_MAIL_DIR": str(tmp_path / "mail"),
            "SALESBRIDGE_SANDBOX": "true",
            "SALESBRIDGE_API_KEY": API_KEY,
            "SALESBRIDGE_CONSUMER_SECRET": CLIENT_SECRET,
        },
    )
    yield made
    for process in made.processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def org():
    with start_salesforce(demo_org().org) as running:
        yield running


@pytest.fixture
def billing_of():
    running = []

    def make(accounts=60, awkward=0.0, product="junifer", **seed):
        store = Billing(Seed(accounts, awkward=awkward, **seed))
        system = start_billing(store, Settings(product=product, api_key=API_KEY, username="salesbridge"))
        running.append(system)
        return system

    yield make
    for system in running:
        system.stop()


@pytest.fixture
def connected(product, org, billing_of):
    def make(dialect="junifer", *, deploy=True, **options):
        return connect(product, org, billing_of(product=dialect, **options), dialect, deploy=deploy)

    return make
