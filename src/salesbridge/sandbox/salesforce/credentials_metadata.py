"""External and named credentials, and access to principals, as metadata deployments bring them.

Source: Metadata API, *ExternalCredential*, *NamedCredential*, *PermissionSet*. The parameters of the client credentials
variants are in no guide; they are those of deployments that worked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.credentials_checks import UnfitError, check_external, check_named
from salesbridge.sandbox.salesforce.credentials_ids import identified_external, identified_named
from salesbridge.sandbox.salesforce.credentials_model import (
    NAMED_PRINCIPAL,
    VARIANTS,
    ExternalCredential,
    Header,
    NamedCredential,
    Parameter,
    Principal,
)
from salesbridge.sandbox.salesforce.credentials_store import OBJECT, credential_store
from salesbridge.sandbox.salesforce.metadata_xml import MetadataError, interpret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesbridge.sandbox.salesforce.metadata_xml import Element
    from salesbridge.sandbox.salesforce.org import Org

CREDENTIALS = ("ExternalCredential", "NamedCredential")
"""Types in the order they lean on one another."""

_GROUP = "DEFAULT_GROUP"
_RIGHTS = ("allowRead", "modifyAllRecords")


class CredentialStage:
    """The credentials as they would be after the deployment.

    Args:
        org: The org deployed to.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._store = credential_store(org)
        self._external = dict(self._store.external)
        self._named = dict(self._store.named)
        self._grants: dict[str, frozenset[str]] = {}
        self._rights: dict[str, frozenset[str]] = {}

    def knows(self, kind: str, name: str) -> bool:
        """Whether there is, or will be, such a credential."""
        return name in (self._external if kind == "ExternalCredential" else self._named)

    def take(self, kind: str, name: str, root: Element) -> tuple[object, object]:
        """Take one credential's file; the credential before and after.

        Raises:
            MetadataError: It can't be deployed.
        """
        from salesbridge.sandbox.salesforce.metadata_specs import SPECS  # noqa: PLC0415 - they know each other

        found = interpret(root, SPECS[kind].holds, kind)
        try:
            return self._take_external(name, found) if kind == "ExternalCredential" else self._take_named(name, found)
        except UnfitError as error:
            raise MetadataError(str(error)) from None

    def _take_external(self, name: str, found: Mapping[str, Any]) -> tuple[object, object]:
        made = _external(name, found)
        check_external(made)
        before = self._external.get(name)
        if before is not None and before.variant != made.variant:
            raise UnfitError("The authentication protocol variant of an external credential can't be changed")
        after = self._external[name] = identified_external(made, before, self._org.new_id)
        return before, after

    def _take_named(self, name: str, found: Mapping[str, Any]) -> tuple[object, object]:
        made = _named(name, found)
        check_named(made)
        before = self._named.get(name)
        after = self._named[name] = identified_named(made, before, self._org.new_id)
        return before, after

    def grant(self, permission_set: str, found: Mapping[str, Any]) -> None:
        """Take what a permission set grants of credentials; what it does not name, it takes away.

        Raises:
            MetadataError: It names a principal that isn't there.
        """
        keys = set()
        for each in found.get("externalCredentialPrincipalAccesses", []):
            key = each.get("externalCredentialPrincipal")
            if not key or "enabled" not in each:
                missing = "enabled" if key else "externalCredentialPrincipal"
                raise MetadataError(f"Required field is missing: {missing}")
            name, _, principal = key.partition("-")
            external = self._external.get(name)
            if external is None or external.principal(principal) is None:
                problem = f"In field: externalCredentialPrincipal - no ExternalCredentialParameter named {key} found"
                raise MetadataError(problem)
            if each["enabled"]:
                keys.add(key)
        self._grants[permission_set] = frozenset(keys)
        self._rights[permission_set] = frozenset(
            right
            for each in found.get("objectPermissions", [])
            for right in _RIGHTS
            if each.get("object") == OBJECT and each.get(right)
        )

    def remove(self, kind: str, name: str) -> bool:
        """Take a credential away; whether it was there.

        Raises:
            MetadataError: A named credential rests on it.
        """
        if kind == "NamedCredential":
            return self._named.pop(name, None) is not None
        users = [each.name for each in self._named.values() if each.external == name]
        if users and name in self._external:
            raise MetadataError(f"This external credential is referenced elsewhere: NamedCredential {users[0]}")
        return self._external.pop(name, None) is not None

    def commit(self, user: str) -> None:
        """Put what was staged into the org, which is locked."""
        store = self._store
        for name in set(store.named) - set(self._named):
            store.remove_named(name)
        for name in set(store.external) - set(self._external):
            store.remove_external(name)
        for external in self._external.values():
            if store.external.get(external.name) != external:
                store.keep_external(external)
        for named in self._named.values():
            if store.named.get(named.name) != named:
                store.keep_named(named, user)
        for permission_set, keys in self._grants.items():
            store.grant(permission_set, keys)
        store.object_rights.update(self._rights)


