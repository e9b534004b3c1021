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
from salesbridge.billing.keys import filled
from salesbridge.billing.paths import Native, merged
from salesbridge.billing.port import KEYS, KINDS, BillingError, Page, System
from salesbridge.billing.reading import Reading
from salesbridge.billing.shape import NativePage, Reader, RecordShape, attribute_paths, read_all, reader
from salesbridge.billing.write_table import Call
from salesbridge.billing.writing import Writing

T = TypeVar("T")

TIMEOUT: Final = httpx2.Timeout(connect=10.0, read=60.0, write=60.0, pool=30.0)
_ATTEMPTS: Final = 4
_PATIENCE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 20.0
_NOT_FOUND: Final = 404
_NOT_ALLOWED: Final = 405


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
        self._reading = Reading(self._paths, self._readers, self._asked, lambda body: dialect.reply(body, {}).items)
        self._writing = Writing(dialect.writes, self._paths, dialect.paths, self._reading, self._sent)

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
        for page in self.native_pages(kind, after=after, since=since):
            rows, malformed = read_all(self._readers[kind], page.items, page.position)
            yield Page(rows, malformed, page.after)

    def native_pages(
        self, kind: str, *, after: str | None = None, since: datetime | None = None
    ) -> Iterator[NativePage]:
        """Yields the same pages with their items as the product spells them (see ``shape``)."""
        query = (
            dict(parse_qsl(after, keep_blank_values=True))
            if after
            else dict(self._dialect.first(since, self._known_zone))
        )
        while True:
            reply = self._asked(f"{kind}.list", lambda body: self._dialect.reply(body, query), query)  # noqa: B023  used at once
            yield NativePage(reply.items, _place(kind, query), reply.following)
            if reply.following is None:
                return
            query = _advanced(query, reply.following)

    def shape(self, kind: str) -> RecordShape | None:
        """Tells how the records of a kind are spelt, the tenant's paths included; None for those that have lines."""
        if any(name.startswith(f"{kind}.line.") for name in self._paths):
            return None
        return RecordShape(attribute_paths(kind, self._paths), KEYS[kind], self._readers[kind])

    def read(self, kind: str, key: str) -> dict[str, Any] | None:
        """Reads one record by its business key; None where there is none."""
        return self._reading.read(kind, key)

    def referenced(self, kind: str, reference: str) -> dict[str, Any] | None:
        """Reads the record that its creator called so; None where there is none."""
        return self._reading.referenced(kind, reference)

    def writable(self, kind: str) -> frozenset[str]:
        """Tells which attributes of a kind some call carries."""
        return self._writing.writable(kind)

    def write(
        self, kind: str, key: str, attributes: Mapping[str, Any], *, known: Mapping[str, Any] | None = None
    ) -> int:
        """Changes attributes of a record and tells the number of calls; repeating it is harmless."""
        return self._writing.write(kind, key, attributes, known)

    def create(self, kind: str, attributes: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        """Creates a record and gives it as it is then.

        Where the product knows no idempotency key, a record whose business key is given is looked for first; for
        others an error with ``unknown_outcome`` leaves the looking to the caller.
        """
        return self._writing.create(kind, attributes, idempotency_key)

    def delete(self, kind: str, key: str) -> None:
        """Deletes a record by its business key; gone already is fine."""
        self._writing.delete(kind, key)

    def _asked(
        self,
        name: str,
        understand: Callable[[Any], T],
        query: Mapping[str, str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
    ) -> T:
        return _patiently(lambda: self._understood(self._once("GET", name, query, at=at), understand))

    def _sent(
        self,
        call: Call,
        body: Mapping[str, Any] | None,
        understand: Callable[[Any], T] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> T | None:
        def once() -> T | None:
            response = self._once(call.method, call.name, body=body, at=at, idempotency_key=idempotency_key)
            try:
                return self._understood(response, understand) if understand else None
            except BillingError as exc:  # it was carried out, and only the answer is unreadable
                exc.unknown_outcome = not _is_safe(call.method, idempotency_key)
                raise

        return _patiently(once)

    @staticmethod
    def _understood(response: httpx2.Response, understand: Callable[[Any], T]) -> T:
        try:
            return understand(orjson.loads(response.content))
        except orjson.JSONDecodeError:
            raise unreadable(response) from None
        except UnexpectedShapeError as exc:
            raise shape_error(response, str(exc)) from None

    def _once(
        self,
        method: str,
        name: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> httpx2.Response:
        safe = _is_safe(method, idempotency_key)
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        content = orjson.dumps(body) if body is not None else None
        url = self._base + filled(self._paths[name].path, at or {})
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
        if error.status in {_NOT_FOUND, _NOT_ALLOWED}:
            advice = f"The path {native.path} is {native.mark}: set {name} in the tenant's settings to the right one."
            error.mend = f"Check that the record exists. {advice}" if _names_record(error, native) else advice
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


def _names_record(error: BillingError, native: Native) -> bool:
    return error.status == _NOT_FOUND and "{" in native.path


def _is_safe(method: str, idempotency_key: str | None) -> bool:
    """Whether a call may be repeated: what is PUT or PATCHed here is whole values, so a repeat changes nothing."""
    return method != "POST" or idempotency_key is not None


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
