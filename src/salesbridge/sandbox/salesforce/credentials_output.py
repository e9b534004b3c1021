"""Answers of the named-credentials resources: the documented properties, each from the version that brought it.

Source: Connect REST API Developer Guide, *External Credential*, *Named Credential*, *Credential* and what they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.credentials_model import ENCRYPTED, NAMED_PRINCIPAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesbridge.sandbox.salesforce.credentials_model import (
        ExternalCredential,
        Header,
        NamedCredential,
        Parameter,
        Principal,
    )
    from salesbridge.sandbox.salesforce.credentials_store import CredentialStore

_SINCE = {
    **dict.fromkeys(("authenticationProtocolVariant", "customHeaders"), 57.0),
    **dict.fromkeys(("id", "url", "principalAccess", "sequenceNumber"), 58.0),
    **dict.fromkeys(("calloutOptions", "calloutUrl", "externalCredentials", "networkConnection", "type"), 58.0),
    **dict.fromkeys(("calloutStatus", "createdByNamespace"), 59.0),
    "description": 64.0,
}


class Shapes:
    """Writes credentials as one version of the API shows them.

    Args:
        store: The org's credentials.
        base: The path resources of the version start with.
        version: The version.
        full: Whether the caller may view Setup; others see some properties empty.
    """

    def __init__(self, store: CredentialStore, base: str, version: float, *, full: bool) -> None:
        self._store, self._version, self._full = store, version, full
        self._base = f"{base}/named-credentials"

    def _known(self, shape: dict[str, Any], **since: float) -> dict[str, Any]:
        since_all = {**_SINCE, **since}
        return {name: value for name, value in shape.items() if since_all.get(name, 0.0) <= self._version}

    # -- external credentials ----------------------------------------------------------------------------------

    def external(self, found: ExternalCredential) -> dict[str, Any]:
        """An external credential with its principals and the named credentials that rest on it."""
        return self._known(
            {
                **self._external_head(found),
                "customHeaders": self._headers(found.headers),
                "parameters": self._parameters(found.parameters),
                "principals": [self._principal(each) for each in found.principals],
                "relatedNamedCredentials": [self._known(self._named_head(each)) for each in self._store.using(found)],
            },
            parameters=57.0,
        )

    def _external_head(self, found: ExternalCredential) -> dict[str, Any]:
        ready = any(self._store.status(each) == "Configured" for each in found.principals)
        return {
            "authenticationProtocol": "OAuth",
            "authenticationProtocolVariant": found.variant,
            "authenticationStatus": "Configured" if ready else "NotConfigured",
            "createdByNamespace": None,
            "developerName": found.name,
            "id": found.id,
            "masterLabel": found.label,
            "url": f"{self._base}/external-credentials/{found.name}",
        }

    def _principal(self, found: Principal) -> dict[str, Any]:
        accesses = self._store.accesses(found) if self._full else ()
        return self._known(
            {
                "authenticationStatus": self._store.status(found),
                "id": found.id,
                "parameters": self._parameters(found.parameters),
                "principalAccess": [
                    {"developerName": row["Name"], "id": row["Id"], "type": "PermissionSet"} for row in accesses
                ],
                "principalName": found.name,
                "principalType": found.type,
                "sequenceNumber": found.sequence,
            },
            parameters=58.0,
        )

    def _parameters(self, found: Iterable[Parameter]) -> list[dict[str, Any]]:
        return [
            self._known(
                {
                    "id": each.id,
                    "parameterDescription": each.description or None,
                    "parameterName": each.name,
                    "parameterType": each.type,
                    "parameterValue": each.value,
                },
                parameterDescription=58.0,
            )
            for each in (found if self._full else ())
        ]

    def _headers(self, found: Iterable[Header]) -> list[dict[str, Any]]:
        return [
            self._known(
                {
                    "headerName": each.name,
                    "headerValue": each.value,
                    "id": each.id,
                    "sequenceNumber": each.sequence,
                },
                sequenceNumber=57.0,
            )
            for each in (found if self._full else ())
        ]

    # -- named credentials -------------------------------------------------------------------------------------

    def named(self, found: NamedCredential) -> dict[str, Any]:
        """A named credential with the external credential it rests on."""
        external = self._store.external.get(found.external)
        return self._known(
            {
                **self._named_head(found),
                "calloutOptions": {
                    "allowMergeFieldsInBody": found.allow_merge_in_body,
                    "allowMergeFieldsInHeader": found.allow_merge_in_header,
                    "generateAuthorizationHeader": found.generate_header,
                },
                "customHeaders": self._headers(found.headers),
                "externalCredentials": [] if external is None else [self._known(self._external_head(external))],
                "networkConnection": None,
                "parameters": [
                    {
                        "id": each.id,
                        "parameterName": each.name,
                        "parameterType": each.type,
                        "parameterValue": each.value,
                    }
                    for each in found.parameters
                ],
            },
            customHeaders=58.0,
            parameters=58.0,
        )

    def _named_head(self, found: NamedCredential) -> dict[str, Any]:
        return {
            "calloutStatus": "Enabled" if found.enabled else "Disabled",
            "calloutUrl": found.url,
            "createdByNamespace": None,
            "description": found.description or None,
            "developerName": found.name,
            "id": found.id,
            "masterLabel": found.label,
            "type": "SecuredEndpoint",
            "url": f"{self._base}/named-credential-setup/{found.name}",
        }

    # -- credentials -------------------------------------------------------------------------------------------

    def credential(self, external: ExternalCredential, principal: Principal) -> dict[str, Any]:
        """The credentials of a principal; the values of encrypted ones are never shown."""
        held = self._store.secrets.get(principal.id)
        values = held.values if held is not None else {}
        return self._known(
            {
                "authenticationProtocol": "OAuth",
                "authenticationProtocolVariant": external.variant,
                "authenticationStatus": self._store.status(principal),
                "credentials": {
                    name: self._known(
                        {
                            "encrypted": encrypted,
                            "revision": None,
                            "value": None if encrypted else values.get(name),
                        },
                        revision=58.0,
                    )
                    for name, encrypted in ENCRYPTED.items()
                },
                "externalCredential": external.name,
                "principalName": principal.name,
                "principalType": NAMED_PRINCIPAL,
            }
        )
