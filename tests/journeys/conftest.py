"""An installation as people meet it: worker, edge and portal as processes, beside two simulated systems."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from browser import Browser, chromium
from journey import API_KEY
from seed_steps import PASSWORD

from salesbridge.cli.serve import everything
from salesbridge.cli.together import together
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings as BillingSettings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce
from salesbridge.settings import settings


@dataclass
class Installation:
    """Everything of ours on this machine.

    Attributes:
        url: Where the portal is.
        environment: What its commands are to see.
    """

    url: str
    environment: dict

    def invite(self, email):
        """Invite somebody as ``salesbridge person add`` does; the path of the link."""
        words = [sys.executable, "-m", "salesbridge", "person", "add", email, "--json"]
        given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run(words, env=given | self.environment, capture_output=True, text=True, check=True)
        return urlsplit(json.loads(done.stdout)["link"]).path


@contextmanager
def environment(values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        settings.cache_clear()


@pytest.fixture(scope="module")
def installation(server_url, tmp_path_factory):
    """One for all journeys of a module, on a database of its own."""
    folder, name = tmp_path_factory.mktemp("journey"), f"journey_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        given = {
            "DATABASE_URL": urlsplit(server_url)._replace(path=f"/{name}").geturl(), "SALESBRIDGE_SANDBOX": "true",
            "SALESBRIDGE_MAIL_DIR": str(folder / "mail"), "SALESBRIDGE_WORKDIR": str(folder / "work"),
            "SALESBRIDGE_PUBLIC_URL": "", "SALESBRIDGE_EDGE_URL": "",
        }  # fmt: skip
        with environment(given):
            parts = everything("127.0.0.1", 0, 0)
            given |= {"SALESBRIDGE_EDGE_URL": parts[1].url, "SALESBRIDGE_PUBLIC_URL": parts[2].url}
            os.environ.update(given)
            with together(parts, folder):
                yield Installation(parts[2].url, given)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def org():
    """A simulated Salesforce org that nobody has prepared."""
    with start_salesforce(demo_org().org, pubsub_port=0) as running:
        yield running


@pytest.fixture
def billing_of():
    """Start a simulated Junifer with some accounts; it is stopped after the test."""
    started = []

    def start(accounts, **seed):
        chosen = BillingSettings(api_key=API_KEY, username="salesbridge")
        running = start_billing(Billing(Seed(accounts=accounts, **{"awkward": 0.0, **seed})), chosen)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop(wait=False)


@pytest.fixture(scope="module")
def _chromium():
    with chromium() as found:
        yield found


@pytest.fixture
def window(_chromium, installation):
    """A browser before the portal, with a person who has just joined by invitation."""
    with Browser.opened(_chromium, installation.url) as found:
        join(found, installation.invite(f"p{uuid.uuid4().hex[:8]}@retailer.example"))
        yield found


@pytest.fixture
def plain_window(_chromium, installation):
    """The same without JavaScript."""
    with Browser.opened(_chromium, installation.url, java_script_enabled=False) as found:
        join(found, installation.invite(f"p{uuid.uuid4().hex[:8]}@retailer.example"))
        yield found


def join(window, path):
    """Open an invitation and make the account it is for."""
    window.page.set_default_timeout(20_000)
    window.go(path)
    page = window.page
    page.get_by_label("Your name").fill("Aroha Ngata")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="My Connectors").wait_for()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell what was on the page when a journey ended too early."""
    report = yield
    found = item.funcargs.get("window") or item.funcargs.get("plain_window")
    if report.failed and found is not None and call.when == "call":
        report.sections.append(("page", f"{found.page.url}\n{found.page.inner_text('body')[:4000]}\n{found.errors}"))
    return report
