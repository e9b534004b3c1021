"""Named credentials and their secrets: made, exchanged without a gap, and taken back.

Order of a rotation: ``new_secret`` (the old one still works) · push it into Salesforce and see it work · ``promote``
(the old one is on its way out, and still works) · ``retire`` (it works no more). Until ``retire`` everything can be
done again or taken back, so a rotation that stops half-way has cost nothing.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from pydantic import SecretStr

from salesbridge.engine.credentials import digest
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import record
from salesbridge.store.models import ApiClient, ClientSecret, Instance
from salesbridge.telemetry import remember_secret

READ: Final = "billing.read"
WRITE: Final = "billing.write"
#: What access tokens can be good for.
SCOPES: Final = (READ, WRITE)

_ACCEPTED = (ClientSecret.State.NEW, ClientSecret.State.CURRENT, ClientSecret.State.RETIRING)


class CredentialRefusedError(ValueError):
    """What was asked for a credential cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret that was just made; this is the only time that anybody sees it.

    Attributes:
        client: Whose it is.
        secret_id: Names it for ``promote`` and ``retire``.
        secret: The secret.
    """

    client: ApiClient
    secret_id: uuid.UUID
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """A secret as people see it.

    Attributes:
        id: Names it.
        state: ``new``, ``current``, ``retiring`` or ``retired``.
        created_at: When it was made.
        last_used_at: When it last got a token, exact to a minute; None if never.
    """

    id: uuid.UUID
    state: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """A named credential as people see it.

    Attributes:
        client: The credential.
        secrets: Those that are accepted, latest first.
    """

    client: ApiClient
    secrets: tuple[SecretStatus, ...]

    @property
    def last_used_at(self) -> datetime | None:
        """When any of its secrets last got a token."""
        return max((each.last_used_at for each in self.secrets if each.last_used_at), default=None)


def add(door: Door, instance: Instance, name: str, *, by: str, scopes: Sequence[str] = SCOPES) -> Issued:
    """Make a named credential with its first secret, which works at once and is ``new`` until it is promoted.

    Args:
        door: Door of the tenant.
        instance: Whose org will call.
        name: What people call it.
        by: Who adds it.
        scopes: What its tokens may at most be good for.

    Raises:
        CredentialRefusedError: The name is taken, or a scope is none of ours.
    """
    wanted = [scope for scope in SCOPES if scope in scopes]
    if not wanted or set(scopes) - set(SCOPES):
        raise CredentialRefusedError(f"Choose scopes among: {', '.join(SCOPES)}.")
    with transaction.atomic():
        Door(door.tenant_id).instances.select_for_update().get(pk=instance.pk)  # one at a time: the name is checked
        if _clients(door, instance).filter(name=name, state=ApiClient.State.ACTIVE).exists():
            raise CredentialRefusedError(f"The instance has a credential {name!r} already. Rotate or revoke it.")
        client = door.rows(ApiClient).create(
            instance=instance, name=name, client_id=f"sbc_{secrets.token_hex(12)}", scopes=wanted
        )
        issued = _made(door, client)
        _tell(door, client, "credential:added", by, scopes=wanted, secret=issued.secret_id)
    return issued


def new_secret(door: Door, client_pk: uuid.UUID, *, by: str) -> Issued:
    """Make a further secret, while the others still work; a ``new`` one that was never promoted is taken back.

    Raises:
        CredentialRefusedError: There is no such credential, it is revoked, or a rotation has left a retiring secret.
    """
    with transaction.atomic():
        client = _active(door, client_pk)
        if _secrets(door, client).filter(state=ClientSecret.State.RETIRING).exists():
            raise CredentialRefusedError("The last rotation has not ended: retire the old secret first.")
        _wipe(door, client, ClientSecret.State.NEW)
        issued = _made(door, client)
        _tell(door, client, "credential:secret_made", by, secret=issued.secret_id)
    return issued


def promote(door: Door, secret_id: uuid.UUID, *, by: str) -> ApiClient:
    """Make a new secret the current one; the one before is retiring and still works. Twice is the same as once.

    Raises:
        CredentialRefusedError: There is no such secret, or it is retired, or its credential is revoked.
    """
    with transaction.atomic():
        secret = _secret(door, secret_id)
        client = _active(door, secret.client_id)
        if secret.state == ClientSecret.State.CURRENT:
            return client
        if secret.state != ClientSecret.State.NEW:
            raise CredentialRefusedError(f"This secret is {secret.state}: make a new one.")
        current = _secrets(door, client).filter(state=ClientSecret.State.CURRENT)
        rotated = current.update(state=ClientSecret.State.RETIRING) > 0
        _secrets(door, client).filter(pk=secret_id).update(state=ClientSecret.State.CURRENT, promoted_at=Now())
        if rotated:
            door.rows(ApiClient).filter(pk=client.pk).update(rotated_at=Now())
        _tell(door, client, "credential:secret_promoted", by, secret=secret_id)
        client.refresh_from_db()
    return client


def retire(door: Door, secret_id: uuid.UUID, *, by: str) -> ApiClient:
    """Accept a secret no more and forget its digest. Twice is the same as once.

    A ``new`` one may be taken back so (the push failed); the only current one may not: that is ``revoke``.

    Raises:
        CredentialRefusedError: There is no such secret, or it is the current one.
    """
    with transaction.atomic():
        secret = _secret(door, secret_id)
        client = _locked(door, secret.client_id)
        if secret.state == ClientSecret.State.CURRENT:
            raise CredentialRefusedError("This is the current secret: promote another one first, or revoke.")
        if secret.state != ClientSecret.State.RETIRED:
            _wipe(door, client, secret.state)
            _tell(door, client, "credential:secret_retired", by, secret=secret_id)
    return client


def revoke(door: Door, client_pk: uuid.UUID, *, by: str) -> ApiClient:
    """Issue no more tokens, from this moment on; those issued live to their expiry. Twice is the same as once.

    Raises:
        CredentialRefusedError: There is no such credential.
    """
    with transaction.atomic():
        client = _locked(door, client_pk)
        if client.state != ApiClient.State.REVOKED:
            _wipe(door, client, *_ACCEPTED)
            door.rows(ApiClient).filter(pk=client.pk).update(state=ApiClient.State.REVOKED, revoked_at=Now())
            _tell(door, client, "credential:revoked", by)
            client.refresh_from_db()
    return client


def cut_off(door: Door, client_pk: uuid.UUID, *, by: str) -> ApiClient:
    """Have tokens that were issued until now refused, within a second; an active client may ask for others.

    Raises:
        CredentialRefusedError: There is no such credential.
    """
    with transaction.atomic():
        client = _locked(door, client_pk)
        door.rows(ApiClient).filter(pk=client.pk).update(cut_off_before=Now())
        _tell(door, client, "credential:cut_off", by)
        client.refresh_from_db()
    return client


def status(door: Door, instance: Instance) -> list[CredentialStatus]:
    """The credentials of an instance, active ones first, each with the secrets that are accepted."""
    clients = list(_clients(door, instance).order_by("state", "name", "-created_at"))
    accepted = door.rows(ClientSecret).filter(client__in=clients, state__in=_ACCEPTED).order_by("-created_at")
    by_client: dict[uuid.UUID, list[SecretStatus]] = {}
    for row in accepted:
        told = SecretStatus(row.pk, row.state, row.created_at, row.last_used_at)
        by_client.setdefault(row.client_id, []).append(told)
    return [CredentialStatus(client, tuple(by_client.get(client.pk, ()))) for client in clients]


def _made(door: Door, client: ApiClient) -> Issued:
    value = digest.make()
    remember_secret(value)
    kept = digest.digest(door.tenant_id, client.client_id, value.get_secret_value())
    row = door.rows(ClientSecret).create(client=client, digest=kept, state=ClientSecret.State.NEW)
    return Issued(client, row.pk, value)


def _wipe(door: Door, client: ApiClient, *states: str) -> None:
    rows = _secrets(door, client).filter(state__in=states)
    rows.update(state=ClientSecret.State.RETIRED, retired_at=Now(), digest=b"")


def _active(door: Door, client_pk: uuid.UUID) -> ApiClient:
    client = _locked(door, client_pk)
    if client.state != ApiClient.State.ACTIVE:
        raise CredentialRefusedError("This credential is revoked. Add a new one.")
    return client


def _locked(door: Door, client_pk: uuid.UUID) -> ApiClient:
    client = door.rows(ApiClient).select_for_update(of=("self",)).filter(pk=client_pk).first()
    if client is None:
        raise CredentialRefusedError("There is no such credential.")
    return client


def _secret(door: Door, secret_id: uuid.UUID) -> ClientSecret:
    found = door.rows(ClientSecret).filter(pk=secret_id).first()
    if found is None:
        raise CredentialRefusedError("There is no such secret.")
    _locked(door, found.client_id)  # its state may have changed while we waited for the lock
    found.refresh_from_db()
    return found


def _clients(door: Door, instance: Instance) -> Rows[ApiClient]:
    return door.rows(ApiClient).filter(instance=instance)


def _secrets(door: Door, client: ApiClient) -> Rows[ClientSecret]:
    return door.rows(ClientSecret).filter(client=client)


def _tell(door: Door, client: ApiClient, tag: str, by: str, **detail: object) -> None:
    told = {"client_id": client.client_id, **{name: _plain(value) for name, value in detail.items()}}
    record(door, tag, actor=by, subject=client.name, instance_id=client.instance_id, detail=told)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID) else value
