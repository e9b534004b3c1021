"""A deployment tried out on a copy of the org's metadata, component by component, and then committed."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.credentials_metadata import CREDENTIALS, CredentialStage
from salesbridge.sandbox.salesforce.metadata_apex import Apex, apex_class, apex_trigger
from salesbridge.sandbox.salesforce.metadata_destroy import destroy
from salesbridge.sandbox.salesforce.metadata_fields import FIELD, custom_field
from salesbridge.sandbox.salesforce.metadata_objects import OBJECT, object_definition
from salesbridge.sandbox.salesforce.metadata_outcome import Outcome
from salesbridge.sandbox.salesforce.metadata_package import AFTER, BEFORE, STORED, Package, SourceFile
from salesbridge.sandbox.salesforce.metadata_permissions import PERMISSION_SET, permission_set
from salesbridge.sandbox.salesforce.metadata_references import check_references
from salesbridge.sandbox.salesforce.metadata_specs import LIST_VIEW, check_component, check_list_view
from salesbridge.sandbox.salesforce.metadata_xml import MetadataError, Problem, interpret, read
from salesbridge.sandbox.salesforce.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from salesbridge.sandbox.salesforce.access import PermissionSet
    from salesbridge.sandbox.salesforce.metadata_store import MetadataStore
    from salesbridge.sandbox.salesforce.org import Org

NOT_LISTED = "Not in package.xml"
_STORED = {each.name for each in STORED}
_APEX = ("ApexClass", "ApexTrigger")
_ORDER = ("CustomObject", "ApexClass", "ApexTrigger", "CustomPermission", *CREDENTIALS, "PermissionSet")


@dataclass(slots=True)
class Staging:
    """The metadata as it would be after the deployment."""

    schema: Schema
    classes: dict[str, Apex]
    triggers: dict[str, Apex]
    permission_sets: dict[str, PermissionSet]
    publish_behavior: dict[str, str]
    files: dict[tuple[str, str], bytes]
    credentials: CredentialStage
    usernames: frozenset[str] = frozenset()
    holders: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, org: Org, store: MetadataStore) -> Staging:
        """A copy of what the org has."""
        found = [each for each in map(org.schema.sobject, org.schema.names()) if each is not None]
        return cls(
            Schema(found),
            dict(store.classes),
            dict(store.triggers),
            dict(store.permission_sets),
            dict(store.publish_behavior),
            dict(store.files),
            CredentialStage(org),
            frozenset(user.username.casefold() for user in org.directory.users.values()),
            Counter(name for user in org.directory.users.values() for name in user.permission_sets),
        )

    def knows(self, type_name: str, name: str) -> bool:
        """Whether there is, or will be, a permission set, a user or a stored component of this name."""
        if type_name == "PermissionSet":
            return name in self.permission_sets
        if type_name in CREDENTIALS:
            return self.credentials.knows(type_name, name)
        return name.casefold() in self.usernames if type_name == "User" else (type_name, name) in self.files

    def stage(self, package: Package) -> Iterator[Outcome]:
        """Try every component of a package, in the order they depend on one another."""
        for manifest in BEFORE:
            yield from destroy(self, package, manifest)
        for path in package.unknown:
            problem = Problem("The file is in no directory, or has no suffix, of a metadata type this org deploys")
            yield Outcome("", path.rpartition("/")[2], package.path(path), problem)
        for kind in _ORDER:
            files = [file for file in package.files if file.type == kind]
            if kind == "CustomObject":
                yield from self._objects(package, files)
            elif kind in _APEX:
                yield from self._apex(package, files)
            else:
                yield from (self._single(package, file) for file in files)
        yield from (self._single(package, file) for file in package.files if file.type in _STORED)
        yield from _missing(package)
        yield from destroy(self, package, AFTER)

    # -- objects -----------------------------------------------------------------------------------------------

    def _objects(self, package: Package, files: list[SourceFile]) -> Iterator[Outcome]:
        opened: list[tuple[SourceFile, dict[str, Any]]] = []
        for file in files:
            outcome, found = self._object(package, file)
            yield from outcome
            if found is not None:
                opened.append((file, found))
        for file, found in opened:
            yield from self._fields(package, file, found)
            yield from self._list_views(package, file, found)

    def _object(self, package: Package, file: SourceFile) -> tuple[list[Outcome], dict[str, Any] | None]:
        """Take the object itself, and give its interpreted file when its fields can be looked at."""
        outcome = Outcome("CustomObject", file.name, package.path(file.path))
        listed = lists_object(package, file.name)
        try:
            found = interpret(read(file.data, "CustomObject"), OBJECT, "CustomObject")
            if not listed:
                held = found.get("fields") or found.get("listViews")
                return ([] if held else [_refused(outcome, NOT_LISTED)]), found
            before = self.schema.sobject(file.name)
            made = object_definition(file.name, found, self.schema)
        except MetadataError as error:
            outcome.problem = error.problem
            return [outcome], None
        outcome.created = before is None
        outcome.changed = outcome.created or made is not None
        if made is not None:
            self.schema.add_sobject(made)
            self.touched.add(made.name)
            if file.name.endswith("__e"):
                self.publish_behavior[file.name] = found.get("publishBehavior", "PublishImmediately")
        return [outcome], found

    def _fields(self, package: Package, file: SourceFile, found: Mapping[str, Any]) -> Iterator[Outcome]:
        seen: set[str] = set()
        for each in found.get("fields", []):
            name = each.get("fullName", "")
            outcome = Outcome("CustomField", f"{file.name}.{name}", package.path(file.path))
            try:
                _check_listed(package, file, outcome, seen)
                self._field(outcome, file.name, each)
            except MetadataError as error:
                place = each[""]
                outcome.problem = replace(error.problem, line=place.line, column=place.column)
            seen.add(outcome.name.casefold())
            yield outcome

    def _list_views(self, package: Package, file: SourceFile, found: Mapping[str, Any]) -> Iterator[Outcome]:
        for each in found.get("listViews", []):
            outcome = Outcome("ListView", f"{file.name}.{each.get('fullName', '')}", package.path(file.path))
            try:
                self._list_view(package, file, outcome, each)
            except MetadataError as error:
                place = each[""]
                outcome.problem = replace(error.problem, line=place.line, column=place.column)
            yield outcome

    def _list_view(self, package: Package, file: SourceFile, outcome: Outcome, found: Mapping[str, Any]) -> None:
        if not lists_object(package, file.name) and not package.names("ListView", outcome.name):
            raise MetadataError(NOT_LISTED)
        sobject = self.schema.sobject(file.name)
        if sobject is None:
            raise MetadataError(f"In field: field - no CustomObject named {file.name} found")
        check_list_view(found, sobject)
        shown = repr([(key, value) for key, value in found.items() if key]).encode()
        outcome.created, outcome.changed = self._keep("ListView", outcome.name, shown)

    def _keep(self, type_name: str, name: str, data: bytes) -> tuple[bool, bool]:
        """Keep a component that has no effect; whether it is new, and whether it is unlike what was there."""
        before, self.files[type_name, name] = self.files.get((type_name, name)), data
        return before is None, before != data

    def _field(self, outcome: Outcome, owner: str, found: Mapping[str, Any]) -> None:
        sobject = self.schema.sobject(owner)
        name = found.get("fullName")
        if sobject is None:
            raise MetadataError(f"In field: field - no CustomObject named {owner} found")
        if not name:
            raise MetadataError("Required field is missing: fullName")
        known = sobject.field(name)
        if not name.endswith("__c"):
            if known is None:
                raise MetadataError("Could not resolve standard field's name.")
            return
        made = custom_field(found, sobject, self.schema)
        outcome.created, outcome.changed = known is None, known != made
        self.schema.add_field(sobject.name, made)
        self.touched.add(sobject.name)

    def _apex(self, package: Package, files: list[SourceFile]) -> Iterator[Outcome]:
        """Take classes or triggers; what they lean on may come with any file of them."""
        taken = [self._single(package, file) for file in files]
        for outcome in taken:
            apex = (self.triggers if outcome.type == "ApexTrigger" else self.classes).get(outcome.name)
            if outcome.problem is None and apex is not None:
                with _told(outcome):
                    check_references(apex, self.schema, self.classes)
            yield outcome

    # -- files that are one component --------------------------------------------------------------------------

    def _single(self, package: Package, file: SourceFile) -> Outcome:
        outcome = Outcome(file.type, file.name, package.path(file.path))
        if not package.names(file.type, file.name):
            return _refused(outcome, NOT_LISTED)
        takers: dict[str, Callable[[SourceFile], tuple[object, object]]] = {
            "ApexClass": self._class,
            "ApexTrigger": self._trigger,
            "PermissionSet": self._permission_set,
            **dict.fromkeys(CREDENTIALS, self._credential),
        }
        try:
            before, after = takers.get(file.type, self._stored)(file)
        except MetadataError as error:
            outcome.problem = error.problem
            return outcome
        outcome.created, outcome.changed = before is None, before != after
        return outcome

    def _class(self, file: SourceFile) -> tuple[object, object]:
        made = apex_class(file)
        before, self.classes[made.name] = self.classes.get(made.name), made
        return before, made

    def _trigger(self, file: SourceFile) -> tuple[object, object]:
        made = apex_trigger(file, self.schema)
        before, self.triggers[made.name] = self.triggers.get(made.name), made
        return before, made

    def _permission_set(self, file: SourceFile) -> tuple[object, object]:
        found = interpret(read(file.data, "PermissionSet"), PERMISSION_SET, "PermissionSet")
        made = permission_set(file.name, found, self.schema, self.classes)
        for each in found.get("customPermissions", []):
            if not self.knows("CustomPermission", each.get("name", "")):
                raise MetadataError(f"In field: customPermission - no CustomPermission named {each.get('name')} found")
        self.credentials.grant(file.name, found)
        before, self.permission_sets[file.name] = self.permission_sets.get(file.name), made
        return before, made

    def _credential(self, file: SourceFile) -> tuple[object, object]:
        root = read(file.data, file.type)
        check_component(file.type, file.name, root, self)
        return self.credentials.take(file.type, file.name, root)

    def _stored(self, file: SourceFile) -> tuple[object, object]:
        root = {"Settings": f"{file.name}Settings"}.get(file.type, file.type)
        check_component(file.type, file.name, read(file.data, root), self)
        key = (file.type, file.name)
        before, self.files[key] = self.files.get(key), file.data
        return before, file.data


def lists_object(package: Package, name: str) -> bool:
    """Whether the manifest names the object; a wildcard means custom objects only (Wildcard Support)."""
    listed = package.members.get("CustomObject", set())
    return name in listed or ("*" in listed and name.endswith(("__c", "__e")))


def _check_listed(package: Package, file: SourceFile, outcome: Outcome, seen: set[str]) -> None:
    """Refuse a field the manifest does not name, or a second one of that name in its file."""
    if not lists_object(package, file.name) and not package.names("CustomField", outcome.name):
        raise MetadataError(NOT_LISTED)
    if outcome.name.casefold() in seen:
        raise MetadataError(f"duplicate value found: {outcome.name} is defined more than once")


@contextmanager
def _told(outcome: Outcome) -> Iterator[None]:
    """Note what is wrong with a component."""
    try:
        yield
    except MetadataError as error:
        outcome.problem = error.problem


def _refused(outcome: Outcome, text: str) -> Outcome:
    outcome.problem = Problem(text)
    return outcome


def _missing(package: Package) -> Iterator[Outcome]:
    """Members the manifest names and the zip has not."""
    present = {(file.type, file.name) for file in package.files}
    for file in package.files:
        if file.type == "CustomObject":
            present |= set(_parts(file))
    for kind, names in sorted(package.members.items()):
        for name in sorted(names - {"*"}):
            if (kind, name) not in present:
                text = (
                    f"An object '{name}' of type {kind} was named in package.xml, but was not found in zipped directory"
                )
                yield Outcome("", name, package.path("package.xml"), Problem(text))


def _parts(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Types and full names of the components that an object file holds."""
    with suppress(MetadataError):
        found = read(file.data, "CustomObject")
        for element, kind, spec in (("fields", "CustomField", FIELD), ("listViews", "ListView", LIST_VIEW)):
            held = [interpret(each, spec, kind) for each in found.children if each.name == element]
            yield from ((kind, f"{file.name}.{each.get('fullName', '')}") for each in held)
