"""Passkeys, with the virtual authenticator of Chromium: setting one up, then signing in with nothing else."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from people_world import PASSWORD, new_person


@pytest.fixture
def authenticator(browser):
    """An authenticator inside the browser that says yes at once."""
    session = browser.page.context.new_cdp_session(browser.page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_set_up_and_signs_in_without_a_password(browser, transactional_db, authenticator):
    cache.clear()
    browser.url = browser.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to an address
    person, page = new_person(email="olive@example.com"), browser.page
    browser.go("/accounts/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(browser.url + "/")

    browser.go("/accounts/2fa/webauthn/add/")
    assert "reauthenticate" not in page.url  # the password was given just now
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    (kept,) = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    assert kept.wrap().is_passwordless

    browser.go("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    browser.go("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(browser.url + "/")
    assert page.title().startswith("My Connectors")
    assert browser.errors == []
