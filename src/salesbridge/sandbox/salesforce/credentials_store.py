"""The external and named credentials of an org, their secrets, and who may use them."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, TypeVar

from salesbridge.sandbox.salesforce.credentials_checks import UnfitError
from salesbridge.sandbox.salesforce.credentials_model import (
    ExternalCredential,
    NamedCredential,
    Principal,
    Secret,
)
from salesbridge.sandbox.salesforce.values import datetime_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from salesbridge.sandbox.salesforce.org import Org

ACCESS = "SetupEntityAccess"
PRINCIPAL_ACCESS = "ExternalCredentialParameter"
OBJECT = "UserExternalCredential"
"""The object that stores tokens; callers need access to it (Salesforce Help, *Enable User External Credentials*)."""

_Kept = TypeVar("_Kept")


class CredentialStore:
    """What one org holds; hold the org's lock around groups of reads and writes.

    Secrets never leave it but towards the token endpoint of their own external credential.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._org_ref = weakref.ref(org)
        self.external: dict[str, ExternalCredential] = {}
        self.named: dict[str, NamedCredential] = {}
        self.secrets: dict[str, Secret] = {}
        self.object_rights: dict[str, frozenset[str]] = {}
        self._forget_lost_accesses()

    @property
    def org(self) -> Org:
        """The org.

        Raises:
            RuntimeError: It is gone.
        """
        org = self._org_ref()
        if org is None:
            raise RuntimeError("The org of these credentials is gone")
        return org

    def _forget_lost_accesses(self) -> None:
        """Take away rows of the org's file: unlike rows, credentials last only as long as the process."""
        for row in self._rows("SetupEntityType", PRINCIPAL_ACCESS):
            self._drop(ACCESS, row["Id"])

    # -- looking up --------------------------------------------------------------------------------------------

    def external_named(self, name: str) -> ExternalCredential | None:
        """The external credential of that developer name, whatever the case of its letters."""
        return _find(self.external, name)

    def named_named(self, name: str) -> NamedCredential | None:
        """The named credential of that developer name, whatever the case of its letters."""
        return _find(self.named, name)

    def using(self, external: ExternalCredential) -> list[NamedCredential]:
        """The named credentials that rest on an external one."""
        return [each for each in self.named.values() if each.external == external.name]

    def principal_by_id(self, id_: str) -> tuple[ExternalCredential, Principal] | None:
        """The principal of an id, with its external credential."""
        return next(
            (
                (each, principal)
                for each in self.external.values()
                for principal in each.principals
                if principal.id == id_
            ),
            None,
        )

    def principal_by_key(self, key: str) -> Principal | None:
        """The principal that ``myExternalCredential-myPrincipal`` names (Metadata API, *PermissionSet*)."""
        name, _, principal = key.partition("-")
        found = self.external.get(name)
        return found.principal(principal) if found is not None else None

    def status(self, principal: Principal) -> str:
        """``Configured`` when the principal holds all it needs, else ``NotConfigured``."""
        held = self.secrets.get(principal.id)
        return "Configured" if held is not None and held.complete else "NotConfigured"

    # -- changing ----------------------------------------------------------------------------------------------

    def keep_external(self, made: ExternalCredential) -> None:
        """Put an external credential (with ids) in place; principals that are no more lose their secrets and access."""
        old = self.external.get(made.name)
        kept = {each.id for each in made.principals}
        self.external[made.name] = made
        for each in old.principals if old else ():
            if each.id not in kept:
                self._forget(each)

    def keep_named(self, made: NamedCredential, user: str) -> None:
        """Put a named credential (with ids) in place, and its row where queries find it."""
        self.named[made.name] = made
        org = self.org
        if org.schema.sobject("NamedCredential") is not None:
            found = org.get("NamedCredential", made.id)
            stamp = datetime_text(org.clock())
            changed = {"LastModifiedById": user, "LastModifiedDate": stamp, "SystemModstamp": stamp}
            org.seed("NamedCredential", {"CreatedById": user, **(found or {}), **_row(made), **changed})

    def remove_external(self, name: str) -> bool:
        """Take an external credential away with its principals, secrets and accesses; whether it was there.

        Raises:
            UnfitError: A named credential rests on it.
        """
        found = self.external.get(name)
        if found is None:
            return False
        users = self.using(found)
        if users:
            raise UnfitError(f"This external credential is used by the named credential {users[0].name}")
        for each in found.principals:
            self._forget(each)
        del self.external[name]
        return True

    def remove_named(self, name: str) -> bool:
        """Take a named credential away; whether it was there."""
        found = self.named.pop(name, None)
        if found is not None:
            self._drop("NamedCredential", found.id)
        return found is not None

    def put_secret(self, principal: Principal, values: Mapping[str, str]) -> None:
        """Replace the whole set of a principal's credentials; an empty set deletes it."""
        held = self.secrets.pop(principal.id, None)
        if values:
            self.secrets[principal.id] = Secret(dict(values), held.revision + 1 if held else 1)

    def _forget(self, principal: Principal) -> None:
        self.secrets.pop(principal.id, None)
        for row in self._rows("SetupEntityId", principal.id):
            self._drop(ACCESS, row["Id"])

    def _drop(self, sobject: str, id_: str) -> None:
        org = self.org
        if org.schema.sobject(sobject) is not None and org.table(sobject).get(id_) is not None:
            with org.transaction():
                org.put(sobject, id_, None)

    # -- access ------------------------------------------------------------------------------------------------

    def _rows(self, field: str, value: str) -> list[dict[str, str]]:
        org = self.org
        return list(org.find(ACCESS, field, value)) if org.schema.sobject(ACCESS) is not None else []

    def accesses(self, principal: Principal) -> Iterator[dict[str, str]]:
        """The permission sets that give access to a principal, as rows of PermissionSet."""
        for row in self._rows("SetupEntityId", principal.id):
            found = self.org.get("PermissionSet", row["ParentId"])
            if found is not None:
                yield found

    def grant(self, permission_set: str, keys: frozenset[str]) -> None:
        """Make the principals a permission set gives access to exactly those of the keys."""
        org = self.org
        parents = org.find("PermissionSet", "Name", permission_set)
        if not parents:
            return
        wanted = {found.id for key in keys if (found := self.principal_by_key(key)) is not None}
        for row in self._rows("ParentId", parents[0]["Id"]):
            if row["SetupEntityType"] == PRINCIPAL_ACCESS and row["SetupEntityId"] not in wanted:
                self._drop(ACCESS, row["Id"])
            wanted.discard(row["SetupEntityId"])
        for id_ in sorted(wanted):
            access = {"ParentId": parents[0]["Id"], "SetupEntityId": id_, "SetupEntityType": PRINCIPAL_ACCESS}
            org.seed(ACCESS, access)

    def principal_for(self, user_id: str, external: ExternalCredential) -> Principal | None:
        """The principal a user calls as: of those a permission set gives access to, that of the lowest number."""
        held = self._granted(user_id)
        ordered = sorted(external.principals, key=lambda each: each.sequence)
        for principal in ordered:
            if any(row["Name"] in held for row in self.accesses(principal)):
                return principal
        return None

    def _granted(self, user_id: str) -> set[str]:
        return {each.name for each in self.org.directory.granted(user_id)}

    def rights(self, user_id: str) -> frozenset[str]:
        """What the user's permission sets allow on the object User External Credentials, e.g. ``allowRead``."""
        return frozenset().union(*(self.object_rights.get(name, frozenset()) for name in self._granted(user_id)))


def _find(shelf: Mapping[str, _Kept], name: str) -> _Kept | None:
    wanted = name.casefold()
    return next((each for key, each in shelf.items() if key.casefold() == wanted), None)


def _row(made: NamedCredential) -> dict[str, object]:
    return {
        "Id": made.id,
        "DeveloperName": made.name,
        "MasterLabel": made.label,
        "Language": "en_US",
        "Endpoint": made.url,
        "PrincipalType": "Anonymous",
        "CalloutOptionsAllowMergeFieldsInBody": made.allow_merge_in_body,
        "CalloutOptionsAllowMergeFieldsInHeader": made.allow_merge_in_header,
        "CalloutOptionsGenerateAuthorizationHeader": made.generate_header,
    }


_STORES: weakref.WeakKeyDictionary[Org, CredentialStore] = weakref.WeakKeyDictionary()
_GUARD = threading.Lock()


def credential_store(org: Org) -> CredentialStore:
    """The external and named credentials of an org."""
    with org.lock, _GUARD:  # in this order everywhere: making the store writes rows
        if org not in _STORES:
            _STORES[org] = CredentialStore(org)
        return _STORES[org]
