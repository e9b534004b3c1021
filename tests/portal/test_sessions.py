"""Sessions: made anew at every sign-in, ended by age and idleness, kept in cookies that scripts and sites never see."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from people_world import PASSWORD, new_person

HOUR = 3600
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def nobody_is_throttled_yet(db):
    cache.clear()


def later(monkeypatch, seconds):
    now = time.time() + seconds
    monkeypatch.setattr("salesbridge.portal.middleware.time.time", lambda: now)


def enter(client, person):
    return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})


def test_a_session_is_made_anew_at_the_sign_in(anonymous, organisation):
    person = new_person(organisation)
    anonymous.get("/accounts/login/")
    session = anonymous.session
    session["planted"] = "by somebody else"
    session.save()
    before = anonymous.cookies["session"].value if "session" in anonymous.cookies else session.session_key
    enter(anonymous, person)
    assert anonymous.cookies["session"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_session_is_made_anew_after_the_second_factor(anonymous, organisation):
    person = new_person(organisation)
    TOTP.activate(person, SECRET)
    enter(anonymous, person)
    before = anonymous.cookies["session"].value
    anonymous.post(
        "/accounts/2fa/authenticate/", {"code": format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))}
    )
    assert anonymous.get("/").status_code == 200
    assert anonymous.cookies["session"].value != before


def test_a_session_nobody_uses_for_an_hour_ends(administrator, monkeypatch):
    assert administrator.get("/").status_code == 200
    later(monkeypatch, HOUR + 5)
    answer = administrator.get("/")
    assert (answer.status_code, answer["location"]) == (302, "/accounts/login/?next=/")
    assert "the session had ended" in administrator.get(answer["location"]).text


def test_a_session_in_use_ends_after_twelve_hours_all_the_same(administrator, monkeypatch):
    for half_hours in range(24):
        later(monkeypatch, half_hours * HOUR / 2)
        assert administrator.get("/").status_code == 200
        monkeypatch.undo()
    later(monkeypatch, 12 * HOUR + 5)
    assert administrator.get("/").status_code == 302


def test_a_page_that_keeps_itself_up_to_date_does_not_keep_a_session_alive(administrator, monkeypatch):
    administrator.get("/")
    later(monkeypatch, HOUR - 60)
    assert administrator.get("/", headers={"hx-request": "true"}).status_code == 200
    monkeypatch.undo()
    later(monkeypatch, HOUR + 60)
    answer = administrator.get("/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["hx-refresh"]) == (200, "true")


def test_signing_out_ends_the_session_on_the_server(administrator):
    administrator.get("/")
    kept = administrator.cookies["session"].value
    administrator.post("/accounts/logout/")
    again = Client(headers={"host": "127.0.0.1"})
    again.cookies["session"] = kept
    assert again.get("/").status_code == 302


def test_signing_out_has_the_browser_forget_what_it_kept(administrator):
    assert "Clear-Site-Data" not in administrator.get("/")
    answer = administrator.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'


def test_a_session_that_is_too_old_has_the_browser_forget_what_it_kept(administrator, monkeypatch):
    administrator.get("/")
    later(monkeypatch, HOUR + 5)
    assert administrator.get("/")["Clear-Site-Data"] == '"cache", "storage"'


def test_a_new_password_ends_the_other_sessions(anonymous, organisation):
    person = new_person(organisation)
    enter(anonymous, person)
    elsewhere = Client(headers={"host": "127.0.0.1"})
    enter(elsewhere, person)
    new = "a long walk on the beach"
    anonymous.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert anonymous.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
