"""How an event of billing becomes a platform event in Salesforce: literals, and JSON paths into its ``data``. Pure.

The elements are those of the vendor's page *Event Configuration*: Event Type, Event Subtype, Event Context and
attribute names are literals; External Context Id, External Reference and attribute values are JSON paths (RFC 9535) in
which ``$`` is the event's ``data``. What the page leaves open is decided here:

* External Context Id must find exactly one text, number or boolean. External Reference may be left out, and may find
  nothing: then its field is empty. Neither may find several values, an object or a list.
* An attribute whose path can find one value at most has that value, of whatever kind, or null where there is none. One
  whose path may find several (``$.services[*].name``) is always a list, in the order of the document.
* Nothing is cut: a value that is longer than its field is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery

#: Longest texts of the platform event's fields.
LITERAL_LENGTH, ID_LENGTH, ATTRIBUTES_LENGTH = 100, 255, 32_768
#: Longest JSON path, most attributes, and most values that one attribute lists.
PATH_LENGTH, MOST_ATTRIBUTES, MOST_VALUES = 500, 50, 200
#: Members of the JSON form, with what people call them.
MEMBERS: Final[Mapping[str, str]] = {
    "eventType": "Event Type",
    "eventSubtype": "Event Subtype",
    "eventContext": "Event Context",
    "externalContextId": "External Context Id",
    "externalReference": "External Reference",
    "attributes": "Attributes",
}
_REQUIRED = frozenset({"eventType", "externalContextId"})
_PATHS = frozenset({"externalContextId", "externalReference"})
_LESS = "Let the paths in the event mapping lead to less of the event's data."


class MappingError(ValueError):
    """An event mapping cannot be; the message tells everything that is wrong and what to do.

    Args:
        faults: Member of the JSON form and a sentence, for each fault.
    """

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in faults))
        self.faults = tuple(faults)


class UnsurfacedError(ValueError):
    """An event cannot be put into a platform event by its mapping.

    Args:
        code: Groups equal causes.
        message: What is wrong.
        mend: What to do.
    """

    def __init__(self, code: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.mend = mend


class Event(Protocol):
    """What is needed of an event of billing."""

    @property
    def event_id(self) -> str:
        """The same in every repeat."""

    @property
    def created_at(self) -> datetime | None:
        """When it happened."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What it is about."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the platform event.

    Attributes:
        name: Literal.
        value: JSON path.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class EventMapping:
    """How events of one type are surfaced.

    Attributes:
        event_type: Literal.
        event_subtype: Literal; may be empty.
        event_context: Literal; may be empty.
        external_context_id: JSON path.
        external_reference: JSON path; may be empty.
        attributes: Further values by name.
    """

    event_type: str
    external_context_id: str
    event_subtype: str = ""
    event_context: str = ""
    external_reference: str = ""
    attributes: tuple[Attribute, ...] = field(default=())

    def form(self) -> dict[str, Any]:
        """The JSON form, which :func:`parse` reads."""
        return {
            "eventType": self.event_type,
            "eventSubtype": self.event_subtype,
            "eventContext": self.event_context,
            "externalContextId": self.external_context_id,
            "externalReference": self.external_reference,
            "attributes": [{"name": each.name, "value": each.value} for each in self.attributes],
        }


def parse(form: object) -> EventMapping:
    """Reads an event mapping from its JSON form.

    Args:
        form: An object with the members of ``MEMBERS``; ``attributes`` is a list of objects ``name``, ``value``.

    Raises:
        MappingError: It cannot be.
    """
    if not isinstance(form, Mapping):
        raise MappingError([("", 'An event mapping is a JSON object such as {"eventType": "Switch Loss", ...}.')])
    attributes = list(_attributes(form.get("attributes") or []))
    faults = [*_unknown(form), *_texts(form), *(fault for _, faults in attributes for fault in faults)]
    names = [made.name for made, _ in attributes if made is not None]
    faults += [_fault("attributes", f"{name!r} is there twice; give each its own name") for name in _twice(names)]
    if len(attributes) > MOST_ATTRIBUTES:
        faults.append(_fault("attributes", f"{len(attributes)} are more than the {MOST_ATTRIBUTES} there may be"))
    if faults:
        raise MappingError(faults)
    texts = {name: str(form.get(name) or "").strip() for name in MEMBERS if name != "attributes"}
    return EventMapping(
        texts["eventType"], texts["externalContextId"], texts["eventSubtype"], texts["eventContext"],
        texts["externalReference"], tuple(made for made, _ in attributes if made is not None),
    )  # fmt: skip


def read(text: str) -> EventMapping:
    """Reads an event mapping from the text of its JSON form.

    Raises:
        MappingError: It is no JSON, or cannot be.
    """
    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MappingError([("", f"This is not JSON: {error}.")]) from None
    return parse(form)


def surface(mapping: EventMapping, event: Event, record_id: str = "") -> dict[str, str | None]:
    """The fields of the platform event that an event of billing becomes.

    Args:
        mapping: How events of its type are surfaced.
        event: The event.
        record_id: Salesforce id of the record that it is about; empty where none is linked.

    Raises:
        UnsurfacedError: A part that must be there is not, or a value does not fit.
    """
    context_id = _one("External Context Id", mapping.external_context_id, event.data)
    if context_id is None:
        raise UnsurfacedError(
            "NO_CONTEXT_ID",
            f"External Context Id: {mapping.external_context_id} finds nothing in the event's data.",
            "Correct the path in the event mapping, or dismiss this event if it has no such value.",
        )
    reference = mapping.external_reference
    return {
        "Event_Type__c": mapping.event_type,
        "Event_Subtype__c": mapping.event_subtype or None,
        "Event_Context__c": mapping.event_context or None,
        "External_Context_Id__c": context_id,
        "External_Reference__c": _one("External Reference", reference, event.data) if reference else None,
        "Attributes__c": _attributes_text(mapping, event.data),
        "Event_Id__c": event.event_id,
        "Occurred_At__c": _instant(event.created_at),
        "Record_Id__c": record_id or None,
    }


