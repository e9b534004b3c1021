"""Sign-in with an identity provider, against a small one of the tests' own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from oidc_provider import CLIENT, SECRET, provider
from people_world import new_person

from salesbridge.portal.models import User

START = "/accounts/oidc/oidc/login/"


@pytest.fixture
def identity(settings, db):
    cache.clear()
    with provider() as running:
        app = {"provider_id": "oidc", "name": "Kowhai", "client_id": CLIENT, "secret": SECRET,
               "settings": {"server_url": running.url}}  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        yield running


def begin(client):
    """Go to the provider, and come back with what it sends along."""
    asked = client.post(START)
    assert asked.status_code == 302
    back = httpx2.get(asked["location"]).headers["location"]
    return asked["location"], back


def back_path(back):
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def test_somebody_known_by_a_verified_address_comes_in(anonymous, identity, organisation):
    new_person(organisation, email="olive@example.com")
    asked, back = begin(anonymous)
    query = parse_qs(urlsplit(asked).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"]
    assert "openid" in query["scope"][0]

    answer = anonymous.get(back_path(back))
    assert (answer.status_code, answer["location"]) == (302, "/")
    assert anonymous.get("/").status_code == 200
    assert SocialAccount.objects.get().user.email == "olive@example.com"


def test_an_address_that_the_provider_did_not_verify_opens_nothing(anonymous, identity, organisation):
    new_person(organisation, email="olive@example.com")
    identity.claims["email_verified"] = False
    _, back = begin(anonymous)
    anonymous.get(back_path(back))
    assert anonymous.get("/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_stranger_gets_no_account(anonymous, identity):
    identity.claims["email"] = "stranger@example.com"
    _, back = begin(anonymous)
    answer = anonymous.get(back_path(back), follow=True)
    assert "By invitation only" in answer.text
    assert not User.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(anonymous, identity, sign_in, organisation):
    new_person(organisation, email="olive@example.com")
    _, back = begin(anonymous)
    other = sign_in(new_person(organisation))
    other.logout()
    answer = other.get(back_path(back))
    assert answer.status_code in {200, 401, 403}
    assert other.get("/").status_code == 302


def test_an_answer_serves_once(anonymous, identity, organisation):
    new_person(organisation, email="olive@example.com")
    _, back = begin(anonymous)
    anonymous.get(back_path(back))
    anonymous.post("/accounts/logout/")
    anonymous.get(back_path(back))
    assert anonymous.get("/").status_code == 302


def test_leaving_for_the_provider_takes_a_form(anonymous, identity):
    assert anonymous.get(START).status_code == 200


def test_the_clients_secret_is_on_no_page(anonymous, identity):
    assert SECRET not in anonymous.get("/accounts/login/").text + anonymous.get(START).text
