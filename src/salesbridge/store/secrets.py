"""Secrets of tenants and instances: sealed when kept, opened at the last moment."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from pydantic import SecretStr

from salesbridge.settings import settings
from salesbridge.store.models import Secret
from salesbridge.telemetry import remember_secret
from salesbridge.vault import Context, Sealed, Vault, environment_keys, file_keys

if TYPE_CHECKING:
    import uuid

    from salesbridge.store.door import Door, OperatorDoor, Rows


class NoSecret(LookupError):  # noqa: N818 - names the state, as the message does
    """The tenant or instance has no secret of this name."""


@cache
def vault() -> Vault:
    """Return this installation's vault, with keys from the environment or the key file.

    Raises:
        VaultError: If the keys cannot be read; says what to do.
    """
    text = settings().vault_key
    if text is not None:
        return Vault(environment_keys(text.get_secret_value()))
    return Vault(file_keys(settings().data_dir / "vault.keys"))


def put_secret(door: Door, instance_id: uuid.UUID | None, name: str, value: SecretStr | str) -> None:
    """Keep a secret, in place of the one of this name.

    Args:
        door: Door of the tenant.
        instance_id: Instance the secret belongs to, None for the tenant's own.
        name: Such as ``consumer_secret``.
        value: The secret.

    Raises:
        django.db.IntegrityError: If the instance is not the tenant's.
    """
    secret = value if isinstance(value, SecretStr) else SecretStr(value)
    remember_secret(secret)
    sealed = vault().seal(_context(door.tenant_id, instance_id, name), secret)
    key_id = Sealed.unpack(sealed).key_id
    with transaction.atomic():
        changed = _named(door, instance_id, name).update(sealed=sealed, key_id=key_id, updated_at=Now())
        if not changed:
            door.secrets.create(instance_id=instance_id, name=name, sealed=sealed, key_id=key_id)


def open_secret(door: Door, instance_id: uuid.UUID | None, name: str) -> SecretStr:
    """Return a secret; from now on its value is masked in our logs.

    Raises:
        NoSecret: If there is none of this name.
        VaultError: If it does not open; says why and what to do.
    """
    row = _named(door, instance_id, name).first()
    if row is None:
        raise NoSecret(f"There is no secret named '{name}' here: enter it first.")
    opened = vault().open(_context(door.tenant_id, instance_id, name), bytes(row.sealed))
    remember_secret(opened)
    return opened


def forget_secret(door: Door, instance_id: uuid.UUID | None, name: str) -> bool:
    """Delete a secret.

    Returns:
        Whether there was one.
    """
    deleted, _ = _named(door, instance_id, name).delete()
    return deleted > 0


def rewrap_all(operator: OperatorDoor, *, to: str | None = None) -> int:
    """Wrap every secret of every tenant by another key; none of them is opened.

    Run it again after an interruption: what is done is left alone.

    Args:
        operator: The door across tenants.
        to: Id of the key; the current one if not given.

    Returns:
        How many were wrapped anew.

    Raises:
        VaultError: If one does not unwrap; those before it are done.
    """
    key_id = to or vault().keys.current
    done = 0
    for pk in operator.rows(Secret).exclude(key_id=key_id).values_list("pk", flat=True):
        with transaction.atomic():  # one each: a rotation of the secret itself may come in between
            row = operator.rows(Secret).select_for_update().filter(pk=pk).exclude(key_id=key_id).first()
            if row is not None:
                context = _context(row.tenant_id, row.instance_id, row.name)
                row.sealed, row.key_id = vault().rewrap(context, bytes(row.sealed), key_id), key_id
                row.save(update_fields=["sealed", "key_id", "updated_at"])
                done += 1
    return done


def _named(door: Door, instance_id: uuid.UUID | None, name: str) -> Rows[Secret]:
    return door.secrets.filter(Q(instance_id=instance_id), name=name)


def _context(tenant_id: uuid.UUID, instance_id: uuid.UUID | None, name: str) -> Context:
    return Context(str(tenant_id), None if instance_id is None else str(instance_id), name)