def _unknown(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in form:
        if name not in MEMBERS:
            yield "", f"There is no {str(name)[:50]!r} in an event mapping. There are: {', '.join(MEMBERS)}."


def _texts(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in MEMBERS:
        value = form.get(name)
        if name == "attributes":
            continue
        if value is not None and not isinstance(value, str):
            yield _fault(name, "it is a text, in quotation marks")
        elif not (value or "").strip():
            if name in _REQUIRED:
                yield _fault(name, "enter a path such as $.identifier" if name in _PATHS else "enter a word or two")
        else:
            yield from _text(name, (value or "").strip())


def _text(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name in _PATHS:
        wrong = _wrong_path(value, single=True)
        if wrong:
            yield _fault(name, wrong)
    elif len(value) > LITERAL_LENGTH or not value.isprintable():
        yield _fault(name, f"use at most {LITERAL_LENGTH} characters, in one line")


def _attributes(form: object) -> Iterator[tuple[Attribute | None, list[tuple[str, str]]]]:
    if not isinstance(form, list):
        yield None, [_fault("attributes", 'it is a list such as [{"name": "status", "value": "$.status"}]')]
        return
    for number, each in enumerate(form, 1):
        where = f"number {number}"
        if not isinstance(each, Mapping) or not all(isinstance(each.get(name), str) for name in ("name", "value")):
            yield None, [_fault("attributes", f'{where} is not of the form {{"name": "status", "value": "$.status"}}')]
            continue
        made = Attribute(each["name"].strip(), each["value"].strip())
        yield made, [_fault("attributes", f"{where}: {wrong}") for wrong in _wrong_attribute(made, each)]


def _wrong_attribute(made: Attribute, form: Mapping[str, Any]) -> Iterator[str]:
    if set(form) - {"name", "value"}:
        yield "it has a name and a value, and nothing else"
    if not made.name or len(made.name) > LITERAL_LENGTH or not made.name.isprintable():
        yield f"its name needs 1 to {LITERAL_LENGTH} characters, in one line"
    wrong = _wrong_path(made.value, single=False) if made.value else "its value needs a path such as $.status"
    if wrong:
        yield wrong


def _wrong_path(text: str, *, single: bool) -> str:
    """Why a text cannot be used as a path; empty if it can."""
    if len(text) > PATH_LENGTH:
        return f"a path has at most {PATH_LENGTH} characters"
    try:
        path = _compiled(text)
    except (JSONPathError, RecursionError) as error:
        said = str(error).partition(", line ")[0]
        return f"{text} is not a JSON path ({said}); write it like $.identifier, where $ is the event's data"
    if single and not path.singular_query():
        return f"{text} may find several values; name one, such as $.services[0].id"
    return ""


class _Paths(JSONPathEnvironment):
    """JSON paths without regular expressions, whose time has no bound."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in ("match", "search"):
            self.function_extensions.pop(name, None)


_PARSER: Final = _Paths()


@lru_cache(512)
def _compiled(text: str) -> JSONPathQuery:
    return _PARSER.compile(text)


def _found(text: str, data: Mapping[str, Any]) -> list[Any]:
    try:
        return [node.value for node in _compiled(text).finditer(dict(data))]
    except (JSONPathError, RecursionError) as error:
        raise UnsurfacedError(
            "PATH_FAILS", f"{text} cannot be followed in the event's data: {error}.", "Use a simpler path."
        ) from None


def _one(name: str, text: str, data: Mapping[str, Any]) -> str | None:
    """The one value as text; None where there is none."""
    value = next(iter(_found(text, data)), None)
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)):
        kind = "an object" if isinstance(value, dict) else "a list"
        raise UnsurfacedError(
            "NOT_ONE_VALUE", f"{name}: {text} finds {kind}, not one value.",
            "Let the path in the event mapping lead to a text or a number, such as $.account.number.",
        )  # fmt: skip
    told = value if isinstance(value, str) else json.dumps(value)
    if len(told) > ID_LENGTH:
        raise _too_long(name, len(told), ID_LENGTH)
    return told


def _attributes_text(mapping: EventMapping, data: Mapping[str, Any]) -> str | None:
    if not mapping.attributes:
        return None
    found = {each.name: _attribute(each, data) for each in mapping.attributes}
    try:
        told = json.dumps(found, ensure_ascii=False)
    except RecursionError:
        raise UnsurfacedError("TOO_DEEP", "Attributes: a value is nested too deeply.", _LESS) from None
    if len(told) > ATTRIBUTES_LENGTH:
        raise _too_long("Attributes", len(told), ATTRIBUTES_LENGTH)
    return told


def _attribute(each: Attribute, data: Mapping[str, Any]) -> Any:
    values = _found(each.value, data)
    if _compiled(each.value).singular_query():
        return next(iter(values), None)
    if len(values) > MOST_VALUES:
        raise _too_long(f"Attribute {each.name}", len(values), MOST_VALUES, "values")
    return values


def _too_long(name: str, length: int, most: int, unit: str = "characters") -> UnsurfacedError:
    return UnsurfacedError("TOO_LONG", f"{name}: {length} {unit} are more than the {most} that fit.", _LESS)


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else None


def _fault(member: str, words: str) -> tuple[str, str]:
    return member, f"{MEMBERS[member]}: {words}."


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
