"""What the portal says to browsers, and how it is set up behind TLS."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading

import pytest
from people_world import PASSWORD, new_person

from salesbridge.portal.key import secret_key
from salesbridge.settings import settings


def test_pages_say_what_browsers_may_do_with_them(administrator):
    answer = administrator.get("/")
    policy = answer["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    told = {
        name: answer[name] for name in ("x-content-type-options", "x-frame-options", "referrer-policy", "cache-control")
    }
    assert told == {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin",
        "cache-control": "no-store",
    }  # fmt: skip
    assert answer["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer["permissions-policy"]
    assert re.fullmatch("[0-9a-f]{32}", answer["x-request-id"])


def test_no_page_holds_a_script_or_style_of_its_own(administrator):
    for path in ("/", "/style/", "/people/", "/account/"):
        page = administrator.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), path


def test_scripts_cannot_read_the_cookies(anonymous, organisation):
    person = new_person(organisation)
    anonymous.get("/accounts/login/")
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    kept = {name: (cookie["httponly"], cookie["samesite"]) for name, cookie in anonymous.cookies.items()}
    assert {name: kept[name] for name in ("session", "csrf")} == {"session": (True, "Lax"), "csrf": (True, "Lax")}


def test_the_log_tells_the_page_but_not_who_or_what(administrator, capfd):
    administrator.get("/audit/?text=canary")
    told = capfd.readouterr()
    assert "canary" not in told.out + told.err
    assert administrator.person.email not in told.out + told.err


def test_a_page_that_breaks_says_what_to_do_and_names_the_request(administrator, monkeypatch):
    monkeypatch.setattr("salesbridge.portal.views.connectors.connectors", lambda _: 1 / 0)
    administrator.raise_request_exception = False
    answer = administrator.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert answer["x-request-id"] in answer.text


def test_an_address_that_leads_nowhere_says_so(administrator, anonymous):
    for client in (administrator, anonymous):
        answer = client.get("/nowhere/")
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)


def test_the_colours_are_chosen_and_kept(administrator):
    answer = administrator.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer["location"] == "/"
    assert '<html lang="en" class="no-script" data-theme="dark">' in administrator.get("/").text


def test_behind_tls_djangos_own_deployment_check_finds_nothing(tmp_path):
    environment = {
        **os.environ, "SALESBRIDGE_PUBLIC_URL": "https://portal.example", "SALESBRIDGE_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "salesbridge.portal.django_settings",
    }  # fmt: skip
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the browser's, see tests/support/browser.py
    words = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert "System check identified no issues (0 silenced)." in done.stdout + done.stderr
    assert done.returncode == 0


def test_behind_tls_every_cookie_is_bound_to_the_host_and_to_tls(tmp_path):
    environment = {
        **os.environ, "SALESBRIDGE_PUBLIC_URL": "https://portal.example", "SALESBRIDGE_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "salesbridge.portal.django_settings",
    }  # fmt: skip
    script = (
        "import django; django.setup()\nfrom django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.THEME_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.ALLOWED_HOSTS)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    expected = "__Host-session __Host-csrf __Host-theme True True True 31536000 ['portal.example']"
    assert done.stdout.strip() == expected


@pytest.fixture
def empty_data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def test_the_key_is_made_once_for_the_owner_alone(empty_data_dir):
    found = []
    threads = [threading.Thread(target=lambda: found.append(secret_key())) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 50
    assert stat.S_IMODE((empty_data_dir / "portal.key").stat().st_mode) == 0o600
    assert [path.name for path in empty_data_dir.iterdir()] == ["portal.key"]
