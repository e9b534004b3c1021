"""The platform event by which events of billing are surfaced in Salesforce, for flows and Apex of the customer's own.

It is published after commit. Whoever publishes it through the API publishes nothing else in the same transaction, so a
subscriber could not see it too early either way; but of a request that Salesforce rolls back nothing is heard, and what
the connector repeats then is heard once (Platform Events guide, "Platform Event Fields", Publish Behavior).
"""

from __future__ import annotations

from typing import Final

from salesbridge.package.components import Named, ObjectParts
from salesbridge.package.markup import elements
from salesbridge.sync.event_mapping import ATTRIBUTES_LENGTH, ID_LENGTH, LITERAL_LENGTH

SURFACED: Final = "Gentrack_Event__e"
_RECORD_ID_LENGTH = 18


def surfaced_event() -> ObjectParts:
    """The platform event (Metadata API guide, CustomObject; Platform Events guide, "Define Your Platform Event")."""
    definition = elements(
        deploymentStatus="Deployed",
        description="Something that happened in the billing system. Start flows and Apex of your own from it.",
        eventType="HighVolume",
        label="Gentrack Event",
        pluralLabel="Gentrack Events",
        publishBehavior="PublishAfterCommit",
    )
    return ObjectParts(SURFACED, tuple(sorted(_fields())), definition=definition)


def _fields() -> list[Named]:
    return [
        _text("Event_Type__c", LITERAL_LENGTH, "What sort of thing happened, as the event mapping says."),
        _text("Event_Subtype__c", LITERAL_LENGTH, "What happened to it, as the event mapping says."),
        _text("Event_Context__c", LITERAL_LENGTH, "What External Context Id names, as the event mapping says."),
        _text("External_Context_Id__c", ID_LENGTH, "The billing system's number of what it happened to."),
        _text("External_Reference__c", ID_LENGTH, "A further number of the billing system, if the mapping names one."),
        _attributes(),
        _text("Event_Id__c", ID_LENGTH, "The same in every repeat of the event. Drop what you have seen already."),
        _moment(),
        _text("Record_Id__c", _RECORD_ID_LENGTH, "Salesforce id of the record it happened to, if one is linked."),
    ]


def _text(name: str, length: int, help_text: str) -> Named:
    label = name.removesuffix("__c").replace("_", " ")
    return name, elements(fullName=name, inlineHelpText=help_text, label=label, length=length, type="Text")


def _attributes() -> Named:
    name, help_text = "Attributes__c", "Further values by name, as a JSON object."
    return name, elements(
        fullName=name,
        inlineHelpText=help_text,
        label="Attributes",
        length=ATTRIBUTES_LENGTH,
        type="LongTextArea",
        visibleLines=3,
    )


def _moment() -> Named:
    name, help_text = "Occurred_At__c", "When it happened in the billing system."
    return name, elements(fullName=name, inlineHelpText=help_text, label="Occurred At", type="DateTime")
