"""What Apex leans on: refused when it is not there, and kept from being deleted while it is leaned on.

Apex is not compiled. Looked for are field tokens such as ``Account.Code__c``, custom objects as types, and the classes
that triggers call. Sources: Apex Developer Guide, *Using Field Tokens*; Metadata API, *Deleting Components from an
Organization*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.metadata_xml import MetadataError
from salesbridge.sandbox.salesforce.trigger_apex import code

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from salesbridge.sandbox.salesforce.metadata_apex import Apex
    from salesbridge.sandbox.salesforce.schema import Schema

_TOKEN = re.compile(r"\b(\w+)\.(\w+__c)\b", re.IGNORECASE)
_TYPE = re.compile(r"(?:\bnew\s+|<\s*)(\w+__[ce])\b", re.IGNORECASE)
_CALL = re.compile(r"(?<![\w.])([A-Z]\w*)\s*\.\s*\w+\s*\(", re.IGNORECASE)
_SYSTEM = frozenset(
    """
    crypto database datetime date encodingutil eventbus featuremanagement json limits math messaging schema string
    system test time trigger type userinfo
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""Classes of Salesforce's own that a trigger may well call."""


def check_references(apex: Apex, schema: Schema, classes: Collection[str]) -> None:
    """Refuse Apex that names what the org has not.

    Args:
        apex: The class or trigger.
        schema: The schema with everything else this deployment brings.
        classes: The names of the classes there will be.

    Raises:
        MetadataError: A field, an object or a class is not there.
    """
    text = code(apex.body)
    for found in _TOKEN.finditer(text):
        sobject = None if _is_variable(found.group(1), text) else schema.sobject(found.group(1))
        if sobject is not None and sobject.field(found.group(2)) is None:
            raise _at(text, found, f"Field does not exist: {found.group(2)} on {sobject.name}")
    for found in _TYPE.finditer(text):
        if schema.sobject(found.group(1)) is None:
            raise _at(text, found, f"Invalid type: {found.group(1)}")
    if apex.table is not None:
        _check_calls(text, {name.casefold() for name in classes} | _SYSTEM)


def _check_calls(text: str, known: Collection[str]) -> None:
    body = text.index("{")
    for found in _CALL.finditer(text, body):
        name = found.group(1)
        if name.casefold() not in known and not _is_variable(name, text):
            raise _at(text, found, f"Variable does not exist: {name}")


def _is_variable(name: str, text: str) -> bool:
    """Whether a variable or parameter of that name is declared, which goes before an object or class of the name."""
    return bool(re.search(rf"[\w>\]]\s+{name}\s*[=;,:)]", text, re.IGNORECASE))


def _at(text: str, found: re.Match[str], problem: str) -> MetadataError:
    place = found.start(1)
    return MetadataError(problem, text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place))


def users_of(name: str, classes: Mapping[str, Apex], triggers: Mapping[str, Apex]) -> list[str]:
    """The Apex that names a field (``Account.Code__c``), an object or a class, as Setup shows it.

    Args:
        name: What is to go.
        classes: The classes that stay.
        triggers: The triggers that stay.
    """
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)", re.IGNORECASE)
    return [*_named("Apex Class", word, classes.values()), *_named("Apex Trigger", word, triggers.values())]


def _named(kind: str, word: re.Pattern[str], every: Iterable[Apex]) -> Iterator[str]:
    for each in every:
        if word.search(code(each.body)):
            yield f"{kind} - {each.name}"