def _of(found: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [each for each in found if each.get("parameterType") == kind]


def _external(name: str, found: Mapping[str, Any]) -> ExternalCredential:
    listed = found.get("externalCredentialParameters", [])
    for each in listed:
        if not each.get("parameterName") or not each.get("parameterType"):
            raise MetadataError("Required field is missing: parameterName or parameterType")
    variants = [each.get("parameterValue") for each in _of(listed, "AuthProtocolVariant")]
    if found["authenticationProtocol"] != "Oauth" or len(variants) != 1 or variants[0] not in VARIANTS:
        raise UnfitError(
            f"This simulated org models the authentication protocol Oauth with the variant {' or '.join(VARIANTS)} only"
        )
    kinds = ("AuthProtocolVariant", "AuthHeader", "NamedPrincipal", "PerUserPrincipal")
    principals = [*_of(listed, "NamedPrincipal"), *_of(listed, "PerUserPrincipal")]
    names = {each["parameterName"] for each in principals}
    plain = [each for each in listed if each["parameterType"] not in kinds]
    return ExternalCredential(
        name,
        found["label"],
        str(variants[0]),
        tuple(_parameter(each) for each in plain if each.get("parameterGroup", _GROUP) not in names),
        tuple(_principal(each, plain) for each in principals),
        tuple(map(_header, _of(listed, "AuthHeader"))),
        found.get("description", ""),
    )


def _parameter(found: Mapping[str, Any]) -> Parameter:
    value = found.get("parameterValue", "")
    if not value:
        raise MetadataError("Required field is missing: parameterValue")
    return Parameter(found["parameterName"], found["parameterType"], value, found.get("description", ""))


def _principal(found: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]) -> Principal:
    name, kind = found["parameterName"], found["parameterType"]
    if kind == NAMED_PRINCIPAL and "sequenceNumber" not in found:
        raise MetadataError("Required field is missing: sequenceNumber")
    own = tuple(_parameter(each) for each in parameters if each.get("parameterGroup", _GROUP) == name)
    return Principal(name, found.get("sequenceNumber", 0), kind, own)


def _header(found: Mapping[str, Any]) -> Header:
    return Header(found["parameterName"], found.get("parameterValue", ""), found.get("sequenceNumber", 0))


def _named(name: str, found: Mapping[str, Any]) -> NamedCredential:
    listed = found.get("namedCredentialParameters", [])
    if found.get("namedCredentialType") != "SecuredEndpoint":
        raise UnfitError("This simulated org models named credentials of type SecuredEndpoint only")
    for each in listed:
        if not each.get("parameterName") or not each.get("parameterType"):
            raise MetadataError("Required field is missing: parameterName or parameterType")
    urls, keys = _of(listed, "Url"), _of(listed, "Authentication")
    external = keys[0].get("externalCredential", "")
    if len(urls) != 1 or len(keys) != 1 or not external:
        raise UnfitError(
            "A named credential takes one parameter of type Url and one Authentication by externalCredential"
        )
    return NamedCredential(
        name,
        found["label"],
        urls[0].get("parameterValue", ""),
        external,
        allow_merge_in_body=found.get("allowMergeFieldsInBody", False),
        allow_merge_in_header=found.get("allowMergeFieldsInHeader", False),
        generate_header=found.get("generateAuthorizationHeader", True),
        enabled=found.get("calloutStatus", "Enabled") == "Enabled",
        headers=tuple(map(_header, _of(listed, "HttpHeader"))),
        parameters=tuple(map(_parameter, _of(listed, "AllowedManagedPackageNamespaces"))),
        description=found.get("description", ""),
    )
