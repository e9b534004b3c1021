"""Apex of a deployment: kept and looked at from outside, never run.

Source: Metadata API, *ApexClass*, *ApexTrigger*.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce import versions
from salesbridge.sandbox.salesforce.metadata_xml import Kind, Many, MetadataError, interpret, read

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.metadata_package import SourceFile
    from salesbridge.sandbox.salesforce.schema import Schema

EVENTS = tuple(f"{when} {what}" for when in ("before", "after") for what in ("insert", "update", "delete", "undelete"))
_VERSION: dict[str, Kind] = {"namespace": "string", "majorNumber": "int", "minorNumber": "int"}
_META: dict[str, Kind] = {
    "apiVersion": "double",
    "status": ("Active", "Inactive", "Deleted"),
    "packageVersions": Many(_VERSION),
    "fullName": "string",
}
_NOISE = re.compile(r"'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/", re.DOTALL)
_CLASS = re.compile(r"\b(?:class|interface|enum)\s+(\w+)", re.IGNORECASE)
_TRIGGER = re.compile(r"\s*trigger\s+(\w+)\s+on\s+(\w+)\s*\(([^)]*)\)\s*\{", re.IGNORECASE)
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Apex:
    """One class or trigger; ``table`` and ``events`` are a trigger's object and what it listens to."""

    name: str
    body: str
    api_version: float
    status: str
    table: str | None = None
    events: frozenset[str] = frozenset()

    @property
    def crc(self) -> int:
        """The checksum of the body, ``BodyCrc``."""
        return zlib.crc32(self.body.encode())

    @property
    def length_without_comments(self) -> int:
        """Characters of the body without comments."""
        return len(re.sub(r"//[^\n]*|/\*.*?\*/", "", self.body, flags=re.DOTALL))


def apex_class(file: SourceFile) -> Apex:
    """Read a class.

    Raises:
        MetadataError: Its ``-meta.xml`` is missing or wrong, or the text is no class of that name.
    """
    meta = _meta(file, "ApexClass")
    body, code = _text(file)
    declared = _CLASS.search(code)
    if declared is None:
        raise MetadataError("Unexpected token: a class, interface or enum declaration was expected", 1, 1)
    if declared.group(1).casefold() != file.name.casefold():
        raise MetadataError(f"Class name is not the file's name: {declared.group(1)}", 1, 1)
    return Apex(file.name, body, meta["apiVersion"], meta["status"])


def apex_trigger(file: SourceFile, schema: Schema) -> Apex:
    """Read a trigger.

    Raises:
        MetadataError: As for a class, or its object or events are not possible.
    """
    meta = _meta(file, "ApexTrigger")
    body, code = _text(file)
    declared = _TRIGGER.match(code)
    if declared is None:
        raise MetadataError("Unexpected token: 'trigger Name on Object (events) {' was expected", 1, 1)
    name, table, events = declared.groups()
    if name.casefold() != file.name.casefold():
        raise MetadataError(f"Trigger name is not the file's name: {name}", 1, 1)
    sobject = schema.sobject(table)
    if sobject is None:
        raise MetadataError(f"Invalid type: {table}", 1, declared.start(2) + 1)
    if not sobject.triggerable:
        raise MetadataError(f"SObject type does not allow triggers: {sobject.name}", 1, declared.start(2) + 1)
    return Apex(name, body, meta["apiVersion"], meta["status"], sobject.name, _events(events, sobject.name))


def _events(text: str, table: str) -> frozenset[str]:
    events = [" ".join(each.lower().split()) for each in text.split(",")]
    allowed = (
        ("after insert",) if table.endswith("__e") else tuple(each for each in EVENTS if each != "before undelete")
    )
    for each in events:
        if each not in allowed:
            raise MetadataError(f"Trigger event not supported on {table}: {each or 'none'}", 1, 1)
    if len(set(events)) < len(events):
        raise MetadataError("Duplicate trigger event", 1, 1)
    return frozenset(events)


def _meta(file: SourceFile, type_name: str) -> dict[str, Any]:
    if file.meta is None:
        raise MetadataError(f"The required file {file.path}-meta.xml is missing from the zip file")
    found = interpret(read(file.meta, type_name), _META, type_name)
    for name in ("apiVersion", "status"):
        if name not in found:
            raise MetadataError(f"Required field is missing: {name}")
    if not versions.OLDEST <= found["apiVersion"] <= versions.NEWEST:
        raise MetadataError(f"Invalid api version: {found['apiVersion']}")
    return found


def _text(file: SourceFile) -> tuple[str, str]:
    """The source, and the source with strings and comments blanked, its brackets paired."""
    try:
        body = file.data.decode()
    except UnicodeDecodeError:
        raise MetadataError("The file is not encoded in UTF-8") from None
    code = _NOISE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), body)
    open_brackets: list[str] = []
    for place, sign in enumerate(code):
        if sign in "([{":
            open_brackets.append(sign)
        elif sign in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[sign]):
            line = code.count("\n", 0, place) + 1
            raise MetadataError(f"Unexpected token '{sign}'.", line, place - code.rfind("\n", 0, place))
    if open_brackets:
        raise MetadataError("Unexpected token '<EOF>'.", code.count("\n") + 1, 1)
    return body, code
