"""The connector's permission set: rights on exactly what the data model maps (Metadata API guide, PermissionSet)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from salesbridge.model import EXTERNAL_ID, Entity, Field, Phase
from salesbridge.package.markup import Element, document, elements

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


def permission_set_file(entities: Iterable[Entity]) -> str:
    """The permission set for some entities.

    Deleting is not among its rights, and neither is *Modify All*, which would imply it.
    """
    chosen = sorted(entities, key=lambda entity: entity.name)
    fields = sorted(name for entity in chosen for name in _fields(entity))
    return document(
        "PermissionSet",
        (
            *elements(description=_DESCRIPTION),
            *(("fieldPermissions", elements(editable=True, field=name, readable=True)) for name in fields),
            *elements(hasActivationRequired=False, label="Gentrack Connector"),
            *_objects(chosen),
            *_user_permissions(chosen),
        ),
    )


def _fields(entity: Entity) -> Iterator[str]:
    yield f"{entity.name}.{EXTERNAL_ID}"
    for parent in entity.parents:
        name = f"{entity.name}.{parent.field}"
        if not parent.required or name in _OPTIONAL_LOOKUPS:
            yield name
    for field in entity.fields:
        name = f"{entity.name}.{field.name}{'Address' if field.address else ''}"
        if _permissionable(field, name):
            yield name


def _permissionable(field: Field, name: str) -> bool:
    """Whether Salesforce lets a permission set name the field; a deployment that names another one fails."""
    return field.custom or not (field.required or name in _SEEN_BY_ALL)


def _objects(entities: list[Entity]) -> Iterator[Element]:
    names = {entity.name: True for entity in entities if entity.name not in _FOLLOWS}
    if any(entity.facts for entity in entities):
        names["Pricebook2"] = False
    for name, create in sorted(names.items()):
        yield (
            "objectPermissions",
            elements(
                allowCreate=create,
                allowDelete=False,
                allowEdit=True,
                allowRead=True,
                modifyAllRecords=False,
                object=name,
                viewAllRecords=name not in _UNSHARED,
            ),
        )


def _user_permissions(entities: list[Entity]) -> Iterator[Element]:
    activated = {e.name for e in entities for field in e.fields if field.phase is Phase.ACTIVATE}
    for name in sorted({"ApiEnabled", *(_ACTIVATE[name] for name in activated & _ACTIVATE.keys())}):
        yield "userPermissions", elements(enabled=True, name=name)
