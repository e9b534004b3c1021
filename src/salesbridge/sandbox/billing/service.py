"""One billing system as it runs: its records, its settings, who may call, and what was called."""

from __future__ import annotations

import hmac
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol
from zoneinfo import ZoneInfo

import orjson
from starlette.responses import Response

from salesbridge.sandbox.billing.faults import Faults, spoil
from salesbridge.sandbox.billing.pace import Pace, Provisioner
from salesbridge.sandbox.billing.provisioning import Provisioning
from salesbridge.sandbox.billing.publisher import Publisher
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.billing.subscriptions import Retries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

Product = Literal["junifer", "velocity"]
DEFAULT_VERSIONS: dict[Product, str] = {"junifer": "6.4.1", "velocity": "4.13.2"}
_WITH_DIGIT = re.compile(r"[^/]*[0-9:][^/]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a billing system is set up.

    Args:
        product: Which dialect it speaks.
        api_key: The key of its user.
        username: The user that Junifer wants beside the key.
        internal_url: The address that its links show, which no client outside can reach.
        version: What the version endpoint answers; empty: a version that the connector supports.
        zone: Time zone of the tenant; empty: that of the seed's market.
        modules: What Velocity says is installed.
        restricted: Further Velocity keys, each with the resources that its user may not use (403).
        users: Further users by name, each with the key of its own; changes tell which user made them.
        touch_account: Whether an account counts as modified when the name, phone or fax that it shows of its primary
            customer changes; a real system may not do so.
        retries: When events that were not delivered are sent again.
        provisioning: How accepted orders go on by themselves; as it is: not at all.
    """

    product: Product = "junifer"
    api_key: str = field(default="sandbox-key", repr=False)
    username: str = "sandbox"
    internal_url: str = "http://billing.internal:43002"
    version: str = ""
    zone: str = ""
    modules: tuple[str, ...] = ("Billing", "CRM", "MarketMessages", "Events")
    restricted: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    touch_account: bool = True
    retries: Retries = Retries()
    provisioning: Pace = Pace()

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Every user with its key."""
        return ((self.username, self.api_key), *self.users.items())


class Dialect(Protocol):
    """What the gate needs to know of a dialect."""

    @property
    def prefix(self) -> str:
        """The base path of the API."""

    def caller(self, headers: Mapping[str, str]) -> str | None:
        """The name of the user whose credentials came with a call; None when they are wrong."""

    def error(self, status: int, code: str, message: str) -> Response:
        """An error answer."""


class Service:
    """The running system behind either dialect.

    Args:
        billing: Its records.
        settings: How it is set up.
    """

    def __init__(self, billing: Billing | None = None, settings: Settings | None = None) -> None:
        self.billing = billing or Billing()
        self.settings = settings or Settings()
        self.faults = Faults()
        self.billing.touch_account = self.settings.touch_account
        self.publisher = Publisher(self.billing, self.faults, self.settings.product, self.settings.retries)
        self.provisioning = Provisioning(self.billing)
        self.provisioner = Provisioner(self.billing, self.settings.provisioning)
        self.version = self.settings.version or DEFAULT_VERSIONS[self.settings.product]
        self.zone = ZoneInfo(self.settings.zone or self.billing.seed.place.zone)
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def currency(self) -> str:
        """The currency of the market."""
        return self.billing.seed.place.currency

    def called(self, method: str, path: str) -> None:
        """Count a call; segments with digits are counted together."""
        with self._lock:
            self.calls[f"{method} {_normal(path)}"] += 1

    def state(self) -> dict[str, Any]:
        """Number of records of each kind, calls by path, faults and switches."""
        with self._lock:
            calls = dict(self.calls)
        return {
            "product": self.settings.product,
            "version": self.version,
            "timeZone": self.zone.key,
            "publishing": self.billing.publishing,
            "counts": {kind: self.billing.count(kind) for kind in self.billing.seed.counts},
            "calls": calls,
            "faults": self.faults.state(),
            "lastChange": self.billing.last_change,
            "eventsWaiting": self.publisher.waiting,
        }

    def listed(
        self, request: Request, rows: list[dict[str, Any]], *, more: bool, number: str
    ) -> tuple[list[Any], bool]:
        """The rows of a list answer and whether there are more, after the faults that spoil lists."""
        method, path = request.method, request.url.path
        if self.faults.strikes("truncated_page", method, path):
            return rows[: len(rows) // 2], False
        if fault := self.faults.strikes("malformed_rows", method, path):
            return spoil(rows, fault.every, number), more
        return rows, more


def same(given: str | None, wanted: str) -> bool:
    """Whether a credential is the wanted one, in a time that does not tell how much of it is."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


def json_answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def _normal(path: str) -> str:
    head, found, rest = path.partition("/v1/")
    return f"{head}{found}{_WITH_DIGIT.sub('{}', rest)}"
