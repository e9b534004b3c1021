"""Headless Chromium before the portal: journeys, accessibility, pictures."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

# playwright's loop runs in the test's thread, which Django would take for asynchronous code of ours
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

#: WCAG 2.2 AA and what axe calls best practice for landmarks and headings.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1360, "height": 900}


@contextmanager
def chromium():
    """The system's Chromium; tests that need it are skipped loudly where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("NO BROWSER: install Chromium to run the portal's journeys.")
    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield found
        finally:
            found.close()


@dataclass
class Browser:
    """One window of the browser; ``page`` is playwright's.

    Attributes:
        page: What playwright drives.
        url: Where the portal is.
        errors: What the console and the content security policy complained of.
    """

    page: object
    url: str
    errors: list

    @classmethod
    @contextmanager
    def opened(cls, chromium, url, **options):
        """A fresh window, without cookies."""
        context = chromium.new_context(
            **{"viewport": DESK, "color_scheme": "light", "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(10_000)
        found = cls(context.new_page(), url, [])
        found.page.on("console", lambda said: said.type == "error" and found.errors.append(said.text))
        found.page.on("pageerror", lambda error: found.errors.append(str(error)))
        try:
            yield found
        finally:
            context.close()

    def sign_in(self, person, *, confirmed=False):
        """Sign in without the page for it; confirmed, as if the password had been given just now."""
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(person)
        if confirmed:
            session = client.session
            given = {"method": "password", "at": time.time(), "reauthenticated": True}
            session["account_authentication_methods"] = [given]
            session["account_authentication_methods_user"] = str(person.pk)
            session.save()
        name = settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.url}])

    def go(self, path):
        """Open a page of the portal; the status of the answer."""
        return self.page.goto(self.url + path).status

    def axe(self):
        """What axe finds on the page, in light and in dark: rule and elements, a line each."""
        self.page.emulate_media(color_scheme="light")
        found = _violations(self.page, {"runOnly": RULES})
        self.page.emulate_media(color_scheme="dark")
        return found + [f"dark: {line}" for line in _violations(self.page, {"runOnly": ["color-contrast"]})]

    def screenshot(self, path):
        """Save a picture of the whole page."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path), full_page=True)


def _violations(page, options):
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
