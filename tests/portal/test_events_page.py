"""Events: the webhook's address and keys, what was heard, and what each type touches."""

from __future__ import annotations

import json

import pytest
from confirmed import confirmed
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from portal_world import make_world

from salesbridge.store import audit
from salesbridge.store.models import HeardEvent


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/events/"


@pytest.fixture
def administrator(sign_in, world):
    return confirmed(sign_in(world.person()))


def _pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_page_tells_address_keys_and_what_was_heard(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(at).text
    assert f"/hooks/{world.door.tenant.hook}" in page
    assert world.subjects["fingerprint"] in page
    assert "account A-1003" in page
    assert "data.customerNumber is missing" in page
    assert "3 minutes ago" in page
    assert "Add a key" not in page


def test_a_key_is_added_once_the_password_was_given_again(sign_in, world, at):
    client = sign_in(world.person())
    assert "reauthenticate" in client.post(f"{at}keys/add/", {"pem": _pem()})["location"]
    assert len(world.door.tenant.hook_keys) == 1
    page = confirmed(client).post(f"{at}keys/add/", {"pem": _pem()}, follow=True).text
    assert "The key was added" in page
    entry = audit.entries(world.organisation).get(action="hook:key_added")
    assert entry.detail["fingerprint"] in page
    assert "BEGIN PUBLIC KEY" not in str(entry.detail)


def test_what_is_no_key_is_refused_in_words(administrator, world, at):
    page = administrator.post(f"{at}keys/add/", {"pem": "nonsense"}).text
    assert "This is no public RSA key in PEM" in page
    assert not audit.entries(world.organisation).filter(action="hook:key_added").exists()


def test_a_key_is_dropped_by_its_fingerprint(administrator, world, at):
    path = f"{at}keys/{world.subjects['fingerprint']}/drop/"
    assert "It is the last one" in administrator.get(path).text
    assert "The key was dropped" in administrator.post(path, follow=True).text
    assert world.door.tenant.hook_keys == []
    assert administrator.post(path).status_code == 404


def test_a_rule_is_tried_on_real_events_before_it_is_saved(administrator, world, at):
    world.door.rows(HeardEvent).create(
        event_id="one", type="account-frozen", created_at="2026-01-01T00:00Z", data={"account": {"no": "A-1002"}}
    )
    tried = administrator.post(
        f"{at}rules/", {"act": "one", "type": "account-frozen", "kind": "account", "members": "account.no"}
    ).text
    assert "account A-1002" in tried
    assert "account:account.no" in tried
    assert "account-frozen" not in world.door.tenant.event_overrides
    wanted = {**world.door.tenant.event_overrides, "account-frozen": "account:account.no"}
    saved = administrator.post(f"{at}rules/", {"act": "save", "overrides": json.dumps(wanted)}, follow=True).text
    assert "The rules were saved" in saved
    assert world.door.tenant.event_overrides == wanted
    entry = audit.entries(world.organisation).get(action="tenant:events_changed")
    assert entry.detail == {"account-frozen": {"before": None, "after": "account:account.no"}}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"act": "try", "overrides": "{"}, "This is not JSON"),
        ({"act": "save", "overrides": "[]"}, "This is not a JSON object"),
        ({"act": "save", "overrides": '{"x": "nothing:of"}'}, "is not a rule"),
        ({"act": "save", "overrides": '{"x": 5}'}, "is not a rule"),
        ({"act": "one", "type": "x", "kind": "account", "members": "a, b"}, "is not a rule"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(administrator, world, at, told, words):
    before = dict(world.door.tenant.event_overrides)
    assert words in administrator.post(f"{at}rules/", told).text
    assert world.door.tenant.event_overrides == before
