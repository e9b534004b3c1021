"""One signed connection: who we are, one replay after an expiry, bounded repeats, one exception type."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import orjson
import stamina

from salesbridge.salesforce.errors import SalesforceError, bad_answer, rest_error
from salesbridge.salesforce.hosts import is_loopback, login_url
from salesbridge.salesforce.oauth_errors import NO_API_SCOPE, REFUSED_AGAIN, oauth_error
from salesbridge.salesforce.tokens import Token, TokenCache, token_from
from salesbridge.salesforce.transport import new_client, transport_error
from salesbridge.salesforce.usage import CallKind, Usage, UsageMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from salesbridge.salesforce.auth import Credentials

T = TypeVar("T")

_ATTEMPTS: Final = 4
_PATIENCE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 20.0
_UNAUTHORIZED: Final = 401
_OK: Final = frozenset({200, 201, 202, 204})
_VERSION: Final = re.compile(r"\d{2,3}\.0")
# Refusals with 401 that a new token does not mend (as the jsforce client knows them).
_NOT_EXPIRY: Final = ("not valid for use with the rest api", "not attached to agent")


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is signed, so that it can be sent again.

    Attributes:
        method: HTTP method.
        path: From the instance's root, percent-encoded.
        kind: What it is counted as.
        params: Query parameters.
        headers: Besides those of every call.
        content: Body held in memory.
        body: Makes the streamed parts of a request (``content`` or ``files`` of the HTTP client), anew per attempt.
        ok: Statuses that are a success.
        reads: It changes nothing although its method is not GET.
    """

    method: str
    path: str
    kind: CallKind = "rest"
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    body: Callable[[], contextlib.AbstractContextManager[Mapping[str, Any]]] | None = None
    ok: frozenset[int] = _OK
    reads: bool = False

    @property
    def safe(self) -> bool:
        """Whether the call changes nothing."""
        return self.reads or self.method == "GET"


