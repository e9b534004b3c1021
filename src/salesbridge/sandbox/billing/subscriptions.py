"""Who is told of events: subscriptions, how failed deliveries are repeated, and the body that is sent."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from salesbridge.sandbox.billing.signing import SigningKey

if TYPE_CHECKING:
    import ssl

PING = "integration:ping"


@dataclass(frozen=True, slots=True)
class Retries:
    """When a delivery counts as failed and when it is tried again; real time, whatever the sandbox's clock says.

    Args:
        pauses: Seconds between attempts; there is one attempt more than pauses. Default: seven in 40 minutes.
        scale: Factor of each pause, so that tests need not wait.
        timeout: Seconds within which the receiver has to answer.
    """

    pauses: tuple[float, ...] = (10, 30, 120, 360, 720, 1160)
    scale: float = 1.0
    timeout: float = 10.0

    def pause_after(self, attempt: int) -> float | None:
        """Seconds to wait after a failed attempt (the first is 1); None after the last."""
        return self.pauses[attempt - 1] * self.scale if attempt <= len(self.pauses) else None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An app that is told of events.

    Args:
        endpoint: Where events are posted, on this machine.
        app_id: UUID of the app.
        tenant_id: The tenant as the platform knows it.
        key: Signs the events.
        event_types: The types wanted; empty: all.
        concurrency: How many events are posted at once; with 1 and no failure they arrive in order.
        retries: When attempts are repeated.
        context: Trust for an https endpoint.

    Raises:
        ValueError: The endpoint is no URL of this machine, or the concurrency is below 1.
    """

    endpoint: str
    app_id: str
    tenant_id: str
    key: SigningKey = field(repr=False)
    event_types: frozenset[str] = frozenset()
    concurrency: int = 4
    retries: Retries = Retries()
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse an endpoint outside this machine."""
        url = urlsplit(self.endpoint)
        if url.scheme not in {"http", "https"} or not _is_loopback(url.hostname or ""):
            raise ValueError(f"{self.endpoint} is no address of this machine, such as http://127.0.0.1:8000/hooks")
        if self.concurrency < 1:
            raise ValueError("concurrency is at least 1")

    def wants(self, event_type: str) -> bool:
        """Whether the app is told of a type; the connectivity test always is."""
        return not self.event_types or event_type in self.event_types or event_type == PING


@dataclass(frozen=True, slots=True)
class Event:
    """An event before it is addressed to an app; ``at`` is in milliseconds since 1970."""

    event_id: str
    event_type: str
    at: int
    data: dict[str, str]
    source: str | None = None

    def body(self, subscription: Subscription) -> bytes:
        """The body for an app, with its members in alphabetical order as in the vendor's sample."""
        envelope = {
            "appId": subscription.app_id,
            "tenantId": subscription.tenant_id,
            "eventId": self.event_id,
            "eventType": self.event_type,
            "createdAt": _iso(self.at),
            "version": 1,
            "data": self.data,
        }
        if self.source is not None:
            envelope["eventSource"] = self.source
        return orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS)


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
