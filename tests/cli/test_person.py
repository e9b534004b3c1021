"""The first administrator, and the portal as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import httpx2
import pytest
from django.test import Client

from salesbridge.portal.models import User
from salesbridge.store import audit
from salesbridge.store.door import Door


@pytest.fixture
def client():
    return Client(headers={"host": "127.0.0.1"})


def join(client, link):
    word = "a long walk on the beach"
    return client.post(urlsplit(link).path, {"name": "Ann", "password": word, "again": word}, follow=True)


def test_the_first_administrator_opens_the_printed_link_and_is_in(run_json, client):
    made = run_json("person", "add", "ann@example.com", "--organisation", "Kowhai", "--new-organisation")
    assert join(client, made["link"]).status_code == 200
    assert client.get("/people/").status_code == 200
    (listed,) = run_json("person", "list")
    assert (listed["email"], listed["organisation"], listed["role"]) == ("ann@example.com", "Kowhai", "administrator")


def test_an_unknown_organisation_and_an_unknown_role_are_told(run):
    assert "--new-organisation" in run("person", "add", "a@example.com", "--organisation", "Kowhai", code=2)
    assert "is no role" in run("person", "add", "a@example.com", "--role", "king", code=2)


def test_a_reset_link_sets_a_new_password_and_is_written_down(run_json, client, transactional_db):
    join(client, run_json("person", "add", "ann@example.com")["link"])
    link = run_json("person", "reset", "ann@example.com", "--second-factor")["link"]
    client.logout()
    page = client.get(urlsplit(link).path)["location"]
    client.post(page, {"password1": "another long walk", "password2": "another long walk"})
    assert User.objects.get().check_password("another long walk")
    default = Door.operator(reason="test").organisations.get(name="Default")
    assert audit.entries(default).filter(action="person:reset").count() == 1


def test_nobody_to_reset_is_told(run):
    assert "nobody with the address" in run("person", "reset", "x@example.com", code=2)


def test_the_served_portal_shows_the_sign_in_and_its_files_and_ends_in_good_order(environment):
    words = [sys.executable, "-m", "salesbridge", "portal", "--port", "0"]
    with subprocess.Popen(words, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[2].rstrip(".")
        with httpx2.Client(base_url=url, trust_env=False, timeout=20, follow_redirects=True) as client:
            page = client.get("/")
            assert "Sign in" in page.text
            (sheet,) = [part.split('"')[0] for part in page.text.split('href="') if "salesbridge.css" in part]
            answer = client.get(sheet)
            assert (answer.status_code, "max-age=31536000" in answer.headers["cache-control"]) == (200, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
