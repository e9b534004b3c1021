from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from pydantic import SecretStr

from salesbridge.store import secrets
from salesbridge.store.door import Door
from salesbridge.store.secrets import NoSecret, forget_secret, open_secret, put_secret, rewrap_all
from salesbridge.vault import UnknownKey, Vault, WrongContext, environment_keys
from salesbridge.vault.keys import new_key

FIRST, SECOND = new_key("first"), new_key("second")


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    """Have the vault use these keys from now on."""

    def use(*lines):
        vault = Vault(environment_keys(" ".join(lines)))
        monkeypatch.setattr(secrets, "vault", lambda: vault)

    use(FIRST)
    return use


def value(door, instance_id, name="consumer_secret"):
    return open_secret(door, instance_id, name).get_secret_value()


def test_a_secret_is_kept_sealed_and_opens(door, instance):
    put_secret(door, instance.pk, "consumer_secret", SecretStr("canary-1"))
    row = door.secrets.get()
    assert b"canary-1" not in bytes(row.sealed)
    assert row.key_id == "first"
    assert value(door, instance.pk) == "canary-1"


def test_a_secret_put_again_replaces_the_one_before(door, instance):
    for each in ("one", "two"):
        put_secret(door, instance.pk, "consumer_secret", each)
    assert (value(door, instance.pk), door.secrets.count()) == ("two", 1)


def test_a_tenants_secret_is_not_an_instances(door, instance):
    put_secret(door, None, "consumer_secret", "of the tenant")
    put_secret(door, None, "consumer_secret", "of the tenant, again")
    with pytest.raises(NoSecret, match="enter it first"):
        open_secret(door, instance.pk, "consumer_secret")
    assert value(door, None) == "of the tenant, again"
    assert door.secrets.count() == 1


def test_a_forgotten_secret_is_gone(door):
    put_secret(door, None, "api_key", "x")
    assert (forget_secret(door, None, "api_key"), forget_secret(door, None, "api_key")) == (True, False)


def test_a_secret_copied_to_another_tenant_does_not_open(door, new_door):
    put_secret(door, None, "api_key", "x")
    row, stranger = door.secrets.get(), new_door()
    stranger.secrets.create(name="api_key", sealed=bytes(row.sealed), key_id=row.key_id)
    with pytest.raises(WrongContext):
        open_secret(stranger, None, "api_key")


def test_a_secret_renamed_in_the_database_does_not_open(door, instance):
    put_secret(door, instance.pk, "password", "x")
    door.secrets.update(name="consumer_secret")
    with pytest.raises(WrongContext):
        open_secret(door, instance.pk, "consumer_secret")


def test_a_secret_for_another_tenants_instance_is_refused(instance, new_door):
    with pytest.raises(IntegrityError, match="of_same_tenant"), transaction.atomic():
        put_secret(new_door(), instance.pk, "consumer_secret", "x")


def test_all_secrets_move_to_a_new_key_and_the_old_one_can_be_dropped(new_door, keys):
    doors = [new_door() for _ in range(3)]
    for door in doors:
        put_secret(door, None, "api_key", f"value of {door.tenant_id}")
    keys(SECOND, FIRST)
    put_secret(doors[0], None, "api_key", f"value of {doors[0].tenant_id}")
    operator = Door.operator(reason="rotate the vault's key")
    assert (rewrap_all(operator), rewrap_all(operator)) == (2, 0)
    keys(SECOND)
    assert [value(door, None, "api_key") for door in doors] == [f"value of {door.tenant_id}" for door in doors]


def test_without_the_old_key_the_secret_is_refused_by_its_id(door, keys):
    put_secret(door, None, "api_key", "x")
    keys(SECOND)
    with pytest.raises(UnknownKey, match="'first'"):
        open_secret(door, None, "api_key")
