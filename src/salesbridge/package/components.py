"""Components of a package, and where each stands in a zip file of the Metadata API and in an SFDX project."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from salesbridge.package.markup import Element, document, elements

API_VERSION = "66.0"
SOURCE = "force-app/main/default"
#: Folder and suffix of each type's files (Salesforce DX Developer Guide, "Salesforce DX Project Structure").
_PLACES = {
    "ApexClass": ("classes", ".cls"),
    "ApexTrigger": ("triggers", ".trigger"),
    "ConnectedApp": ("connectedApps", ".connectedApp"),
    "CustomPermission": ("customPermissions", ".customPermission"),
    "ExternalClientApplication": ("externalClientApps", ".eca"),
    "ExternalCredential": ("externalCredentials", ".externalCredential"),
    "ExtlClntAppGlobalOauthSettings": ("extlClntAppGlobalOauthSets", ".ecaGlblOauth"),
    "ExtlClntAppOauthConfigurablePolicies": ("extlClntAppOauthPolicies", ".ecaOauthPlcy"),
    "ExtlClntAppOauthSettings": ("extlClntAppOauthSettings", ".ecaOauth"),
    "Layout": ("layouts", ".layout"),
    "NamedCredential": ("namedCredentials", ".namedCredential"),
    "PermissionSet": ("permissionsets", ".permissionset"),
}
_META = "-meta.xml"
Named = tuple[str, tuple[Element, ...]]


@dataclass(frozen=True, slots=True)
class File:
    """A component that is a file; ``meta`` is the description that stands beside a file of Apex."""

    type: str
    name: str
    text: str
    meta: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectParts:
    """What is brought to an object: fields and list views, and the object itself where it is ours."""

    name: str
    fields: tuple[Named, ...]
    views: tuple[Named, ...] = ()
    definition: tuple[Element, ...] = ()


Component = File | ObjectParts


def xml(type_name: str, name: str, children: Iterable[Element]) -> File:
    """A component that is one metadata file."""
    return File(type_name, name, document(type_name, children))


def metadata_files(components: Iterable[Component]) -> dict[str, str]:
    """The components in the layout of the Metadata API, with their manifest."""
    chosen = list(components)
    files = {"package.xml": manifest(members(chosen))}
    for each in chosen:
        if isinstance(each, ObjectParts):
            files[f"objects/{each.name}.object"] = _whole_object(each)
        else:
            files.update(_placed(each, ""))
    return dict(sorted(files.items()))


def source_files(components: Iterable[Component]) -> dict[str, str]:
    """The components in the source layout of an SFDX project."""
    files: dict[str, str] = {}
    for each in components:
        if isinstance(each, ObjectParts):
            files.update(_decomposed(each))
        else:
            files.update(_placed(each, f"{SOURCE}/"))
    return dict(sorted(files.items()))


def members(components: Iterable[Component]) -> dict[str, list[str]]:
    """The names of the components by metadata type, as a manifest lists them."""
    named: dict[str, list[str]] = {}
    for each in components:
        for type_name, name in _members(each):
            named.setdefault(type_name, []).append(name)
    return {type_name: sorted(names) for type_name, names in sorted(named.items())}


def chosen(components: Iterable[Component], only: Collection[str]) -> list[Component]:
    """Some of the components; of an object of ours the whole, since its fields are nothing without it.

    Args:
        components: All of them.
        only: ``Type:Name``, as :func:`members` names type and name.

    Raises:
        ValueError: One of them is not among the components.
    """
    everything = list(components)
    known = {_full(member) for each in everything for member in _members(each)}
    wanted = {_whole(name, known) for name in only}
    if wanted - known:
        raise ValueError(f"The package has no {', '.join(sorted(wanted - known))}")
    return [part for each in everything if (part := _part(each, wanted)) is not None]


def _full(member: tuple[str, str]) -> str:
    return ":".join(member)


def _whole(name: str, known: Collection[str]) -> str:
    """The object of ours that a field belongs to, or the name itself."""
    owner = f"CustomObject:{name.partition(':')[2].partition('.')[0]}"
    return owner if name not in known and owner in known else name


def _part(component: Component, wanted: Collection[str]) -> Component | None:
    found = [member for member in _members(component) if _full(member) in wanted]
    if isinstance(component, File) or component.definition or not found:
        return component if found else None
    fields = tuple(each for each in component.fields if f"CustomField:{component.name}.{each[0]}" in wanted)
    views = tuple(each for each in component.views if f"ListView:{component.name}.{each[0]}" in wanted)
    return replace(component, fields=fields, views=views)


def manifest(named: dict[str, list[str]]) -> str:
    """A ``package.xml`` or ``destructiveChanges.xml``."""
    types = (
        ("types", (*(("members", name) for name in names), *elements(name=type_name)))
        for type_name, names in sorted(named.items())
        if names
    )
    return document("Package", (*types, *elements(version=API_VERSION)))


def _members(component: Component) -> Iterator[tuple[str, str]]:
    if isinstance(component, File):
        yield component.type, component.name
        return
    if component.definition:  # whoever names an object of ours names all that belongs to it
        yield "CustomObject", component.name
        return
    yield from (("CustomField", f"{component.name}.{name}") for name, _ in component.fields)
    yield from (("ListView", f"{component.name}.{name}") for name, _ in component.views)


def _whole_object(parts: ObjectParts) -> str:
    """An object file; its elements in the order of their names, as Salesforce writes them."""
    fields: list[Element] = [("fields", field) for _, field in sorted(parts.fields)]
    views: list[Element] = [("listViews", view) for _, view in sorted(parts.views)]
    return document("CustomObject", sorted((*parts.definition, *fields, *views), key=lambda element: element[0]))


def _decomposed(parts: ObjectParts) -> Iterator[tuple[str, str]]:
    folder = f"{SOURCE}/objects/{parts.name}"
    if parts.definition:
        yield f"{folder}/{parts.name}.object{_META}", document("CustomObject", parts.definition)
    for name, field in parts.fields:
        yield f"{folder}/fields/{name}.field{_META}", document("CustomField", field)
    for name, view in parts.views:
        yield f"{folder}/listViews/{name}.listView{_META}", document("ListView", view)


def _placed(file: File, root: str) -> Iterator[tuple[str, str]]:
    folder, suffix = _PLACES[file.type]
    path = f"{root}{folder}/{file.name}{suffix}"
    if file.meta is not None:
        yield path, file.text
        yield path + _META, file.meta
    else:
        yield (path + _META if root else path), file.text
