"""Signing in: passwords, second factors, throttling, sessions, and what is written down of it."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client
from people_world import PASSWORD, new_person

from salesbridge.store import audit

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def nobody_is_throttled_yet(db):
    cache.clear()


@pytest.fixture
def person(organisation):
    return new_person(organisation, "operator", email="olive@example.com")


def enter(client, email="olive@example.com", password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def actions(organisation):
    return list(audit.entries(organisation).order_by("number").values_list("action", flat=True))


def test_the_right_password_leads_to_my_connectors_and_is_written_down(anonymous, person, organisation):
    answer = enter(anonymous)
    assert (answer.status_code, answer["location"]) == (302, "/")
    assert anonymous.get("/").status_code == 200
    assert actions(organisation) == ["person:signed_in"]


def test_passwords_are_kept_as_argon2(person):
    assert person.password.startswith("argon2")


def test_the_address_may_be_written_in_capitals(anonymous, person):
    assert enter(anonymous, "Olive@Example.COM").status_code == 302


def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(anonymous, person, organisation):
    wrong, unknown = enter(anonymous, password="wrong wrong wrong"), enter(anonymous, "nobody@example.com")

    def told(answer):
        return re.findall(r'<div class="notice tone-bad">.*?</div>', answer.text, re.DOTALL)

    assert told(wrong)
    assert told(wrong) == told(unknown)
    assert actions(organisation) == ["person:sign_in_refused"]


def test_guessing_is_throttled_for_a_while_even_with_the_right_password(anonymous, person):
    for _ in range(5):
        assert enter(anonymous, password="wrong wrong wrong").status_code == 200
    assert "Too many failed" in enter(anonymous).text


def test_an_authenticator_app_is_asked_for_once_it_is_set_up(anonymous, person):
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(person, secret)
    kept = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)

    assert enter(anonymous)["location"] == "/accounts/2fa/authenticate/"
    assert anonymous.get("/").status_code == 302
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert anonymous.post("/accounts/2fa/authenticate/", {"code": code})["location"] == "/"


def test_other_sessions_are_signed_out_on_request(anonymous, person):
    enter(anonymous)
    elsewhere = Client(headers={"host": "127.0.0.1"})
    enter(elsewhere)
    assert elsewhere.get("/").status_code == 200
    anonymous.post("/accounts/sessions/")
    assert anonymous.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_a_forgotten_password_is_set_anew_by_a_link_that_is_sent(anonymous, person):
    anonymous.post("/accounts/password/reset/", {"email": person.email})
    (message,) = mail.outbox
    (link,) = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", message.body)
    page = anonymous.get(link)["location"]
    new = "a long walk on the beach"
    assert anonymous.post(page, {"password1": new, "password2": new}).status_code == 302
    assert enter(anonymous, password=new)["location"] == "/"


@pytest.mark.parametrize("weak", ["short", "password1234", "olive@example.com"])
def test_a_weak_password_is_refused(anonymous, person, weak):
    enter(anonymous)
    given = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert anonymous.post("/accounts/password/change/", given).status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_nobody_signs_up_without_an_invitation(anonymous, db):
    assert "By invitation only" in anonymous.get("/accounts/signup/").text


def test_a_dangerous_action_asks_for_the_password_again(administrator, organisation):
    other = new_person(organisation, "viewer")
    answer = administrator.post(f"/people/{other.memberships.get().pk}/remove/")
    assert "/accounts/reauthenticate/" in answer["location"]
    assert other.memberships.exists()

    administrator.post(answer["location"], {"password": PASSWORD})
    assert not other.memberships.exists()


def test_somebody_who_has_just_signed_in_is_not_asked_for_the_password_again(anonymous, organisation, monkeypatch):
    person = new_person(organisation)
    enter(anonymous, email=person.email)
    other = new_person(organisation, "viewer")
    address = f"/people/{other.memberships.get().pk}/remove/"
    assert anonymous.get(address).status_code == 200
    assert anonymous.get("/accounts/2fa/webauthn/add/").status_code == 200
    later = time.time() + 301
    monkeypatch.setattr("salesbridge.portal.adapters.time.time", lambda: later)
    assert "/accounts/reauthenticate/" in anonymous.get(address)["location"]
    assert "/accounts/reauthenticate/" in anonymous.get("/accounts/2fa/webauthn/add/")["location"]


def test_where_to_go_after_signing_in_is_never_another_site(anonymous, person):
    answer = anonymous.post(f"{LOGIN}?next=https://evil.example/", {"login": person.email, "password": PASSWORD})
    assert answer["location"] == "/"
