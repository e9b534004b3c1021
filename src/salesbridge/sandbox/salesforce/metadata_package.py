"""What a deployed zip file holds, checked against its package.xml.

Source: Metadata API, *Deploying and Retrieving Metadata with the Zip File*.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from dataclasses import dataclass, field
from typing import Any

from salesbridge.sandbox.salesforce import versions
from salesbridge.sandbox.salesforce.metadata_xml import Kind, Many, MetadataError, interpret, read

MAX_FILES = 10_000
MAX_ZIP_BYTES = 39 * 1024 * 1024
MAX_UNPACKED_BYTES = 600 * 1024 * 1024
MANIFEST = "package.xml"
BEFORE = ("destructiveChangesPre.xml", "destructiveChanges.xml")
AFTER = "destructiveChangesPost.xml"
META = "-meta.xml"

_TYPES: dict[str, Kind] = {"members": Many("string"), "name": "string"}
_PACKAGE: dict[str, Kind] = {
    "types": Many(_TYPES),
    "version": "string",
    **dict.fromkeys(("fullName", "description", "apiAccessLevel", "namespacePrefix", "setupWeblink"), "string"),
}


@dataclass(frozen=True, slots=True)
class FileType:
    """Where files of a metadata type live; ``meta`` when a ``-meta.xml`` stands beside the file."""

    name: str
    directory: str
    suffix: str
    meta: bool = False


FILE_TYPES = (
    FileType("CustomObject", "objects", ".object"),
    FileType("ApexClass", "classes", ".cls", meta=True),
    FileType("ApexTrigger", "triggers", ".trigger", meta=True),
    FileType("CustomPermission", "customPermissions", ".customPermission"),
    FileType("PermissionSet", "permissionsets", ".permissionset"),
    FileType("ExternalCredential", "externalCredentials", ".externalCredential"),
    FileType("NamedCredential", "namedCredentials", ".namedCredential"),
)
STORED = (
    FileType("ConnectedApp", "connectedApps", ".connectedApp"),
    FileType("CustomApplication", "applications", ".app"),
    FileType("CustomTab", "tabs", ".tab"),
    FileType("ExternalClientApplication", "externalClientApps", ".eca"),
    FileType("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", ".ecaOauth"),
    FileType("ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", ".ecaGlblOauth"),
    FileType("ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", ".ecaOauthPlcy"),
    FileType("Layout", "layouts", ".layout"),
    FileType("RemoteSiteSetting", "remoteSiteSettings", ".remoteSite"),
    FileType("Settings", "settings", ".settings"),
)
"""Types that are checked and kept: the simulator does not act on them."""

PARTS = frozenset({"CustomField", "ListView"})
"""Types that live inside the file of another type."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One component's file: its type, full name, path in the zip, bytes, and the bytes of its ``-meta.xml``."""

    type: str
    name: str
    path: str
    data: bytes
    meta: bytes | None = None


@dataclass(slots=True)
class Package:
    """One package of a deployment: its manifest, its files and, by file, the members its manifests delete."""

    root: str
    version: float
    members: dict[str, set[str]] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    deletions: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def names(self, type_name: str, name: str) -> bool:
        """Whether the manifest names a component, itself or with a wildcard."""
        listed = self.members.get(type_name, set())
        return name in listed or "*" in listed

    def path(self, path: str) -> str:
        """A path inside this package, as deploy messages spell it."""
        return posixpath.join(self.root, path)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a zip.

    Raises:
        MetadataError: It is no zip, or too large.
    """
    if len(data) > MAX_ZIP_BYTES:
        raise MetadataError(f"Maximum size of request reached. Maximum size of request is {MAX_ZIP_BYTES} bytes.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
                raise MetadataError(f"The zip file exceeds {MAX_FILES} files or {MAX_UNPACKED_BYTES} bytes")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise MetadataError("The file is not a zip file that can be read") from None


def packages(files: dict[str, bytes], *, single: bool) -> list[Package]:
    """The packages of an unpacked zip: one at its top, or one in each directory.

    Raises:
        MetadataError: A package has no manifest, or one that cannot be read.
    """
    roots = [""] if single else sorted({path.partition("/")[0] for path in files if "/" in path})
    if not roots or (not single and any("/" not in path for path in files)):
        raise MetadataError("No package.xml found")
    return [_package(root, _below(files, root)) for root in roots]


def _below(files: dict[str, bytes], root: str) -> dict[str, bytes]:
    prefix = f"{root}/" if root else ""
    return {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}


def _package(root: str, files: dict[str, bytes]) -> Package:
    if MANIFEST not in files:
        raise MetadataError("No package.xml found")
    found = interpret(read(files[MANIFEST], "Package"), _PACKAGE, "Package")
    package = Package(root, _version(found.get("version")), _members(found))
    for path in sorted(files):
        if path in (*BEFORE, AFTER):
            listed = interpret(read(files[path], "Package"), _PACKAGE, "Package")
            package.deletions[path] = _members(listed)
        else:
            _add(package, path, files)
    return package


def _version(text: str | None) -> float:
    if text is None:
        raise MetadataError("Required field is missing: version")
    number = text.removesuffix(".0")
    if not number.isdigit() or not versions.OLDEST <= int(number) <= versions.NEWEST:
        raise MetadataError(f"Invalid version specified: {text}")
    return float(number)


def _members(found: dict[str, Any]) -> dict[str, set[str]]:
    known = {each.name for each in (*FILE_TYPES, *STORED)} | PARTS
    members: dict[str, set[str]] = {}
    for each in found.get("types", []):
        name = each.get("name")
        if name not in known:
            raise MetadataError(f"Unknown type name '{name}' specified in package.xml")
        members.setdefault(name, set()).update(each.get("members", []))
    return members


def _add(package: Package, path: str, files: dict[str, bytes]) -> None:
    if path == MANIFEST or (path.endswith(META) and path.removesuffix(META) in files):
        return
    directory, name = posixpath.split(path)
    for kind in (*FILE_TYPES, *STORED):
        if directory == kind.directory and name.endswith(kind.suffix):
            meta = files.get(path + META) if kind.meta else None
            package.files.append(SourceFile(kind.name, name.removesuffix(kind.suffix), path, files[path], meta))
            return
    package.unknown.append(path)
