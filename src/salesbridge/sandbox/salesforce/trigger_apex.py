"""What deployed Apex says of itself: which triggers publish, whom they pass over, and which fields they tell.

Apex is never run. Read from its text are: which class leads to which, the custom permission that a handler asks for
(Apex Reference, *FeatureManagement.checkPermission*), and lists of mapped fields written as tokens (Apex Developer
Guide, *Using Field Tokens*), by which a payload is built of these fields alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .metadata_apex import Apex

CALLOUT = "GentrackCallout"
_CHECKED = re.compile(r"FeatureManagement\s*\.\s*checkPermission\s*\(\s*([^)]+?)\s*\)", re.IGNORECASE)
_CONSTANT = r"\bString\s+{name}\s*=\s*'([^']*)'"
_MAPPED = re.compile(r"(\w+)\.SObjectType\s*=>\s*new\s+List<(?:Schema\.)?SObjectField>\s*\{([^}]*)\}", re.IGNORECASE)
_WORDS = re.compile(r"\w+")
_COMMENTS = re.compile(r"'(?:\\.|[^'\\\n])*'|//[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Publisher:
    """An active trigger that publishes; ``bypass`` names the custom permissions of users it passes over."""

    trigger: Apex
    bypass: frozenset[str]


@dataclass(frozen=True, slots=True)
class Publishing:
    """What the deployed Apex does with saves.

    ``publishers`` goes from an object to its triggers, ``fields`` from an object to its mapped fields; without any such
    list a payload holds the whole record, as the vendor's samples write it.
    """

    publishers: Mapping[str, tuple[Publisher, ...]]
    fields: Mapping[str, tuple[str, ...]]


def publishing(classes: Mapping[str, Apex], triggers: Mapping[str, Apex]) -> Publishing:
    """Read the active classes and triggers.

    Args:
        classes: Every deployed class by name.
        triggers: Every deployed trigger by name.
    """
    active = {name.casefold(): each for name, each in classes.items() if each.status == "Active"}
    words = {name: {word.casefold() for word in _WORDS.findall(code(each.body))} for name, each in active.items()}
    leading = _leading({CALLOUT.casefold()} & active.keys(), words)
    found: dict[str, tuple[Publisher, ...]] = {}
    for each in triggers.values():
        called = {word.casefold() for word in _WORDS.findall(code(each.body))} & leading
        if each.status == "Active" and each.table is not None and called:
            asked = (_asked(active[name].body, active) for name in _reached(called, words) & leading)
            publisher = Publisher(each, frozenset().union(*asked))
            found[each.table] = (*found.get(each.table, ()), publisher)
    mapped = {CALLOUT.casefold()} | _reached(leading, words)
    return Publishing(found, _fields(active[name].body for name in sorted(mapped) if name in active))


def code(body: str) -> str:
    """Apex with strings and comments blanked."""
    return _COMMENTS.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), body)


def _uncommented(body: str) -> str:
    return _COMMENTS.sub(lambda found: found.group() if found.group().startswith("'") else " ", body)


def _leading(found: set[str], words: Mapping[str, set[str]]) -> set[str]:
    """The classes that publish, by themselves or through one another."""
    wider = found | {name for name, used in words.items() if used & found}
    return wider if wider == found else _leading(wider, words)


def _reached(found: set[str], words: Mapping[str, set[str]]) -> set[str]:
    """The classes that some classes use, and those themselves."""
    wider = found.union(*(words[name] & words.keys() for name in found))
    return wider if wider == found else _reached(wider, words)


def _asked(body: str, active: Mapping[str, Apex]) -> frozenset[str]:
    return frozenset(name for term in _CHECKED.findall(_uncommented(body)) if (name := _value(term, body, active)))


def _value(term: str, body: str, active: Mapping[str, Apex]) -> str:
    """The text that a literal or a constant stands for; nothing when that cannot be seen."""
    if term.startswith("'"):
        return term.strip("'")
    owner, _, name = term.rpartition(".")
    held = active[owner.casefold()].body if owner.casefold() in active else body
    found = re.search(_CONSTANT.format(name=re.escape(name)), held, re.IGNORECASE)
    return found.group(1) if found else ""


def _fields(bodies: Iterable[str]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for body in bodies:
        for sobject, tokens in _MAPPED.findall(_uncommented(body)):
            fields[sobject] = tuple(token.strip().rpartition(".")[2] for token in tokens.split(",") if token.strip())
    return fields
