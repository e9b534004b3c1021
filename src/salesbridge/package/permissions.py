"""Permission sets: the connector's with rights on exactly what the data model maps, and the bypass of the triggers.

Source: Metadata API guide, PermissionSet and CustomPermission.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from salesbridge.model import EXTERNAL_ID, Entity, Field, Phase
from salesbridge.package.apex import BYPASS
from salesbridge.package.choices import Choices
from salesbridge.package.components import File, xml
from salesbridge.package.event import EVENT, FAILURE, failure_fields
from salesbridge.package.markup import Element, elements
from salesbridge.package.surfaced import SURFACED

PERMISSION_SET = "Gentrack_Connector"
_DESCRIPTION = "What the connector to the Gentrack billing system may see and change. Assign it to its service account."
#: Rights on these objects follow from their parents', and cannot be given (Salesforce Help, "Object permissions").
_FOLLOWS = {"AccountContactRelation", "PricebookEntry", "QuoteLineItem", "OrderItem"}
#: Objects whose records are not shared one by one, so that nobody can be given the view of all.
_UNSHARED = {"Product2", "Pricebook2"}
#: Standard fields that everybody sees: parts of a name, statuses, and those of an object without field permissions.
_SEEN_BY_ALL = {
    "Contact.FirstName",
    "Contact.Salutation",
    "Contract.Status",
    "Order.Status",
    "PricebookEntry.IsActive",
}
#: A lookup that our records need and yet Salesforce does not.
_OPTIONAL_LOOKUPS = {"Asset.AccountId"}
_ACTIVATE = {"Contract": "ActivateContract", "Order": "ActivateOrder"}


def permission_set(entities: Iterable[Entity], choices: Choices) -> File:
    """The permission set for some entities.

    Deleting is not among its rights, and neither is *Modify All*, which would imply it. Of the connector's own objects
    it may publish and hear the events, and read the log of failed publishes.
    """
    chosen = sorted(entities, key=lambda entity: entity.name)
    editable = dict.fromkeys((name for entity in chosen for name in _fields(entity, choices)), True)
    seen = editable | dict.fromkeys(failure_fields() if choices.triggered else (), False)
    return xml(
        "PermissionSet",
        PERMISSION_SET,
        (
            *elements(description=_DESCRIPTION),
            *(
                ("fieldPermissions", elements(editable=edit, field=name, readable=True))
                for name, edit in sorted(seen.items())
            ),
            *elements(hasActivationRequired=False, label="Gentrack Connector"),
            *_objects(chosen, choices),
            *_user_permissions(chosen),
        ),
    )


def bypass() -> Iterator[File]:
    """The custom permission of users whose changes are not published, and a permission set that grants it.

    It is apart from the connector's own set: what flows and other Apex change because of the connector's writes has to
    be heard, so that the connector bypasses the triggers for a load only.
    """
    about = "Changes of these users are not published to the connector. For data loads; take it away afterwards."
    yield xml("CustomPermission", BYPASS, elements(description=about, isLicensed=False, label="Gentrack Bypass"))
    granted: Element = ("customPermissions", elements(enabled=True, name=BYPASS))
    tail = elements(description=about, hasActivationRequired=False, label="Gentrack Bypass")
    yield xml("PermissionSet", BYPASS, (granted, *tail))


def _fields(entity: Entity, choices: Choices) -> Iterator[str]:
    yield f"{entity.name}.{EXTERNAL_ID}"
    for parent in entity.parents:
        name = f"{entity.name}.{parent.field}"
        if parent.entity not in choices.leave_out and (not parent.required or name in _OPTIONAL_LOOKUPS):
            yield name
    for field in entity.fields:
        name = f"{entity.name}.{field.name}{'Address' if field.address else ''}"
        if _permissionable(field, name):
            yield name


def _permissionable(field: Field, name: str) -> bool:
    """Whether Salesforce lets a permission set name the field; a deployment that names another one fails."""
    return field.custom or not (field.required or name in _SEEN_BY_ALL)


def _objects(entities: list[Entity], choices: Choices) -> Iterator[Element]:
    """Rights on objects: those of the mapping, then those of our own."""
    rights = {entity.name: _rights(entity.name, create=True) for entity in entities if entity.name not in _FOLLOWS}
    if any(entity.facts for entity in entities):
        rights["Pricebook2"] = _rights("Pricebook2", create=False)
    if choices.triggered:
        for event in (EVENT, SURFACED):
            rights[event] = _rights(event, create=True, edit=False, view_all=False)
        rights[FAILURE] = _rights(FAILURE, create=False, edit=False)
    for _, right in sorted(rights.items()):
        yield "objectPermissions", right


def _rights(name: str, *, create: bool, edit: bool = True, view_all: bool = True) -> tuple[Element, ...]:
    return elements(
        allowCreate=create,
        allowDelete=False,
        allowEdit=edit,
        allowRead=True,
        modifyAllRecords=False,
        object=name,
        viewAllRecords=view_all and name not in _UNSHARED,
    )


def _user_permissions(entities: list[Entity]) -> Iterator[Element]:
    activated = {e.name for e in entities for field in e.fields if field.phase is Phase.ACTIVATE}
    for name in sorted({"ApiEnabled", *(_ACTIVATE[name] for name in activated & _ACTIVATE.keys())}):
        yield "userPermissions", elements(enabled=True, name=name)
