"""The permission set of those who call billing from Salesforce: one for each named credential.

Sources: Metadata API guide, PermissionSet (``externalCredentialPrincipalAccesses``); Salesforce Help, "Enable External
Credential Principals" and "Permission Concepts for User External Credentials".
"""

from __future__ import annotations

from salesbridge.package.apps import PRINCIPAL
from salesbridge.package.components import File, manifest, metadata_files, xml
from salesbridge.package.markup import Element, elements

#: Where Salesforce keeps the tokens; whoever calls out reads it, and has it changed when a token was refused.
_TOKENS = "UserExternalCredential"


def callers_set(credential: str) -> str:
    """Name of the permission set of those who call through a credential."""
    return f"{credential}_Callouts"


def callers(credential: str) -> dict[str, str]:
    """The files of a deployment that lets its users call through a credential, ready for an archive.

    Args:
        credential: Developer name of the external credential, which must be in the org.
    """
    return metadata_files([_permission_set(credential)])


def callers_removal(credential: str) -> dict[str, str]:
    """The files of a deployment that takes that permission set away again."""
    gone = manifest({"PermissionSet": [callers_set(credential)]})
    return {"destructiveChanges.xml": gone, "package.xml": manifest({})}


def _permission_set(credential: str) -> File:
    access: Element = (
        "externalCredentialPrincipalAccesses",
        elements(enabled=True, externalCredentialPrincipal=f"{credential}-{PRINCIPAL}"),
    )
    tokens: Element = (
        "objectPermissions",
        elements(
            allowCreate=True,
            allowDelete=True,
            allowEdit=True,
            allowRead=True,
            modifyAllRecords=True,
            object=_TOKENS,
            viewAllRecords=True,
        ),
    )
    about = f"May call the Gentrack billing system through the named credential {credential}."
    head = elements(description=about)
    tail = elements(hasActivationRequired=False, label=f"{credential.replace('_', ' ')} Callouts")
    return xml("PermissionSet", callers_set(credential), (*head, access, *tail, tokens))
