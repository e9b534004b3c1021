"""Named and external credentials over the Connect REST API: how Salesforce calls out, and with which secret.

Sources: Connect REST API Developer Guide, "Named Credentials Resources" and the pages it leads to. Secrets are written
and never read back: of what was pushed only the client id can be seen again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal
from urllib.parse import quote as percent

import orjson
from pydantic import SecretStr

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.errors import SalesforceError
from salesbridge.salesforce.named_credential_bodies import (
    CONFIGURED,
    NAMED_PRINCIPAL,
    External,
    Named,
    Pushed,
    agrees,
    credential_input,
    external_input,
    external_of,
    named_input,
    named_of,
)
from salesbridge.salesforce.rest import Salesforce

__all__ = ["CONFIGURED", "External", "Named", "NamedCredentials", "Pushed"]

_JSON: Final = {"Content-Type": "application/json"}
_CONFLICT, _FORBIDDEN, _NOT_FOUND = 409, 403, 404
_PERMISSION: Final = (
    "Give the connector's user the permission Manage Named Credentials: Setup > Permission Sets > a set of its own > "
    "System Permissions."
)
_IN_USE: Final = "Take it out of what uses it in Salesforce (Apex, flows, external services), then remove it again."


class NamedCredentials:
    """The resources below ``named-credentials`` of an org.

    Every method raises ``SalesforceError``; writing needs *Manage Named Credentials* or *Customize Application*.

    Args:
        salesforce: The org.
    """

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce
        self._root = f"{salesforce.base_path}/named-credentials"

    def external(self, name: str) -> External | None:
        """Reads an external credential; None if there is none."""
        told = self._there("external-credentials", name)
        return external_of(told) if told else None

    def put_external(self, wanted: External) -> bool:
        """Makes an external credential, or changes the one that is there; what others added to it stays.

        Returns:
            Whether it was made.
        """
        there = self.external(wanted.name)
        if there is None:
            self._write("POST", "external-credentials", external_input(wanted, {}))
        elif not agrees(there, wanted):
            self._write("PUT", f"external-credentials/{percent(wanted.name)}", external_input(wanted, there.told))
        return there is None

    def delete_external(self, name: str) -> None:
        """Deletes an external credential with what it holds; nothing if there is none."""
        self._delete(f"external-credentials/{percent(name)}")

    def named(self, name: str) -> Named | None:
        """Reads a named credential; None if there is none."""
        told = self._there("named-credential-setup", name)
        return named_of(told) if told else None

    def put_named(self, wanted: Named) -> bool:
        """Makes a named credential, or points the one that is there to another address.

        Returns:
            Whether it was made.
        """
        there = self.named(wanted.name)
        if there is None:
            self._write("POST", "named-credential-setup", named_input(wanted))
        elif (there.url, there.external) != (wanted.url, wanted.external):
            self._write("PUT", f"named-credential-setup/{percent(wanted.name)}", named_input(wanted))
        return there is None

    def delete_named(self, name: str) -> None:
        """Deletes a named credential; nothing if there is none."""
        self._delete(f"named-credential-setup/{percent(name)}")

    def pushed(self, external: str, principal: str) -> Pushed:
        """Reads what can be seen of a principal's credentials."""
        params = {"externalCredential": external, "principalName": principal, "principalType": NAMED_PRINCIPAL}
        with _mends():
            told = self._salesforce.json(Call("GET", f"{self._root}/credential", params=params))
        values = told.get("credentials") or {}
        return Pushed(
            str(told.get("authenticationStatus") or ""), str((values.get("clientId") or {}).get("value") or "")
        )

    def push(self, external: External, client_id: str, secret: SecretStr) -> None:
        """Gives a principal its client id and secret, in place of those that it has.

        A failure with ``unknown_outcome`` may have given them all the same. Giving the same ones again is harmless.
        """
        body = credential_input(external) | {
            "credentials": {
                "clientId": {"value": client_id, "encrypted": False},
                "clientSecret": {"value": secret.get_secret_value(), "encrypted": True},
            }
        }
        first: Literal["PUT", "POST"] = "POST"
        if self.pushed(external.name, external.principal).status == CONFIGURED:
            first = "PUT"
        try:
            self._write(first, "credential", body)
        except SalesforceError as error:
            if error.status != (_CONFLICT if first == "POST" else _NOT_FOUND):
                raise
            self._write("PUT" if first == "POST" else "POST", "credential", body)

    def refresh(self, external: External) -> None:
        """Has Salesforce fetch a token now, with the credentials that it holds ("Credential", action ``Refresh``)."""
        body = credential_input(external) | {"credentials": {}}
        call = Call(
            "POST", f"{self._root}/credential", params={"action": "Refresh"}, headers=_JSON,
            content=orjson.dumps(body), reads=True,
        )  # fmt: skip
        with _mends():
            self._salesforce.send(call)

    def take_back(self, external: str, principal: str) -> None:
        """Deletes a principal's credentials; nothing if there are none."""
        params = {"externalCredential": external, "principalName": principal, "principalType": NAMED_PRINCIPAL}
        self._delete("credential", params)

    def _there(self, resource: str, name: str) -> dict[str, Any] | None:
        try:
            with _mends():
                found = self._salesforce.json(Call("GET", f"{self._root}/{resource}/{percent(name)}"))
        except SalesforceError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return dict(found)

    def _write(self, method: str, resource: str, body: Mapping[str, Any]) -> None:
        call = Call(method, f"{self._root}/{resource}", headers=_JSON, content=orjson.dumps(body))
        with _mends():
            self._salesforce.send(call)

    def _delete(self, resource: str, params: Mapping[str, str] | None = None) -> None:
        try:
            with _mends(deleting=True):
                self._salesforce.send(Call("DELETE", f"{self._root}/{resource}", params=params))
        except SalesforceError as error:
            if error.status != _NOT_FOUND:
                raise


@contextmanager
def _mends(*, deleting: bool = False) -> Iterator[None]:
    """Says what to do where the general advice is about records."""
    try:
        yield
    except SalesforceError as error:
        if error.status == _FORBIDDEN:
            error.mend = _PERMISSION
        elif deleting and error.kind == "permanent" and error.status != _NOT_FOUND:
            error.mend = _IN_USE
        raise
