"""Credentials as the Tooling API's queries see them. Source: Tooling API, *ExternalCredential*, *NamedCredential*."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from salesbridge.sandbox.salesforce.credentials_store import credential_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from salesbridge.sandbox.salesforce.credentials_model import ExternalCredential, NamedCredential
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.results import Row

    System: TypeAlias = Callable[[str, str], Row]


def credential_rows(org: Org, system: System) -> Mapping[str, Callable[[], Iterable[Row]]]:
    """The functions that give the rows, by object name.

    Args:
        org: The org.
        system: Gives the system fields of a component by type and name.
    """
    store = credential_store(org)

    def rows() -> Iterable[Row]:
        return [_external(system, each) for each in store.external.values()]

    def named_rows() -> Iterable[Row]:
        return [_named(system, each) for each in store.named.values()]

    return {"ExternalCredential": rows, "NamedCredential": named_rows}


def _head(system: System, kind: str, found: ExternalCredential | NamedCredential) -> Row:
    return system(kind, found.name) | {
        "Id": found.id,
        "DeveloperName": found.name,
        "FullName": found.name,
        "MasterLabel": found.label,
        "Language": "en_US",
        "ManageableState": "unmanaged",
    }


def _external(system: System, found: ExternalCredential) -> Row:
    described = {"Description": found.description} if found.description else {}
    return _head(system, "ExternalCredential", found) | {"AuthenticationProtocol": "Oauth"} | described


def _named(system: System, found: NamedCredential) -> Row:
    return _head(system, "NamedCredential", found) | {
        "Endpoint": found.url,
        "NamedCredentialType": "SecuredEndpoint",
        "CalloutStatus": "Enabled" if found.enabled else "Disabled",
        "AllowMergeFieldsinBody": found.allow_merge_in_body,
        "AllowMergeFieldsinHeader": found.allow_merge_in_header,
        "GenerateAuthorizationHeader": found.generate_header,
    }
