"""Whether a client is who it says: asked of the database every time, so that a revocation holds from its commit on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.db.models.functions import Now
from pydantic import SecretStr

from salesbridge.engine.credentials import digest
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient, ClientSecret

_USED_EVERY: Final = timedelta(minutes=1)
_ACCEPTED = (ClientSecret.State.NEW, ClientSecret.State.CURRENT, ClientSecret.State.RETIRING)


@dataclass(frozen=True, slots=True)
class Grant:
    """A client that has proved who it is.

    Attributes:
        pk: Row of the client.
        tenant_id: Whose billing system it may call.
        instance_id: Whose org it is.
        client_id: Its public id.
        scopes: What its tokens may at most be good for.
        cut_off_before: Tokens issued until then are refused.
        now: The database's time: tokens carry it, so that the clocks of machines do not matter to a cut off.
    """

    pk: uuid.UUID
    tenant_id: uuid.UUID
    instance_id: uuid.UUID
    client_id: str
    scopes: tuple[str, ...]
    cut_off_before: datetime | None
    now: datetime


def authenticate(client_id: str, secret: SecretStr) -> Grant | None:
    """Return what a client may do if one of its secrets was given, None otherwise.

    An unknown client costs as much as a wrong secret: one query, one digest, as many comparisons.

    Raises:
        DatabaseError: The database does not answer.
    """
    rows = _rows(client_id)
    tenant_id = rows[0].tenant_id if rows else None
    given = digest.digest(tenant_id, client_id, secret.get_secret_value())
    place = digest.matching([bytes(row.digest) for row in rows], given)
    if place is None:
        return None
    row = rows[place]
    now: datetime = row.now  # type: ignore[attr-defined]  # annotated by the query
    _used(row, now)
    client = row.client
    return Grant(
        client.pk, row.tenant_id, client.instance_id, client.client_id, tuple(client.scopes), client.cut_off_before, now
    )


def _rows(client_id: str) -> list[ClientSecret]:
    if "\0" in client_id:  # PostgreSQL takes no such text
        client_id = ""
    operator = Door.operator(reason="find the client that asks for a token")
    rows = operator.rows(ClientSecret).filter(
        client__client_id=client_id, client__state=ApiClient.State.ACTIVE, state__in=_ACCEPTED
    )
    # a foreign key without a constraint of its own is nothing to select_related: tenant and client are one tenant's
    return list(rows.select_related("client").annotate(now=Now()).order_by(F("created_at").desc())[: digest.SLOTS])


def _used(row: ClientSecret, now: datetime) -> None:
    if row.last_used_at is None or now - row.last_used_at > _USED_EVERY:
        Door(row.tenant_id).rows(ClientSecret).filter(pk=row.pk).update(last_used_at=now)
