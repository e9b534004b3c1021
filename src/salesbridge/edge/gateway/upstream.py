"""A tenant's billing system as the gateway reaches it."""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urljoin, urlsplit

import httpx2
from django.db import DatabaseError
from starlette.concurrency import run_in_threadpool

from salesbridge.billing import DIALECTS, BillingError, Product
from salesbridge.billing.address import base_url, refuse_internal
from salesbridge.edge.gateway import groups, headers
from salesbridge.edge.gateway.breaker import Breaker
from salesbridge.edge.gateway.groups import GROUPS, Group
from salesbridge.edge.gateway.refusal import Refusal
from salesbridge.edge.gateway.rewrite import Links
from salesbridge.edge.rows import lent
from salesbridge.edge.watch import Watch
from salesbridge.engine.connections import API_KEY
from salesbridge.engine.credentials.watch import tenant_of, versions
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import ApiPolicy
from salesbridge.store.secrets import NoSecret, open_secret
from salesbridge.vault import VaultError

#: Connections to one billing system that one process may hold.
CONNECTIONS: Final = 100
#: Seconds that an idle connection is kept: less than servers do, so that they do not close it under a call.
_IDLE_S: Final = 4.0
_CONNECT_S: Final = 5.0
_WAIT_S: Final = 5.0
_REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True, repr=False)
class Upstream:
    """What a call to a tenant's billing system needs.

    Attributes:
        product: ``junifer`` or ``velocity``.
        base: Address of the API.
        identity: Headers that authenticate us there.
        groups: What may be called.
        extra: Further request headers that pass.
        links: Exchanges billing's links for ours.
        ours: Address of the gateway for this product.
        per_second: The tenant's own limit; None for the setting.
        http: Kept connections.
        breaker: Whether billing is up.
        version: When anything of this changed last.
    """

    product: str
    base: httpx2.URL
    identity: tuple[tuple[bytes, bytes], ...]
    groups: tuple[Group, ...]
    extra: frozenset[bytes]
    links: Links
    ours: str
    per_second: int | None
    http: httpx2.AsyncClient
    breaker: Breaker = field(default_factory=Breaker)
    version: object = None

    def address(self, raw: bytes) -> httpx2.URL:
        """The address of a path; nothing in it can lead to another host or above the base."""
        return self.base.copy_with(raw_path=self.base.raw_path.rstrip(b"/") + raw)

    def place(self, asked: httpx2.URL, location: bytes) -> bytes | None:
        """Our address for a ``Location`` below the base, whatever host it names; None if it leads elsewhere."""
        try:
            parts = urlsplit(urljoin(str(asked), location.decode("ascii")))
        except ValueError:
            return None
        base = self.base.path.rstrip("/")
        if parts.scheme not in {"http", "https"} or not f"{parts.path}/".startswith(f"{base}/"):
            return None
        rest = parts.path[len(base) :] + (f"?{parts.query}" if parts.query else "")
        return (self.ours + rest + (f"#{parts.fragment}" if parts.fragment else "")).encode("ascii")


class Upstreams:
    """The billing systems of the tenants that call, each set up once and anew when its settings change.

    Args:
        watch: Tells when settings change.
        audience: Address of the gateway.
        connect: Opens connections; exchanged by tests.
    """

    def __init__(self, watch: Watch, audience: str, connect: Callable[[], httpx2.AsyncClient] | None = None) -> None:
        self._watch = watch
        self._audience = audience
        self._connect = connect or client
        self._known: OrderedDict[uuid.UUID, Upstream] = OrderedDict()
        self._locks: dict[uuid.UUID, asyncio.Lock] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def of(self, tenant_id: uuid.UUID) -> Upstream:
        """The billing system of a tenant, as it is set up now.

        Raises:
            Refusal: It cannot be used; or the database does not answer.
        """
        known = self._known.get(tenant_id)
        if known is not None and self._watch.versions.get(tenant_id, known.version) == known.version:
            return known
        async with self._locks.setdefault(tenant_id, asyncio.Lock()):
            known = self._known.get(tenant_id)
            if known is None or self._watch.versions.get(tenant_id, known.version) != known.version:
                known = await self._renew(tenant_id, known)
        return known

    async def close(self) -> None:
        """Close every connection."""
        for each in self._known.values():
            await each.http.aclose()
        self._known.clear()

    async def _renew(self, tenant_id: uuid.UUID, old: Upstream | None) -> Upstream:
        try:
            new = await run_in_threadpool(lent, self._set_up, tenant_id)
        except DatabaseError:
            raise _unready() from None
        self._watch.mind(tenant_id)
        self._known[tenant_id] = new
        if old is not None:
            self._part(old)
        if len(self._known) > _REMEMBERED:
            self._part(self._known.popitem(last=False)[1])
        return new

    def _part(self, old: Upstream) -> None:
        """Close connections once calls in hand are surely over."""
        task = asyncio.create_task(_closed_later(old.http))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _set_up(self, tenant_id: uuid.UUID) -> Upstream:
        version = versions(frozenset({tenant_id})).get(tenant_id)
        tenant, door = tenant_of(tenant_id), Door(tenant_id)
        if tenant is None:
            raise Refusal(403, "tenant_gone", "The tenant of this access token is gone.", "Remove the credential.")
        dialect = DIALECTS[cast("Product", tenant.product)]
        policy = door.rows(ApiPolicy).first() or door.rows(ApiPolicy).new()
        try:
            base = base_url(tenant.base_url, dialect.base_path, allow_loopback=settings().sandbox)
            refuse_internal(base, allow_loopback=settings().sandbox, networks=settings().allowed_networks)
            identity = dialect.headers(tenant.username or None, open_secret(door, None, API_KEY))
        except (BillingError, NoSecret, VaultError):
            raise Refusal(
                502, "billing_not_set_up", "The tenant's billing system is not set up so that it can be called.",
                "Have an administrator check the tenant's address and API key.",
            ) from None  # fmt: skip
        ours = f"{self._audience}/{tenant.product}"
        return Upstream(
            tenant.product,
            httpx2.URL(base),
            _pairs(identity),
            (*GROUPS[tenant.product], *groups.further(policy.paths)),
            headers.further(policy.headers),
            Links(httpx2.URL(base).path.rstrip("/"), ours, policy.internal_hosts),
            ours,
            policy.calls_per_second,
            self._connect(),
            version=version,
        )


def client() -> httpx2.AsyncClient:
    """Connections to one billing system: HTTP/1.1, kept, redirects not followed, no proxy or cookie of this machine."""
    chosen = settings()
    context = ssl.create_default_context()
    if chosen.ca_file:
        context.load_verify_locations(str(chosen.ca_file))
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=_IDLE_S)
    timeout = httpx2.Timeout(chosen.api_timeout_s, connect=min(_CONNECT_S, chosen.api_timeout_s), pool=_WAIT_S)
    return httpx2.AsyncClient(
        verify=context, timeout=timeout, limits=limits, follow_redirects=False, trust_env=False, headers={}
    )


async def _closed_later(http: httpx2.AsyncClient) -> None:
    await asyncio.sleep(2 * settings().api_timeout_s)
    await http.aclose()


def _pairs(told: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode("ascii"), value.encode("utf-8")) for name, value in told.items())


def _unready() -> Refusal:
    return Refusal(
        503, "not_ready", "The gateway cannot read its settings at the moment.", "Try again in a few seconds.",
        {"Retry-After": "2"},
    )  # fmt: skip
