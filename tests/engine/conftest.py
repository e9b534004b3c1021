"""Two simulated systems and the product, each ready to be used by a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from journey import API_KEY, Product, connect

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce.demo import CLIENT_SECRET, demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce

_MIGRATE = "from salesbridge import store; from salesbridge.engine import durable; durable.prepare(store.setup())"


@pytest.fixture(scope="session")
def migrated_database(server_url, tmp_path_factory):
    """A database with every table, from which each test gets its copy."""
    name = f"migrated_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
        folder = str(tmp_path_factory.mktemp("migrated"))
        environment = {**os.environ, "DATABASE_URL": url, "SALESBRIDGE_DATA_DIR": folder}
        code = f"import django; django.setup(); {_MIGRATE}"
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def own_database(server_url, migrated_database):
    """The URL of a database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_database}")
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def product(tmp_path, own_database):
    made = Product(
        tmp_path,
        {
            "DATABASE_URL": own_database,
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
        process.wait()
        process.stdout.close()


@pytest.fixture
def org():
    with start_salesforce(demo_org().org) as running:
        yield running


@pytest.fixture
def billing_of():
    running = []

    def make(accounts=60, awkward=0.0, product="junifer", version="", **seed):
        store = Billing(Seed(accounts, awkward=awkward, **seed))
        system = start_billing(
            store, Settings(product=product, api_key=API_KEY, username="salesbridge", version=version)
        )
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
