"""What is said to and by the resources of named credentials; nothing here is sent.

Sources: Connect REST API Developer Guide, "External Credential Input", "Named Credential Input", "Credential Input".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Client credentials with the id and secret in a Basic header ("External Credential Input").
BASIC: Final = "ClientCredentialsClientSecretBasic"
#: As REST spells it; metadata says ``Oauth``.
OAUTH: Final = "OAuth"
CONFIGURED: Final = "Configured"
NAMED_PRINCIPAL: Final = "NamedPrincipal"
#: What an input may say of a part; an answer says more, which no input takes ("External Credential Input").
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "parameters": ("parameterName", "parameterType", "parameterValue", "parameterDescription", "sequenceNumber"),
    "principals": ("principalName", "principalType", "sequenceNumber", "parameters"),
    "customHeaders": ("headerName", "headerValue", "sequenceNumber"),
}


@dataclass(frozen=True, slots=True)
class External:
    """An external credential: where tokens come from.

    Attributes:
        name: Developer name.
        token_url: Address of the token endpoint.
        principal: Name of its named principal.
        scope: Scopes to ask for, with blanks between; empty for none.
        label: What people read.
        variant: How the secret is sent.
        told: All that Salesforce said of it; empty for one that is to be made.
    """

    name: str
    token_url: str
    principal: str
    scope: str = ""
    label: str = ""
    variant: str = BASIC
    told: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A named credential: where callouts go.

    Attributes:
        name: Developer name.
        url: Address of callouts.
        external: Developer name of its external credential.
        label: What people read.
    """

    name: str
    url: str
    external: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What can be seen of the credentials that a principal holds.

    Attributes:
        status: ``Configured``, ``NotConfigured`` or ``Unknown``.
        client_id: The public half; empty when there is none.
    """

    status: str
    client_id: str = ""


def external_of(told: Mapping[str, Any]) -> External:
    """The external credential of an answer."""
    parameters = {str(each.get("parameterType")): each for each in told.get("parameters") or []}
    scopes = [p for p in told.get("parameters") or [] if p.get("parameterName") == "Scope"]
    principals = [str(each.get("principalName")) for each in told.get("principals") or []]
    return External(
        str(told["developerName"]),
        str(parameters.get("AuthProviderUrl", {}).get("parameterValue") or ""),
        principals[0] if principals else "",
        str(scopes[0].get("parameterValue") or "") if scopes else "",
        str(told.get("masterLabel") or ""),
        str(told.get("authenticationProtocolVariant") or ""),
        told,
    )


def agrees(there: External, wanted: External) -> bool:
    """Whether one that is there is as it is wanted; its principal may be one of several."""
    principals = [str(each.get("principalName")) for each in there.told.get("principals") or []]
    right = (there.token_url, there.scope, there.variant) == (wanted.token_url, wanted.scope, wanted.variant)
    return right and wanted.principal in principals


def external_input(wanted: External, there: Mapping[str, Any]) -> dict[str, Any]:
    """A whole input: what a PUT leaves out is deleted, so what others added is said again."""
    ours: list[dict[str, Any]] = [
        {"parameterName": "TokenEndpoint", "parameterType": "AuthProviderUrl", "parameterValue": wanted.token_url}
    ]
    if wanted.scope:
        ours.append({"parameterName": "Scope", "parameterType": "AuthParameter", "parameterValue": wanted.scope})
    kept = [
        each
        for each in _parts(there, "parameters")
        if each["parameterType"] != "AuthProviderUrl" and each["parameterName"] != "Scope"
    ]
    principals = _parts(there, "principals")
    if wanted.principal not in [each["principalName"] for each in principals]:
        number = 1 + max((int(each.get("sequenceNumber") or 0) for each in principals), default=0)
        principals.append(
            {
                "principalName": wanted.principal,
                "principalType": NAMED_PRINCIPAL,
                "sequenceNumber": number,
                "parameters": [],
            }
        )
    return {
        "developerName": wanted.name,
        "masterLabel": wanted.label or wanted.name,
        "authenticationProtocol": OAUTH,
        "authenticationProtocolVariant": wanted.variant,
        "parameters": ours + kept,
        "principals": principals,
        "customHeaders": _parts(there, "customHeaders"),
    }


def _parts(there: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [{key: each[key] for key in _PARTS[name] if each.get(key) is not None} for each in there.get(name) or []]


def named_of(told: Mapping[str, Any]) -> Named:
    """The named credential of an answer."""
    by = [str(each.get("developerName")) for each in told.get("externalCredentials") or []]
    return Named(
        str(told["developerName"]),
        str(told.get("calloutUrl") or ""),
        by[0] if by else "",
        str(told.get("masterLabel") or ""),
    )


def named_input(wanted: Named) -> dict[str, Any]:
    """What makes a named credential, or replaces it."""
    return {
        "developerName": wanted.name,
        "masterLabel": wanted.label or wanted.name,
        "type": "SecuredEndpoint",
        "calloutUrl": wanted.url,
        "externalCredentials": [{"developerName": wanted.external}],
        "calloutOptions": {
            "generateAuthorizationHeader": True,
            "allowMergeFieldsInBody": False,
            "allowMergeFieldsInHeader": False,
        },
        "customHeaders": [],
        "parameters": [],
    }


def credential_input(external: External) -> dict[str, Any]:
    """Whose credentials are meant."""
    return {
        "externalCredential": external.name,
        "principalName": external.principal,
        "principalType": NAMED_PRINCIPAL,
        "authenticationProtocol": OAUTH,
        "authenticationProtocolVariant": external.variant,
    }
