"""What the package puts into an org besides fields: the platform event, Apex, and the permission set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from salesbridge.model.check_codes import found
from salesbridge.model.check_facts import Apex, EventField, Expected, OrgFacts
from salesbridge.model.check_finding import Finding, Fix

#: What triggers that were made after the vendor's own preparation guide mention.
_GUIDE = "gentrack"
#: Fields that Salesforce fills itself.
_SYSTEM_EVENT_FIELDS = frozenset({"replayid", "createddate", "createdbyid", "eventuuid"})


def check_permissions(facts: OrgFacts, expected: Expected) -> Iterator[Finding]:
    """The permission set and what the connector's user may do."""
    name = expected.permission_set
    assign = Fix(assign=(name,))
    if name and facts.permission_sets is not None and name not in facts.permission_sets:
        fix = Fix((f"PermissionSet:{name}",), (name,))
        yield found("permission-set-missing", "", name, f"the org has no permission set {name}", fix=fix)
    elif name and facts.assigned is not None and name not in facts.assigned:
        message = f"the permission set {name} is not assigned to the connector's user"
        yield found("permission-set-not-assigned", "", name, message, fix=assign)
    if expected.bypass and facts.permission_sets is not None and expected.bypass not in facts.permission_sets:
        fix = Fix((f"CustomPermission:{expected.bypass}", f"PermissionSet:{expected.bypass}"))
        message = f"the org has no permission set {expected.bypass}, with which a load passes over the triggers"
        yield found("package-part-missing", "", expected.bypass, message, fix=fix, where="Setup > Permission Sets")
    elif expected.bypass and expected.bypass in (facts.assigned or ()):
        message = "the connector's user bypasses the triggers: what its writes cause is not heard"
        yield found("bypass-assigned", "", expected.bypass, message)
    yield from _user_permissions(facts, expected, assign if name else None)


def _user_permissions(facts: OrgFacts, expected: Expected, fix: Fix | None) -> Iterator[Finding]:
    held = facts.permissions
    if held is None:
        return
    for name in expected.permissions:
        if held.get(name) is False:
            message = f"the connector's user has not the permission {name}"
            yield found("permission-missing", "", name, message, fix=fix)
    if held.get("ModifyAllData"):
        message = "the connector's user may modify all data, which the connector does not need"
        yield found("user-too-powerful", "", "ModifyAllData", message)


def check_event(facts: OrgFacts, expected: Expected) -> Iterator[Finding]:
    """The platform event: there, with its four fields, and published at once."""
    describe, event = facts.event_describe, expected.event
    if not event or describe is None:
        return
    fix = Fix((f"CustomObject:{event}",))
    if not describe:
        yield _unseen("event", event, facts, expected)
        return
    fields: dict[str, Mapping[str, Any]] = {field["name"].lower(): field for field in describe["fields"]}  # type: ignore[attr-defined]
    for wanted in expected.event_fields:
        yield from _event_field(event, wanted, fields.pop(wanted.name.lower(), None), fix)
    for name, field in fields.items():
        if name not in _SYSTEM_EVENT_FIELDS and field["createable"] and not field["nillable"]:
            yield found("event-field-required", event, field["name"], "the event requires a value that nobody fills")
    if facts.publish_behaviour not in {None, expected.publish_behaviour}:
        message = f"the event has the publish behaviour {facts.publish_behaviour}, not {expected.publish_behaviour}"
        yield found("event-publish-behaviour", event, "", message, fix=fix)


def check_surfaced(facts: OrgFacts, expected: Expected) -> Iterator[Finding]:
    """The platform event by which billing's events appear: there, with fields that take what is published.

    Published after commit or at once, it works either way.
    """
    describe, event = facts.surfaced_describe, expected.surfaced
    if not event or describe is None:
        return
    if not describe:
        yield _unseen("surfaced-event", event, facts, expected)
        return
    fields: dict[str, Mapping[str, Any]] = {field["name"].lower(): field for field in describe["fields"]}  # type: ignore[attr-defined]
    fix = Fix((f"CustomObject:{event}",))
    for wanted in expected.surfaced_fields:
        for each in _event_field(event, wanted, fields.get(wanted.name.lower()), fix):
            yield found("surfaced-event-field", event, wanted.name, each.message, fix=each.fix)


