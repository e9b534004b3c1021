"""Deletions of a deployment. Source: Metadata API, *Deleting Components from an Organization*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.metadata_outcome import Outcome
from salesbridge.sandbox.salesforce.metadata_xml import MetadataError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.salesforce.metadata_package import Package
    from salesbridge.sandbox.salesforce.metadata_staging import Staging


def destroy(staging: Staging, package: Package, manifest: str) -> Iterator[Outcome]:
    """Take away what one ``destructiveChanges`` manifest names, children before their objects."""
    listed = package.deletions.get(manifest, {})
    for kind in sorted(listed, key=lambda name: (name == "CustomObject", name)):
        for name in sorted(listed[kind]):
            outcome = Outcome(kind, name, package.path(manifest), deleted=True)
            try:
                if not _take(staging, kind, name):
                    outcome.problem = Problem(f"No {kind} named: {name} found", warning=True)
                outcome.changed = outcome.problem is None
            except MetadataError as error:
                outcome.problem = error.problem
            yield outcome


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
