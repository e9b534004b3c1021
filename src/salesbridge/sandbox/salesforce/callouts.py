"""Callouts through named credentials, carried out as Apex would: ``callout:Name/path``.

Source: Apex Developer Guide, *Named Credentials as Callout Endpoints*; Salesforce Help, *Enable External Credential
Principals*, *Permission Concepts for User External Credentials*. Which texts of exceptions were seen in real orgs
is told in docs/sandbox/credentials.md.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.callouts_request import Callout, Opened, check, request, uses_token
from salesbridge.sandbox.salesforce.callouts_token import Token, Tokens
from salesbridge.sandbox.salesforce.callouts_wire import (
    ASYNCHRONOUS_BYTES,
    SYNCHRONOUS_BYTES,
    Answer,
    CalloutError,
    Wire,
)
from salesbridge.sandbox.salesforce.credentials_model import CLIENT_ID
from salesbridge.sandbox.salesforce.credentials_store import credential_store

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.credentials_model import ExternalCredential, Principal
    from salesbridge.sandbox.salesforce.org import Org

__all__ = ["Callout", "CalloutError", "Callouts", "callouts"]


@dataclass(slots=True)
class CalloutSettings:
    """How the org makes callouts.

    ``ca_file``: PEM certificates the org trusts, in place of those of the machine.
    ``keep_token_on_replace``: whether a token outlives the replacement of the credentials it was fetched with. As that
    deletes values that are left out, of which the token is one, it doesn't by default; that is an assumption.
    ``single_refresh``: whether callouts whose token is refused together fetch one token, or each its own.
    ``profiles_grant_user_external_credentials``: whether every user's profile gives access to the object User External
    Credentials, as most standard profiles do; else a permission set must.
    """

    ca_file: str | None = None
    keep_token_on_replace: bool = False
    single_refresh: bool = True
    profiles_grant_user_external_credentials: bool = True


class Callouts:
    """Makes the callouts of an org; safe to use from several threads.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._store = credential_store(org)
        self._guard = threading.Lock()
        self._wires: dict[str | None, Wire] = {}
        self.settings = CalloutSettings()
        self.tokens = Tokens(self._store, self._wire)
        self.counts: Counter[str] = Counter()

    def _wire(self) -> Wire:
        trusted = self.settings.ca_file
        with self._guard:
            if trusted not in self._wires:
                self._wires[trusted] = Wire(self._store.org, trusted)
            return self._wires[trusted]

    # -- credentials -------------------------------------------------------------------------------------------

    def replaced(self, principal: Principal) -> None:
        """Note that a principal's credentials were replaced."""
        if not self.settings.keep_token_on_replace:
            self.tokens.forget(principal)

    def forget(self, principal: Principal) -> None:
        """Note that a principal's credentials were deleted."""
        self.tokens.forget(principal)

    def refresh(self, external: ExternalCredential, principal: Principal) -> None:
        """Fetch a principal's token anew.

        Raises:
            CalloutError: None can be had.
        """
        self.tokens.forget(principal)
        self.tokens.current(external, principal)

    # -- callouts ----------------------------------------------------------------------------------------------

    def send(self, callout: Callout) -> Answer:
        """Make a callout; an answer of any status is an answer.

        Raises:
            CalloutError: What Apex gets in place of an answer.
        """
        try:
            answer = self._send(callout)
        except CalloutError:
            self.counts["exceptions"] += 1
            raise
        self.counts["answers"] += 1
        return answer

    def _send(self, callout: Callout) -> Answer:
        check(callout)
        opened = self._open(callout)
        if not uses_token(opened.named, callout):
            return self._deliver(callout, opened, None)
        token = self.tokens.current(opened.external, opened.principal)
        answer = self._deliver(callout, opened, token)
        if answer.status not in opened.external.refresh_statuses:
            return answer
        self._check_rights(callout.user_id, opened.external, "modifyAllRecords")
        single = self.settings.single_refresh
        token = self.tokens.another(opened.external, opened.principal, token, single=single)
        return self._deliver(callout, opened, token)

    def _open(self, callout: Callout) -> Opened:
        """Find the endpoint and the principal the user may use.

        Raises:
            CalloutError: There is no such endpoint, or the user has no access.
        """
        with self._store.org.lock:
            named = self._store.named_named(callout.named_credential)
            if named is None or not named.enabled:
                raise CalloutError(_no_endpoint(callout.named_credential))
            external = self._store.external.get(named.external)
            if external is None:
                raise CalloutError(_no_access(named.external))
            principal = self._store.principal_for(callout.user_id, external)
            if principal is None:
                raise CalloutError(_no_access(external.name))
            self._check_rights(callout.user_id, external, "allowRead")
            held = self._store.secrets.get(principal.id)
            return Opened(named, external, principal, held.values.get(CLIENT_ID, "") if held else "")

    def _check_rights(self, user_id: str, external: ExternalCredential, right: str) -> None:
        """Refuse a user whose profile and permission sets give no such right on User External Credentials."""
        by_profile = self.settings.profiles_grant_user_external_credentials
        if not by_profile and right not in self._store.rights(user_id):
            raise CalloutError(_no_access(external.name))

    def _deliver(self, callout: Callout, opened: Opened, token: Token | None) -> Answer:
        limit = ASYNCHRONOUS_BYTES if callout.asynchronous else SYNCHRONOUS_BYTES
        made = request(callout, opened, token)
        seconds = callout.milliseconds / 1000
        return self._wire().send(made.method, made.url, made.headers, made.body, seconds=seconds, limit=limit)


def _no_endpoint(name: str) -> str:
    return (
        "The callout couldn't access the endpoint. You might not have the required permissions, "
        f'or the named credential "{name}" might not exist.'
    )


def _no_access(external: str) -> str:
    return (
        "We couldn't access the credential(s). You might not have the required permissions, "
        f'or the external credential "{external}" might not exist.'
    )


_ALL: weakref.WeakKeyDictionary[Org, Callouts] = weakref.WeakKeyDictionary()
_GUARD = threading.Lock()


def callouts(org: Org) -> Callouts:
    """What makes the callouts of an org."""
    with org.lock, _GUARD:  # in this order everywhere: credentials are written under the org's lock
        if org not in _ALL:
            _ALL[org] = Callouts(org)
        return _ALL[org]