def _unseen(what: str, event: str, facts: OrgFacts, expected: Expected) -> Finding:
    """An event that Salesforce does not show: it is not there, or hidden."""
    hidden = facts.custom_objects is not None and event in facts.custom_objects
    words = "hidden from the connector's user" if hidden else "not there"
    set_ = expected.permission_set
    deploy = (f"PermissionSet:{set_}",) if hidden else (f"CustomObject:{event}", f"PermissionSet:{set_}")
    code = f"{what}-hidden" if hidden else f"{what}-missing"
    return found(code, event, "", f"the event is {words}", fix=Fix(deploy, (set_,)))


def _event_field(event: str, wanted: EventField, field: Mapping[str, Any] | None, fix: Fix) -> Iterator[Finding]:
    if field is None:
        yield found("event-field-missing", event, wanted.name, "the event lacks the field", fix=fix)
    elif field["type"] != wanted.type:
        message = f"is of type {field['type']}, {wanted.type} is needed"
        yield found("event-field-type", event, wanted.name, message)
    elif field["length"] < wanted.length:
        message = f"holds {field['length']} characters, {wanted.length} are needed"
        yield found("event-field-length", event, wanted.name, message, fix=fix)


def check_objects(facts: OrgFacts, expected: Expected) -> Iterator[Finding]:
    """The package's own objects besides the event."""
    for name in expected.objects:
        if facts.custom_objects is not None and name not in facts.custom_objects:
            fix = Fix((f"CustomObject:{name}",))
            yield found(
                "package-part-missing", name, "", "the object is missing", fix=fix, where="Setup > Object Manager"
            )


def check_apex(facts: OrgFacts, expected: Expected, absent: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Classes and triggers: there, active, compiling, and of this version.

    Args:
        facts: What was asked of the org.
        expected: What the package puts into it.
        absent: Objects that the org does not have, so that they can have no trigger.
    """
    if facts.apex is None:
        return
    held = {(apex.type, apex.name.lower()): apex for apex in facts.apex}
    for wanted in (apex for apex in expected.apex if apex.table not in absent):
        have = held.get((wanted.type, wanted.name.lower()))
        if have is None and wanted.type == "ApexTrigger":
            have = _of_the_guide(wanted, facts.apex)
        yield from _apex(wanted, have)


def _of_the_guide(wanted: Apex, held: tuple[Apex, ...]) -> Apex | None:
    """An active trigger on the same object that was made after the vendor's guide, under another name."""
    alike = (a for a in held if a.type == "ApexTrigger" and a.table == wanted.table and a.active)
    return next((apex for apex in alike if _GUIDE in apex.body.lower()), None)


def _apex(wanted: Apex, have: Apex | None) -> Iterator[Finding]:
    kind = "trigger" if wanted.type == "ApexTrigger" else "apex"
    noun = "the trigger" if kind == "trigger" else "the class"
    fix = Fix((f"{wanted.type}:{wanted.name}",))
    if have is None:
        yield found(f"{kind}-missing", wanted.table, wanted.name, f"{noun} is missing", fix=fix)
    elif kind == "trigger" and not have.active:
        yield found("trigger-inactive", wanted.table, wanted.name, "the trigger is not active", fix=fix)
    elif not have.valid:
        yield found("apex-invalid", wanted.table, wanted.name, f"{noun} does not compile in this org", fix=fix)
    elif have.text != wanted.text:
        message = f"{noun} is not that of this version of the package"
        yield found(f"{kind}-outdated", wanted.table, wanted.name, message, fix=fix)
