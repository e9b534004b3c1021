"""Promises that hold on every address of the portal, walked from its URLconf."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from people_world import PASSWORD
from portal_urls import addresses
from portal_world import make_world

from salesbridge.store.models import Secret
from salesbridge.store.secrets import put_secret

ADDRESSES = addresses()
#: What can take something away for good, or gives a secret: the password is asked again.
DANGEROUS = re.compile(r"rotate|revoke|remove|delete|credential_add|set_credentials|reconnect|start_migration")
SECRETS = ("consumer_secret", "password", "security_token", "private_key", "api_key")


@pytest.fixture
def world(db):
    cache.clear()
    return make_world("Kowhai")


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def walked(client, world, only=ADDRESSES):
    """Every address with the answer to a GET, signed in anew after the one that signs out."""
    for each in only:
        yield each, client.get(each.at(world.subjects))
        if each.name == "account_logout":
            client.force_login(client.person)


def confirmed(client):
    client.get("/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_every_page_forbids_inline_code_frames_and_copies(sign_in, world):
    for each, answer in walked(confirmed(sign_in(world.person())), world):
        policy = answer["content-security-policy"]
        assert "default-src 'none'" in policy, each.name
        assert "frame-ancestors 'none'" in policy, each.name
        assert "unsafe" not in policy, each.name
        assert answer["x-frame-options"] == "DENY", each.name
        assert answer["x-content-type-options"] == "nosniff", each.name
        assert re.search("no-store|private", answer["cache-control"]), each.name
        assert answer["referrer-policy"] == "same-origin", each.name
        if answer["content-type"].startswith("text/html") and not answer.streaming:
            found = re.search(
                r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", answer.text
            )
            assert not found, (each.name, found)


def test_no_form_is_taken_without_the_pages_token(sign_in, world):
    client = sign_in(world.person())
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    strict.cookies = client.cookies
    for each in ADDRESSES:
        assert strict.post(each.at(world.subjects)).status_code == 403, each.name


def test_the_pages_token_of_another_site_is_refused(sign_in, world):
    client = sign_in(world.person())
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1", "origin": "https://evil.example"})
    strict.cookies = client.cookies
    assert strict.post("/theme/", {"theme": "dark"}).status_code == 403


def test_what_is_dangerous_asks_for_the_password_again():
    dangerous = [each for each in ADDRESSES if each.declared.kind != "public" and DANGEROUS.search(each.name or "")]
    ours = [each for each in dangerous if not each.name.startswith(("account_", "mfa_", "socialaccount_"))]
    assert ours
    assert [each.name for each in ours if not each.declared.confirm] == []


def test_nothing_that_asks_for_the_password_is_done_without_it(sign_in, world):
    client = sign_in(world.person())
    asking = [each for each in ADDRESSES if each.declared.confirm]
    assert asking
    for each in asking:
        for method in (client.get, client.post):
            answer = method(each.at(world.subjects))
            assert answer.status_code == 302, each.name
            assert "/accounts/reauthenticate/" in answer["location"], each.name


def test_no_secret_that_is_kept_is_ever_on_a_page_or_in_a_download(sign_in, world):
    for name in SECRETS:
        put_secret(world.door, None if name == "api_key" else world.instance.pk, name, f"canary-secret-{name}")
    assert world.door.rows(Secret).count() == len(SECRETS)
    for each, answer in walked(confirmed(sign_in(world.person())), world):
        assert b"canary-secret" not in body(answer), each.name


def test_downloads_have_plain_names_and_are_never_shown_in_the_page(sign_in, world):
    found = 0
    for each, answer in walked(confirmed(sign_in(world.person())), world):
        disposition = answer.get("content-disposition", "")
        if disposition:
            found += 1
            assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', disposition), each.name
    assert found


def test_pages_about_errors_tell_nothing_of_how_it_is_built(anonymous, sign_in, world):
    client = sign_in(world.person())
    answers = [
        anonymous.get("/nowhere/"), client.get("/people/invite/x"), client.post("/theme/", {}), client.put("/theme/"),
        Client(headers={"host": "evil.example"}).get("/"),
        Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"}).post("/theme/"),
    ]  # fmt: skip
    for answer in answers:
        assert not re.search(r"Traceback|Django|DEBUG|urlpatterns|/src/|site-packages|psycopg", answer.text)
        assert "Server" not in answer


def test_a_form_that_is_too_large_is_refused_in_words(sign_in, world):
    answer = sign_in(world.person()).post("/people/invite/", {"email": "x" * 3_000_000, "role": "viewer"})
    assert answer.status_code in {400, 413}
    assert "cannot be read" in answer.text
    many = {f"field{number}": "x" for number in range(2_100)}
    assert sign_in(world.person()).post("/people/invite/", many).status_code == 400


def test_where_to_go_next_is_never_another_site(sign_in, world):
    elsewhere = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
    elsewhere.append("\thttps://evil.example")
    client = sign_in(world.person())
    for there in elsewhere:
        for address, given in (("/theme/", {"theme": "dark"}), ("/accounts/reauthenticate/", {"password": PASSWORD})):
            answer = client.post(f"{address}?next={there}", {**given, "next": there})
            assert "evil" not in answer.get("location", ""), (address, there)
            assert "javascript" not in answer.get("location", ""), (address, there)
