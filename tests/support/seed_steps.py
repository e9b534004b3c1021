"""The steps of the seed's pages, as a person takes them in a browser."""

from __future__ import annotations

import re
import time

import httpx2
from journey import API_KEY

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET

PASSWORD = "a long walk on the beach"
PATIENCE = 60_000


def button(page, name):
    return page.get_by_role("button", name=name, exact=True).locator("visible=true").first


def press(page, name):
    """Send a form, and wait for the page that answers it."""
    with page.expect_navigation():
        button(page, name).click()


def link(page, name):
    return page.get_by_role("link", name=name).locator("visible=true").first


def tab(page, name):
    page.locator("nav.tabs").get_by_role("link", name=name).click()


def confirm(page):
    """Give the password again, where a dangerous act asks for it."""
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Confirm")


def set_up(page, org, billing, *, tenant, instance, secret=CLIENT_SECRET):
    """Connector Store > Setup new instance > Save."""
    link(page, "Connector Store").click()
    link(page, "Setup new instance").click()
    choice = page.locator("select[name=tenant]:visible")
    if choice.count():
        choice.select_option(label="Connect a new billing system")
    fields = {
        "tenant_name": tenant, "base_url": billing.url, "api_user": "salesbridge", "api_key": API_KEY,
        "name": instance, "login_url": org.url, "consumer_key": CLIENT_ID, "consumer_secret": secret,
    }  # fmt: skip
    for name, value in fields.items():
        page.locator(f"[name={name}]:visible").fill(value)
    press(page, "Save")


def told(page, text, patience=PATIENCE):
    """Wait for words on the page; without JavaScript it is reloaded meanwhile."""
    ends = time.monotonic() + patience / 1000
    while not page.get_by_text(text).locator("visible=true").count():
        assert time.monotonic() < ends, f"{text!r} is not on {page.url}:\n{page.inner_text('main')[:3000]}"
        time.sleep(0.3)
        again = page.get_by_role("button", name=re.compile("^See (how far it is|the result)"))  # hidden from scripts
        if again.count():
            again.first.click()


def told_anew(page, text, patience=PATIENCE):
    """Load the page anew until it tells something."""
    ends = time.monotonic() + patience / 1000
    while not page.get_by_text(text).count():
        assert time.monotonic() < ends, f"{text!r} is not on {page.url}:\n{page.inner_text('main')[:3000]}"
        time.sleep(0.5)
        page.reload()


def hear_events(page, org):
    """Name the simulated event bus; of a real org it is Salesforce's own."""
    tab(page, "Settings")
    page.get_by_role("link", name="Change pubsub").click()
    confirm(page)
    page.locator("main form [name=value]:visible").fill(f"http://{org.org.pubsub_address}")
    page.get_by_label("I know what this does").check()
    press(page, "Save")


def validate_and_fix(page):
    """Salesforce Basic Information > Validate Data Model > Fix it."""
    tab(page, "Salesforce Basic Information")
    press(page, "Validate Data Model")
    told(page, "Not valid")
    page.get_by_role("link", name="Fix it (").first.click()
    confirm(page)
    press(page, "Fix it")
    told(page, "Fixed")
    told(page, "Valid")


def start_migration(page):
    """Initial Data Synchronisation > Start Migration, with what the outage window takes."""
    tab(page, "Initial Data Synchronisation")
    press(page, "Have ours pass over the load")
    press(page, "Switch publishing off")  # each switch has everything checked anew
    told(page, "What would be loaded")
    start_again(page)


def start_again(page):
    """Start Migration, confirmed by typing."""
    link(page, "Start Migration").click()
    page.locator("[name=outage]:visible").check()
    page.locator("[name=accept_triggers]:visible").check()
    page.locator("[name=word]:visible").fill("MIGRATE")
    press(page, "Start Migration")


def go_live(page):
    """Switch on again what was off, then go live."""
    tab(page, "Initial Data Synchronisation")
    press(page, "Have triggers tell again")
    press(page, "Switch publishing on")
    link(page, "Go live").click()
    page.get_by_label("are on again").check()
    press(page, "Go live")
    told(page, "The instance is kept in step")


def told_at(page, name, text, patience=PATIENCE):
    """Look at a tab until it tells something."""
    ends = time.monotonic() + patience / 1000
    while True:
        tab(page, name)
        if page.locator("main").get_by_text(text).count():
            return
        assert time.monotonic() < ends, f"{text!r} is not at {name}:\n{page.inner_text('main')[:3000]}"
        page.wait_for_timeout(500)


def in_state(page, word):
    """Wait until the instance is in a state."""
    told_at(page, "Overview", re.compile(f"^{word}$"))


def add_credential(page, username):
    """Named Credentials > Add, for one user of the org."""
    link(page, "Add").click()
    confirm(page)
    page.get_by_label("Who may call").fill(username)
    press(page, "Add")


def end_credential(page, act):
    """Revoke, or Cut off now, confirmed by typing."""
    link(page, act).click()
    confirm(page)
    page.locator("[name=word]:visible").fill("Gentrack")
    press(page, act)


def callout(org):
    """Apex of the org calls billing by the named credential; what it gets."""
    asked = {"user": "admin@sandbox.example", "namedCredential": "Gentrack", "path": "/version"}
    return httpx2.post(f"{org.url}/sandbox/callout", json=asked, trust_env=False, timeout=30).raise_for_status().json()
