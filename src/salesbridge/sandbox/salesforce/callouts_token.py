"""Access tokens of principals: fetched by the client credentials flow, kept, fetched again when they are refused.

What is documented: a token is fetched again when a callout answers 401, or a status configured beside it (Salesforce
Help, *Troubleshooting for Named Credentials*; Metadata API, *ExternalCredential*). Nothing says that ``expires_in`` is
looked at, and Salesforce's other OAuth flows don't: so a token is used until it is refused. Credential values have a
revision, by which a fetch is skipped when somebody else just made it (Connect REST API, *Credential Value Input*).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from salesbridge.sandbox.salesforce.callouts_wire import DEFAULT_SECONDS, CalloutError
from salesbridge.sandbox.salesforce.credentials_model import BASIC, CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesbridge.sandbox.salesforce.callouts_wire import Answer, Wire
    from salesbridge.sandbox.salesforce.credentials_model import ExternalCredential, Principal, Secret
    from salesbridge.sandbox.salesforce.credentials_store import CredentialStore

_UNCONFIGURED = "The external credential isn't fully configured."
_UNREACHED = "The expired credentials couldn't be refreshed. Try again later."
_SERVER_ERROR = 500
_OK = 200


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the how-manieth of its principal it is."""

    value: str = field(repr=False)
    revision: int


class Tokens:
    """The tokens of an org's principals; safe to use from several threads.

    Args:
        store: The org's credentials.
        wire: Gives the connections.
    """

    def __init__(self, store: CredentialStore, wire: Callable[[], Wire]) -> None:
        self._store, self._wire = store, wire
        self._held: dict[str, Token] = {}
        self._locks: dict[str, threading.Lock] = {}
        self.fetched: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def revision(self, principal: Principal) -> int | None:
        """The revision of the token that is held, if one is."""
        found = self._held.get(principal.id)
        return found.revision if found is not None else None

    def forget(self, principal: Principal) -> None:
        """Drop the token that is held."""
        self._held.pop(principal.id, None)

    def current(self, external: ExternalCredential, principal: Principal) -> Token:
        """The token that is held, or a new one.

        Raises:
            CalloutError: None can be had.
        """
        self._secret(principal)
        return self._held.get(principal.id) or self.another(external, principal, None)

    def another(
        self, external: ExternalCredential, principal: Principal, refused: Token | None, *, single: bool = True
    ) -> Token:
        """A token other than one that was refused: the one fetched since (if ``single``), or a new one.

        Raises:
            CalloutError: None can be had.
        """
        if not single:
            return self._fetch(external, principal)
        with self._locks.setdefault(principal.id, threading.Lock()):
            held = self._held.get(principal.id)
            if held is not None and (refused is None or held.revision != refused.revision):
                return held
            return self._fetch(external, principal)

    def _secret(self, principal: Principal) -> Secret:
        secret = self._store.secrets.get(principal.id)
        if secret is None or not secret.complete:
            raise CalloutError(_UNCONFIGURED)
        return secret

    def _fetch(self, external: ExternalCredential, principal: Principal) -> Token:
        secret = self._secret(principal)
        self._linger(external)
        try:
            made = Token(self._ask(external, principal, secret), self.fetched[principal.id] + 1)
        except CalloutError:
            self.refused[principal.id] += 1
            raise
        self.fetched[principal.id] = made.revision
        # A token of credentials that were replaced meanwhile serves the callout that asked for it and nobody else.
        if self._store.secrets.get(principal.id) is secret:
            self._held[principal.id] = made
        return made

    def _linger(self, external: ExternalCredential) -> None:
        slow = self._store.org.faults.strikes("token_slow", external.token_url)
        if slow is not None:
            time.sleep(min(slow.seconds, DEFAULT_SECONDS))
            if slow.seconds >= DEFAULT_SECONDS:
                raise CalloutError(_UNREACHED)

    def _ask(self, external: ExternalCredential, principal: Principal, secret: Secret) -> str:
        form = {"grant_type": "client_credentials"}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        name, word = secret.values[CLIENT_ID], secret.values[CLIENT_SECRET]
        if external.variant == BASIC:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode()
        else:
            form |= {"client_id": name, "client_secret": word}
        scope = external.scope(principal)
        if scope:
            form["scope"] = scope
        try:
            answer = self._wire().send("POST", external.token_url, headers, urlencode(form).encode())
        except CalloutError:
            raise CalloutError(_UNREACHED) from None
        return _token(answer)


def _token(answer: Answer) -> str:
    """The token in an answer of a token endpoint.

    Raises:
        CalloutError: There is none.
    """
    try:
        body: Any = json.loads(answer.body)
    except ValueError:
        body = None
    if answer.status >= _SERVER_ERROR or not isinstance(body, dict):
        raise CalloutError(_UNREACHED)
    token = body.get("access_token")
    if answer.status != _OK or not isinstance(token, str) or not token:
        error, description = body.get("error") or "", body.get("error_description") or ""
        raise CalloutError(f"Unable to fetch the OAuth token. Error: {error}. Error description: {description}.")
    return token
