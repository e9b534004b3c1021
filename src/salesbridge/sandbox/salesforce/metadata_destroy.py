"""Deletions of a deployment. Source: Metadata API, *Deleting Components from an Organization*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.credentials_metadata import CREDENTIALS
from salesbridge.sandbox.salesforce.metadata_outcome import Outcome
from salesbridge.sandbox.salesforce.metadata_references import users_of
from salesbridge.sandbox.salesforce.metadata_xml import MetadataError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from salesbridge.sandbox.salesforce.metadata_package import Package
    from salesbridge.sandbox.salesforce.metadata_staging import Staging


def destroy(staging: Staging, package: Package, manifest: str) -> Iterator[Outcome]:
    """Take away what one ``destructiveChanges`` manifest names, children before their objects.

    What goes together does not keep one another: Apex of the same manifest counts as gone.
    """
    listed = package.deletions.get(manifest, {})
    staying = _Staying(staging, listed)
    for kind in sorted(listed, key=lambda name: (name == "CustomObject", name)):
        for name in sorted(listed[kind]):
            outcome = Outcome(kind, name, package.path(manifest), deleted=True)
            try:
                staying.check(kind, name)
                if not _take(staging, kind, name):
                    outcome.problem = Problem(f"No {kind} named: {name} found", warning=True)
                outcome.changed = outcome.problem is None
            except MetadataError as error:
                outcome.problem = error.problem
            yield outcome


_IN_USE = {
    "ApexClass": "This apex class is referenced elsewhere in Salesforce. Remove the usage and try again.",
    "CustomField": "This custom field is referenced elsewhere in salesforce.com.",
    "CustomObject": "This custom object is referenced elsewhere in salesforce.com.",
}


class _Staying:
    """What stays after the deletions of one manifest, and leans on what is to go.

    Args:
        staging: The metadata before them.
        listed: The names to delete by type.
    """

    def __init__(self, staging: Staging, listed: Mapping[str, Collection[str]]) -> None:
        gone = {kind: set(listed.get(kind, ())) for kind in ("ApexClass", "ApexTrigger")}
        self._classes = {name: each for name, each in staging.classes.items() if name not in gone["ApexClass"]}
        self._triggers = {name: each for name, each in staging.triggers.items() if name not in gone["ApexTrigger"]}
        self._holders = staging.holders

    def check(self, kind: str, name: str) -> None:
        """Refuse to delete what is in use.

        Raises:
            MetadataError: Something that stays names it, or a user holds it.
        """
        users = users_of(name, self._classes, self._triggers) if kind in _IN_USE else []
        if users:
            raise MetadataError(f"{_IN_USE[kind]} : {', '.join(users)}")
        held = self._holders.get(name, 0) if kind == "PermissionSet" else 0
        if held:
            raise MetadataError(f"The permission set {name} is assigned to {held} users and can't be deleted")


def _take(staging: Staging, kind: str, name: str) -> bool:
    """Remove one component from the staged metadata; whether it was there.

    Raises:
        MetadataError: It cannot be deleted.
    """
    if name == "*":
        raise MetadataError("A wildcard can't be used to delete components")
    if kind == "CustomField":
        return _take_field(staging, name)
    if kind == "CustomObject":
        return _take_object(staging, name)
    if kind in CREDENTIALS:
        return staging.credentials.remove(kind, name)
    shelves = {"ApexClass": staging.classes, "ApexTrigger": staging.triggers, "PermissionSet": staging.permission_sets}
    shelf = shelves.get(kind)
    if shelf is not None:
        return shelf.pop(name, None) is not None  # type: ignore[attr-defined]
    return staging.files.pop((kind, name), None) is not None


def _take_field(staging: Staging, name: str) -> bool:
    owner, _, field_name = name.partition(".")
    sobject = staging.schema.sobject(owner)
    field = sobject.field(field_name) if sobject is not None else None
    if sobject is None or field is None:
        return False
    if not field.custom:
        raise MetadataError(f"Standard fields can't be deleted: {name}")
    staging.schema.remove_field(sobject.name, field.name)
    staging.touched.add(sobject.name)
    return True


def _take_object(staging: Staging, name: str) -> bool:
    sobject = staging.schema.sobject(name)
    if sobject is None:
        return False
    if not sobject.custom:
        raise MetadataError(f"Standard objects can't be deleted: {name}")
    for link in staging.schema.children(sobject.name):
        if link.child != sobject.name:
            raise MetadataError(f"This custom object is referenced elsewhere: {link.child}.{link.field}")
    users = [trigger.name for trigger in staging.triggers.values() if trigger.table == sobject.name]
    if users:
        raise MetadataError(f"This custom object is referenced elsewhere: ApexTrigger {users[0]}")
    staging.schema.remove_sobject(sobject.name)
    staging.touched.add(sobject.name)
    staging.publish_behavior.pop(sobject.name, None)
    for key in [key for key in staging.files if key[0] == "ListView" and key[1].startswith(f"{sobject.name}.")]:
        del staging.files[key]
    return True
