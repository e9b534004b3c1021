"""What the package puts into an org besides fields, as values to compare the org with."""

from __future__ import annotations

from collections.abc import Mapping

from salesbridge.model import Entity, Expected, Phase, Table
from salesbridge.model.check_facts import Apex, EventField
from salesbridge.package import BYPASS, EVENT, FAILURE, PERMISSION_SET, SURFACED, Choices, sources
from salesbridge.package.components import ObjectParts
from salesbridge.package.event import event
from salesbridge.package.surfaced import surfaced_event

#: Metadata type of an event's field -> what describe calls it (Platform Events guide, "Platform Event Fields").
_DESCRIBED: Mapping[str, str] = {"Text": "string", "LongTextArea": "textarea", "DateTime": "datetime"}
_ACTIVATE: Mapping[str, str] = {"Contract": "ActivateContract", "Order": "ActivateOrder"}


def expected_of(table: Table, choices: Choices, *, load_only: bool = False) -> Expected:
    """What an org that is prepared has besides the fields of the mapped objects.

    Args:
        table: The tenant's data model.
        choices: What of the package the customer wants.
        load_only: Leave out what only the ongoing synchronisation needs: event, Apex, and the warning of a bypass.
    """
    entities = [entity for entity in table.entities if entity.name not in choices.leave_out]
    permissions = (
        "ApiEnabled",
        *(_ACTIVATE[e.name] for e in entities if _activates(e) and (e.initial or not load_only)),
    )
    if load_only or not choices.triggered:
        return Expected(PERMISSION_SET, permissions)
    definition = {key: value for key, value in event().definition if isinstance(value, str)}
    return Expected(
        PERMISSION_SET,
        permissions,
        BYPASS,
        EVENT,
        tuple(_event_fields(event())),
        definition["publishBehavior"],
        (FAILURE,),
        tuple(_apex(table, choices)),
        SURFACED,
        tuple(_event_fields(surfaced_event())),
    )


def _activates(entity: Entity) -> bool:
    return entity.name in _ACTIVATE and any(field.phase is Phase.ACTIVATE for field in entity.fields)


def _event_fields(parts_of: ObjectParts) -> list[EventField]:
    found = []
    for name, parts in parts_of.fields:
        told = {key: value for key, value in parts if isinstance(value, str)}
        found.append(EventField(name, _DESCRIBED[told["type"]], int(told.get("length", 0))))
    return found


def _apex(table: Table, choices: Choices) -> list[Apex]:
    triggers = {f"{choices.prefix}{name}Trigger": name for name in choices.triggered}
    return [
        Apex("ApexTrigger" if name in triggers else "ApexClass", name, text, triggers.get(name, ""))
        for name, text in sources(table, choices).items()
    ]
