"""The access token that all threads of a connection share."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from pydantic import SecretStr

from salesbridge.salesforce.errors import bad_answer
from salesbridge.salesforce.hosts import login_url

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

_IDENTITY_SEGMENTS = 2


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and where it counts; it names no lifetime, for Salesforce tells none.

    Attributes:
        access: The bearer token.
        instance_url: Base of every later call, without a trailing slash.
        org_id: 18 characters.
        user_id: 18 characters, who the connector acts as.
    """

    access: SecretStr = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str


def token_from(response: httpx2.Response, *, allow_loopback: bool) -> Token:
    """Reads a token endpoint's success; its identity URL ends with org id and user id."""
    try:
        body: dict[str, Any] = orjson.loads(response.content)
        access, instance, identity = body["access_token"], body["instance_url"], urlsplit(body["id"]).path
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        raise bad_answer(response, "An access token", safe=True) from None
    ids = identity.rstrip("/").split("/")[-_IDENTITY_SEGMENTS:]
    if len(ids) != _IDENTITY_SEGMENTS or not all(isinstance(part, str) for part in (access, instance)):
        raise bad_answer(response, "An access token", safe=True)
    return Token(SecretStr(access), login_url(instance, allow_loopback=allow_loopback), *ids)


class TokenCache:
    """Holds one token and renews it once per expiry, however many threads notice the expiry."""

    def __init__(self, sign_in: Callable[[], Token]) -> None:
        self._sign_in = sign_in
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._flight: Future[Token] | None = None

    def current(self) -> Token:
        """Gives the token, signing in when there is none yet."""
        return self._token or self.renewed(None)

    def renewed(self, stale: Token | None) -> Token:
        """Gives a token other than the stale one.

        Threads that arrive while another signs in share its outcome, also its failure: a wrong password is
        tried once, not once per thread, which would lock the user out.
        """
        with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token
            flight, leading = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = Future()
        if leading:
            self._lead(flight)
        return flight.result()

    def _lead(self, flight: Future[Token]) -> None:
        try:
            token = self._sign_in()
        except BaseException as exc:  # noqa: BLE001  whoever waits must learn of any end
            self._land(None)
            flight.set_exception(exc)
        else:
            self._land(token)
            flight.set_result(token)

    def _land(self, token: Token | None) -> None:
        with self._lock:
            self._token = token
            self._flight = None
