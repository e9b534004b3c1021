"""What every edge process has to know within a second: taken back tokens, cut off clients, keys."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError

from salesbridge.engine.connections import API_KEY
from salesbridge.engine.credentials.signing import PublicKey, published
from salesbridge.engine.credentials.tokens import Token, last_refused
from salesbridge.store.door import Door
from salesbridge.store.models import ApiCall, ApiClient, ApiPolicy, RevokedToken, Secret, Tenant

_SLACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Stops:
    """Which tokens are refused though they have not expired; few at any time, however many clients there are.

    Attributes:
        revoked: Ids of tokens that were taken back.
        cut_off: Client to the last second of issue that is refused.
    """

    revoked: frozenset[str] = frozenset()
    cut_off: Mapping[str, int] | None = None

    def stops(self, token: Token) -> bool:
        """Whether a token is refused."""
        last = (self.cut_off or {}).get(token.client_id)
        return token.jti in self.revoked or (last is not None and token.issued_at <= last)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at one look.

    Attributes:
        stops: Refused tokens.
        keys: Published keys.
        versions: Tenants asked for to when anything of them changed last; empty for those that are gone.
    """

    stops: Stops
    keys: tuple[PublicKey, ...]
    versions: Mapping[uuid.UUID, object]


def look(tenants: frozenset[uuid.UUID], now: datetime) -> Sight:
    """Look at everything that a process keeps.

    Args:
        tenants: Whose settings are kept.
        now: The time.
    """
    operator = Door.operator(reason="see which access tokens are refused")
    revoked = operator.rows(RevokedToken).filter(expires_at__gt=now - _SLACK).values_list("jti", flat=True)
    since = operator.rows(ApiClient).filter(cut_off_before__gt=now - _SLACK)
    cut = {name: last_refused(at) for name, at in since.values_list("client_id", "cut_off_before") if at}
    return Sight(Stops(frozenset(revoked), cut), tuple(published()), versions(tenants))


def versions(tenants: frozenset[uuid.UUID]) -> dict[uuid.UUID, object]:
    """When anything changed last that calls of some tenants depend on."""
    operator = Door.operator(reason="see whether settings of tenants in use have changed")
    found: dict[uuid.UUID, list[object]] = {pk: [] for pk in tenants}
    for pk, at in operator.tenants.filter(pk__in=tenants).values_list("pk", "updated_at"):
        found[pk].append(at)
    keys = operator.rows(Secret).filter(tenant_id__in=tenants, instance=None, name=API_KEY)
    for pk, at in keys.values_list("tenant_id", "updated_at"):
        found[pk].append(("key", at))
    for pk, at in operator.rows(ApiPolicy).filter(tenant_id__in=tenants).values_list("tenant_id", "updated_at"):
        found[pk].append(("policy", at))
    return {pk: tuple(stamps) for pk, stamps in found.items()}


def take_back(token: Token, expires_at: datetime) -> None:
    """Refuse a token from now on, everywhere within a second. Twice is the same as once."""
    door = Door(token.tenant_id)
    client = door.rows(ApiClient).filter(client_id=token.client_id).first()
    if client is None or door.rows(RevokedToken).filter(client=client, jti=token.jti).exists():
        return
    try:
        door.rows(RevokedToken).create(client=client, jti=token.jti, expires_at=expires_at)
    except IntegrityError:  # another process was faster
        return


def prune(now: datetime, keep_calls: timedelta) -> None:
    """Delete what is of no use any more: taken back tokens that have expired, calls that are too old."""
    operator = Door.operator(reason="delete what the edge needs no more")
    operator.rows(RevokedToken).filter(expires_at__lt=now - _SLACK).delete()
    operator.rows(ApiCall).filter(at__lt=now - keep_calls).delete()


def tenant_of(tenant_id: uuid.UUID) -> Tenant | None:
    """A tenant, None if there is none."""
    return Door.operator(reason="answer a call of a tenant").tenants.filter(pk=tenant_id).first()
