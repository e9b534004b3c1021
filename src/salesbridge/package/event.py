"""Objects of our own: the platform event that the triggers publish, and the log of what could not be published.

The event is named as the vendor's preparation guide names it, with its four fields and no other, so that every consumer
of that guide's event can read ours.
"""

from __future__ import annotations

from salesbridge.package.components import Named, ObjectParts
from salesbridge.package.markup import Element, elements

EVENT = "Gentrack_Object_Event__e"
FAILURE = "Gentrack_Publish_Failure__c"
#: Characters of a payload (preparation guide, "Adding the Gentrack event"); a longer one is told as a marker.
PAYLOAD_LENGTH = 32_768
_WORD_LENGTH = 64


def event() -> ObjectParts:
    """The platform event (Metadata API guide, CustomObject; Platform Events guide, "Define Your Platform Event")."""
    definition = elements(
        deploymentStatus="Deployed",
        eventType="HighVolume",
        label="Gentrack Object Event",
        pluralLabel="Gentrack Object Events",
        publishBehavior="PublishImmediately",
    )
    return ObjectParts(EVENT, tuple(_told()), definition=definition)


def failure() -> ObjectParts:
    """The log of events that could not be published, which Apex tries again."""
    name: Element = ("nameField", elements(displayFormat="GPF-{000000}", label="Failure Number", type="AutoNumber"))
    definition = (
        *elements(
            deploymentStatus="Deployed",
            description="Events for the connector that could not be published. They are tried again by GentrackRetry.",
            label="Gentrack Publish Failure",
        ),
        name,
        *elements(pluralLabel="Gentrack Publish Failures", sharingModel="Private"),
    )
    fields = (*_told(), _attempts(), _error())
    return ObjectParts(FAILURE, tuple(sorted(fields)), (_view(),), definition)


def failure_fields() -> list[str]:
    """Full names of the log's fields."""
    return [f"{FAILURE}.{name}" for name, _ in failure().fields]


def _told() -> list[Named]:
    """The four fields of the event, which the log keeps too."""
    return [
        _text("Object_Type__c", "Object Type"),
        _text("Operation_Type__c", "Operation Type"),
        _long_text("New_Payload__c", "New Payload"),
        _long_text("Old_Payload__c", "Old Payload"),
    ]


def _text(name: str, label: str) -> Named:
    return name, elements(fullName=name, label=label, length=_WORD_LENGTH, type="Text")


def _long_text(name: str, label: str) -> Named:
    return name, elements(fullName=name, label=label, length=PAYLOAD_LENGTH, type="LongTextArea", visibleLines=3)


def _attempts() -> Named:
    name = "Attempts__c"
    help_text = "How often publishing was tried. After five attempts it is left for you to look at."
    return name, elements(
        fullName=name, inlineHelpText=help_text, label="Attempts", precision=4, scale=0, type="Number"
    )


def _error() -> Named:
    return "Error__c", elements(fullName="Error__c", label="Error", length=255, type="Text")


def _view() -> Named:
    name = "All_Failures"
    columns = ("NAME", "Object_Type__c", "Operation_Type__c", "Attempts__c", "Error__c", "CREATED_DATE")
    chosen: tuple[Element, ...] = tuple(("columns", column) for column in columns)
    return name, (*elements(fullName=name), *chosen, *elements(filterScope="Everything", label="All Failures"))
