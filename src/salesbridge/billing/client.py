"""A billing system spoken to over HTTP, in either dialect."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx2
import orjson
import stamina
from pydantic import SecretStr

from salesbridge.billing.address import base_url as checked
from salesbridge.billing.dialect import Dialect, UnexpectedShapeError
from salesbridge.billing.errors import answer_error, shape_error, transport_error, unreadable
from salesbridge.billing.paths import Native, merged
from salesbridge.billing.port import KINDS, BillingError, Page, System
from salesbridge.billing.shape import Reader, read_all, reader

T = TypeVar("T")

TIMEOUT: Final = httpx2.Timeout(connect=10.0, read=60.0, write=60.0, pool=30.0)
_ATTEMPTS: Final = 4
_PATIENCE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 20.0
_NOT_FOUND: Final = 404


class BillingApi:
    """One tenant's billing system; safe to share between threads.

    Args:
        dialect: The product's way of speaking.
        base_url: Host and path of the API; a bare host gets the product's usual path.
        username: The API user, where the product asks for one.
        api_key: Its key.
        overrides: The tenant's own paths (see ``paths.merged``).
        http: A client to use instead of our own; the caller closes it.
        ca_file: PEM file of authorities to trust instead of the system's.
        allow_loopback: Sandbox mode: addresses of this machine, also with plain http, are allowed.
    """

    def __init__(
        self,
        dialect: Dialect,
        base_url: str,
        *,
        username: str | None,
        api_key: SecretStr,
        overrides: Mapping[str, str] | None = None,
        http: httpx2.Client | None = None,
        ca_file: Path | None = None,
        allow_loopback: bool = False,
    ) -> None:
        self._dialect = dialect
        self._base = checked(base_url, dialect.base_path, allow_loopback=allow_loopback)
        self._host = urlsplit(self._base).hostname or ""
        self._paths = merged(dialect.paths, overrides)
        self._readers: dict[str, Reader] = {kind: reader(kind, self._paths) for kind in KINDS}
        self._headers = {"Accept": "application/json", **dialect.headers(username, api_key)}
        self._http = http or _new_client(ca_file)
        self._owned = http is None
        self._system: System | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._dialect.product}, {self._base})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection pool, if it is our own."""
        if self._owned:
            self._http.close()

    @property
    def paths(self) -> Mapping[str, Native]:
        """The dialect's paths with the tenant's laid over them, each with its mark."""
        return self._paths

    def system(self) -> System:
        """Asks which system it is."""
        return self._asked("system.version", self._dialect.system)

    def _known_zone(self) -> str | None:
        if self._system is None:
            self._system = self.system()
        return self._system.zone

    def publishing(self) -> bool | None:
        """Asks whether the system publishes events; None where it does not know the question."""
        if "system.publishing" not in self._paths:
            return None
        try:
            return self._asked("system.publishing", self._dialect.publishing)
        except BillingError as exc:
            if exc.status == _NOT_FOUND:
                return None
            raise

    def set_publishing(self, on: bool) -> None:  # noqa: FBT001  the port's signature
        """Switches the publishing of events on or off."""
        if "system.publishing" not in self._paths:
            raise BillingError(
                "This tenant's settings say that event publishing cannot be switched from here.",
                kind="permanent",
                code="NO_PUBLISHING",
                mend="Switch it in the billing system.",
            )
        body = self._dialect.publishing_body(on=on)
        _patiently(lambda: self._once("PUT", "system.publishing", body=body))

    def count(self, kind: str) -> int | None:
        """Counts the records of a kind; None where the system cannot tell."""
        name = f"{kind}.count"
        if name not in self._paths:
            return None
        try:
            return self._asked(name, self._dialect.counted, self._dialect.count_query())
        except BillingError as exc:
            if exc.status == _NOT_FOUND:
                return None
            raise

    def pages(self, kind: str, *, after: str | None = None, since: datetime | None = None) -> Iterator[Page]:
        """Yields the records of a kind in pages; a cursor holds its ``since``."""
        query = (
            dict(parse_qsl(after, keep_blank_values=True))
            if after
            else dict(self._dialect.first(since, self._known_zone))
        )
        read = self._readers[kind]
        while True:
            reply = self._asked(f"{kind}.list", lambda body: self._dialect.reply(body, query), query)  # noqa: B023  used at once
            at = _place(kind, query)
            rows, malformed = read_all(read, reply.items, lambda index: f"{at}, item {index + 1}")  # noqa: B023  as above
            yield Page(rows, malformed, reply.following)
            if reply.following is None:
                return
            query = _advanced(query, reply.following)

    def _asked(self, name: str, understand: Callable[[Any], T], query: Mapping[str, str] | None = None) -> T:
        return _patiently(lambda: self._understood(self._once("GET", name, query), understand))

    @staticmethod
    def _understood(response: httpx2.Response, understand: Callable[[Any], T]) -> T:
        try:
            return understand(orjson.loads(response.content))
        except orjson.JSONDecodeError:
            raise unreadable(response) from None
        except UnexpectedShapeError as exc:
            raise shape_error(response, str(exc)) from None

    def _once(
        self, method: str, name: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> httpx2.Response:
        safe = method in {"GET", "PUT"}  # what is PUT here is a whole value: a repeat changes nothing
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        content = orjson.dumps(body) if body is not None else None
        url = self._base + self._paths[name].path
        try:
            response = self._http.request(method, url, params=query, headers=headers, content=content)
        except httpx2.TransportError as exc:
            raise transport_error(exc, self._host, safe=safe) from exc
        except httpx2.DecodingError as exc:
            raise transport_error(httpx2.ReadError(str(exc)), self._host, safe=safe) from exc
        if not response.is_success:
            raise self._with_path(answer_error(response, self._dialect, safe=safe), name)
        return response

    def _with_path(self, error: BillingError, name: str) -> BillingError:
        """Tells, where a path is not found, which one, how sure we are of it, and how to change it."""
        native = self._paths[name]
        if error.status == _NOT_FOUND:
            error.mend = (
                f"The path {native.path} is {native.mark}: set {name} in the tenant's settings to the right one."
            )
        return error


def _new_client(ca_file: Path | None) -> httpx2.Client:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(str(ca_file))
    return httpx2.Client(verify=context, timeout=TIMEOUT, follow_redirects=False)


def _patiently(work: Callable[[], T]) -> T:
    """Does some work again while that is harmless, for about a minute at most."""
    for attempt in stamina.retry_context(
        on=_worth_repeating, attempts=_ATTEMPTS, timeout=_PATIENCE_S, wait_initial=0.2, wait_jitter=0.5
    ):
        with attempt:
            return work()
    raise AssertionError("stamina either returns or raises")  # pragma: no cover


def _worth_repeating(exc: Exception) -> bool | float:
    if not isinstance(exc, BillingError) or exc.unknown_outcome or exc.kind not in {"transient", "throttled"}:
        return False
    if exc.retry_after is None:
        return True
    return exc.retry_after if exc.retry_after <= _LONGEST_PAUSE_S else False


def _place(kind: str, query: Mapping[str, str]) -> str:
    cursor = query.get("after") or query.get("cursor")
    return f"{kind} list after {cursor}" if cursor else f"{kind} list, first page"


def _advanced(query: Mapping[str, str], following: str) -> dict[str, str]:
    advanced = dict(parse_qsl(following, keep_blank_values=True))
    if advanced == query:
        raise BillingError(
            "The list's link to its next page leads to the same page.",
            kind="permanent",
            code="BAD_ANSWER",
            mend="Report it to the operators of the billing system: its paging does not advance.",
        )
    return advanced