class Connection:
    """Signs and sends calls; safe to share between threads.

    Args:
        credentials: How to sign in.
        api_version: Such as ``66.0``.
        client_name: Names us in Salesforce's logs and change events (``Sforce-Call-Options``).
        http: A client to use instead of our own; the caller closes it.
        ca_file: PEM file of authorities to trust instead of the system's.
        allow_loopback: Sandbox mode: addresses of this machine, also with plain http, are allowed.
        save_duplicates: Save in spite of duplicate rules set to *Alert* (never of those set to *Block*).
        admit: Looks at each new token before it is used; what it raises ends the sign-in.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_version: str = "66.0",
        client_name: str = "Salesbridge",
        http: httpx2.Client | None = None,
        ca_file: Path | None = None,
        allow_loopback: bool = False,
        save_duplicates: bool = False,
        admit: Callable[[Token], None] | None = None,
    ) -> None:
        if not _VERSION.fullmatch(api_version):
            raise ValueError(f"An API version looks like 66.0, not {api_version!r}.")
        self._credentials = credentials
        self._origin = login_url(credentials.login_url, allow_loopback=allow_loopback)
        self._allow_loopback = allow_loopback
        loopback = is_loopback(urlsplit(self._origin).hostname or "")
        self._http = http or new_client(ca_file=ca_file, loopback=loopback)
        self._owned = http is None
        self._admit = admit
        self._tokens = TokenCache(self._sign_in)
        self._meter = UsageMeter()
        self._headers = _data_headers(client_name, save_duplicates=save_duplicates)
        self.api_version = api_version
        self.base_path = f"/services/data/v{api_version}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._origin}, v{self.api_version})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection pool, if it is our own."""
        if self._owned:
            self._http.close()

    @property
    def usage(self) -> Usage:
        """The API allowance and our own calls, as of now."""
        return self._meter.snapshot()

    @property
    def token(self) -> Token:
        """The current token; signs in when there is none."""
        return self._tokens.current()

    def renewed(self, stale: Token) -> Token:
        """Gives a token other than one that was refused; signs in unless another thread has done so."""
        return self._tokens.renewed(stale)

    @property
    def allow_loopback(self) -> bool:
        """Whether this is sandbox mode, in which addresses of this machine are allowed."""
        return self._allow_loopback

    def send(self, call: Call) -> httpx2.Response:
        """Sends a call and reads its answer.

        Raises:
            SalesforceError: Of any failure; nothing else is raised.
        """
        return _patiently(lambda: self._signed(call, read=True))

    def json(self, call: Call, expected: type[Any] = dict) -> Any:
        """Sends a call and decodes its JSON answer, which must be of the expected type."""
        return _patiently(lambda: decoded(self._signed(call, read=True), expected, safe=call.safe))

    @contextlib.contextmanager
    def stream(self, call: Call) -> Iterator[httpx2.Response]:
        """Sends a call and gives its answer while the body still streams in."""
        response = _patiently(lambda: self._signed(call, read=False))
        try:
            yield response
        except httpx2.TransportError as exc:
            raise transport_error(exc, response.url.host, safe=True) from exc
        except httpx2.DecodingError as exc:
            raise bad_answer(response, "Readable content", safe=True) from exc
        finally:
            response.close()

    def _signed(self, call: Call, *, read: bool) -> httpx2.Response:
        token = self._tokens.current()
        response = self._once(call, token)
        if response.status_code == _UNAUTHORIZED:
            if _is_lasting(response):
                raise _unauthorized(response, NO_API_SCOPE)
            response = self._once(call, self._tokens.renewed(token))
            if response.status_code == _UNAUTHORIZED:
                raise _unauthorized(response, REFUSED_AGAIN)
        if response.status_code not in call.ok:
            raise rest_error(response, safe=call.safe)
        if read:
            self._read(response, safe=call.safe)
        return response

    def _once(self, call: Call, token: Token) -> httpx2.Response:
        with call.body() if call.body else contextlib.nullcontext({"content": call.content}) as body:
            request = self._http.build_request(
                call.method,
                token.instance_url + call.path,
                params=call.params,
                headers={**self._headers, **call.headers, "Authorization": f"Bearer {token.access.get_secret_value()}"},
                **body,
            )
            response = self._sent(request, call.kind, safe=call.safe)
        if response.status_code not in call.ok:
            self._read(response, safe=call.safe)
        return response

    def _sent(self, request: httpx2.Request, kind: CallKind, *, safe: bool) -> httpx2.Response:
        self._meter.count(kind)
        try:
            response = self._http.send(request, stream=True)
        except httpx2.TransportError as exc:
            raise transport_error(exc, request.url.host, safe=safe) from exc
        self._meter.read(response.headers.get("sforce-limit-info"))
        return response

    @staticmethod
    def _read(response: httpx2.Response, *, safe: bool) -> None:
        try:
            response.read()
        except httpx2.TransportError as exc:
            raise transport_error(exc, response.url.host, safe=safe) from exc
        except httpx2.DecodingError as exc:
            raise bad_answer(response, "Readable content", safe=safe) from exc

    def _sign_in(self) -> Token:
        request = self._http.build_request(
            "POST",
            f"{self._origin}/services/oauth2/token",
            data=dict(self._credentials.form(self._origin)),
            headers={"Accept": "application/json"},
        )
        response = self._sent(request, "login", safe=True)
        self._read(response, safe=True)
        if response.status_code not in _OK:
            raise oauth_error(response)
        token = token_from(response, allow_loopback=self._allow_loopback)
        if self._admit is not None:
            self._admit(token)
        return token


def decoded(response: httpx2.Response, expected: type[Any] = dict, *, safe: bool = True) -> Any:
    """Decodes a JSON answer, which must be of the expected type."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, expected):
        raise bad_answer(response, "JSON", safe=safe)
    return body


def _data_headers(client_name: str, *, save_duplicates: bool) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Sforce-Call-Options": f"client={client_name}",
        "Sforce-Mru": "updateMru=false",
    }
    if save_duplicates:
        headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    return headers


def _patiently(work: Callable[[], T]) -> T:
    """Does some work again while that is harmless, for about a minute at most."""
    for attempt in stamina.retry_context(
        on=_worth_repeating, attempts=_ATTEMPTS, timeout=_PATIENCE_S, wait_initial=0.2, wait_jitter=0.5
    ):
        with attempt:
            return work()
    raise AssertionError("stamina either returns or raises")  # pragma: no cover


def _worth_repeating(exc: Exception) -> bool | float:
    """Says whether a failure is harmless to repeat at once, and after how many seconds.

    A failure with unknown outcome is left to the caller, who can read back; a long pause to the caller's schedule.
    """
    if not isinstance(exc, SalesforceError) or exc.unknown_outcome or exc.kind not in {"transient", "throttled"}:
        return False
    if exc.retry_after is None:
        return exc.kind == "transient"
    return exc.retry_after if exc.retry_after <= _LONGEST_PAUSE_S else False


def _is_lasting(response: httpx2.Response) -> bool:
    said = response.text.lower()
    return any(phrase in said for phrase in _NOT_EXPIRY)


def _unauthorized(response: httpx2.Response, mend: str) -> SalesforceError:
    error = rest_error(response, safe=True)
    error.kind, error.mend = "authentication", mend
    return error
