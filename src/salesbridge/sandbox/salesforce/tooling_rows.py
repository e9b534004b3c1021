"""The rows of the Tooling API: views of the schema and of the deployed metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.credentials_rows import credential_rows
from salesbridge.sandbox.salesforce.tooling_schema import USAGES
from salesbridge.sandbox.salesforce.values import datetime_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from salesbridge.sandbox.salesforce.metadata_apex import Apex
    from salesbridge.sandbox.salesforce.metadata_store import MetadataStore
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.results import Row
    from salesbridge.sandbox.salesforce.schema import Field, SObject

DATA_TYPES = {
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "email": "Email",
    "multipicklist": "Picklist (Multi-Select)",
    "phone": "Phone",
    "picklist": "Picklist",
    "url": "URL",
}
_NUMBERS = {"double": "Number", "currency": "Currency", "percent": "Percent", "int": "Number"}


class ToolingRows:
    """Gives the rows of each virtual table anew for every query.

    Args:
        org: The org.
        store: Its deployed metadata.
    """

    def __init__(self, org: Org, store: MetadataStore) -> None:
        self._org, self._store = org, store

    def tables(self) -> Mapping[str, Callable[[], Iterable[Row]]]:
        """The function that gives the rows, by object name."""
        return {
            "ApexClass": lambda: (self._apex("ApexClass", each) for each in self._store.classes.values()),
            "ApexTrigger": lambda: map(self._trigger, self._store.triggers.values()),
            "CustomField": self._custom_fields,
            "CustomObject": lambda: (self._custom_object(each) for each in self._sobjects() if each.custom),
            "EntityDefinition": lambda: map(self._entity, self._sobjects()),
            "FieldDefinition": self._fields,
            **credential_rows(self._org, self._system),
            "ValidationRule": self._validation_rules,
        }

    def _sobjects(self) -> Iterator[SObject]:
        found = map(self._org.visible_sobject, self._org.visible_names())
        return (each for each in found if each is not None)

    def _system(self, kind: str, name: str) -> Row:
        component = self._store.component(kind, name, at=self._org.clock(), user="")
        return {
            "Id": component.id,
            "CreatedDate": datetime_text(component.created),
            "CreatedById": component.created_by,
            "LastModifiedDate": datetime_text(component.modified),
            "LastModifiedById": component.modified_by,
        }

    def _durable(self, sobject: SObject) -> str:
        """``DurableId``: the name of a standard object, the id of a custom one."""
        return str(self._system("CustomObject", sobject.name)["Id"]) if sobject.custom else sobject.name

    def _owner(self, name: str) -> str:
        sobject = self._org.schema.sobject(name)
        return self._durable(sobject) if sobject is not None else name

    def _apex(self, kind: str, apex: Apex) -> Row:
        return self._system(kind, apex.name) | {
            "Name": apex.name,
            "ApiVersion": apex.api_version,
            "Status": apex.status,
            "IsValid": True,
            "BodyCrc": float(apex.crc),
            "Body": apex.body,
            "LengthWithoutComments": apex.length_without_comments,
            "ManageableState": "unmanaged",
        }

    def _trigger(self, apex: Apex) -> Row:
        owner = self._owner(apex.table or "")
        usages = {name: event in apex.events for event, name in USAGES.items() if event != "before undelete"}
        extra = {"TableEnumOrId": owner, "EntityDefinitionId": owner, "UsageIsBulk": True}
        return self._apex("ApexTrigger", apex) | extra | usages

    def _custom_fields(self) -> Iterator[Row]:
        for sobject in self._sobjects():
            owner = self._durable(sobject)
            for field in sobject.fields.values():
                if field.custom:
                    yield self._system("CustomField", f"{sobject.name}.{field.name}") | {
                        "DeveloperName": field.name.removesuffix("__c"),
                        "TableEnumOrId": owner,
                        "EntityDefinitionId": owner,
                        "ManageableState": "unmanaged",
                    }

    def _validation_rules(self) -> Iterator[Row]:
        for full_name, message in self._org.settings.validation_rules.items():
            owner, _, name = full_name.partition(".")
            system = self._system("ValidationRule", full_name)
            yield {
                "Id": system["Id"],
                "Active": True,
                "EntityDefinitionId": self._owner(owner),
                "ErrorMessage": message,
                "ManageableState": "unmanaged",
                "ValidationName": name,
            }

    def _custom_object(self, sobject: SObject) -> Row:
        name = sobject.name.rpartition("__")[0]
        return self._system("CustomObject", sobject.name) | {"DeveloperName": name, "ManageableState": "unmanaged"}

    def _entity(self, sobject: SObject) -> Row:
        durable = self._durable(sobject)
        return {
            "Id": durable,
            "DurableId": durable,
            "QualifiedApiName": sobject.name,
            "DeveloperName": sobject.name.removesuffix("__c").removesuffix("__e"),
            "Label": sobject.label,
            "MasterLabel": sobject.label,
            "PluralLabel": sobject.label_plural,
            "KeyPrefix": sobject.key_prefix,
            "PublisherId": "<local>" if sobject.custom else "System",
            "IsCustomizable": sobject.createable,
            "IsQueryable": sobject.queryable,
            "IsSearchable": sobject.searchable,
            "IsTriggerable": sobject.triggerable,
            "IsReplicateable": sobject.replicateable,
            "IsCustomSetting": False,
            "IsApexTriggerable": sobject.triggerable,
            "IsEverCreatable": sobject.createable,
            "IsEverUpdatable": sobject.updateable,
            "IsEverDeletable": sobject.deletable,
        } | ({"DeploymentStatus": "Deployed"} if sobject.custom else {})

    def _fields(self) -> Iterator[Row]:
        for sobject in self._sobjects():
            owner = self._durable(sobject)
            for field in sobject.fields.values():
                yield self._field(sobject, owner, field)

    def _field(self, sobject: SObject, owner: str, field: Field) -> Row:
        own = self._system("CustomField", f"{sobject.name}.{field.name}")["Id"][:15] if field.custom else field.name
        durable = f"{owner}.{own}"
        row: dict[str, Any] = {
            "Id": durable,
            "DurableId": durable,
            "QualifiedApiName": field.name,
            "DeveloperName": field.name.removesuffix("__c"),
            "Label": field.label,
            "MasterLabel": field.label,
            "DataType": data_type(field),
            "EntityDefinitionId": owner,
            "Length": field.length,
            "Precision": field.precision,
            "Scale": field.scale,
            "PublisherId": "<local>" if field.custom else "System",
            "IsNillable": field.nillable,
            "IsIndexed": field.indexed or field.type == "id",
            "IsCalculated": field.calculated,
            "IsNameField": field.name_field,
            "IsApiFilterable": field.filterable,
            "IsApiGroupable": field.groupable,
            "IsApiSortable": field.sortable,
            "IsPolymorphicForeignKey": len(field.reference_to) > 1,
            "ValueTypeId": field.type,
        }
        return row | ({"RelationshipName": field.relationship_name} if field.relationship_name else {})


def data_type(field: Field) -> str:
    """The type as Setup shows it, e.g. ``Text(40)`` or ``Date/Time`` (FieldDefinition, *DataType*)."""
    if field.calculated:
        return f"Formula ({data_type_of(field)})"
    return data_type_of(field)


def data_type_of(field: Field) -> str:
    """The type without regard to a formula."""
    if field.type == "reference":
        return f"Lookup({','.join(field.reference_to)})"
    if field.type in _NUMBERS:
        return f"{_NUMBERS[field.type]}({max(field.precision - field.scale, 0) or field.digits}, {field.scale})"
    if field.type == "textarea":
        return f"Long Text Area({field.length})" if field.length > 255 else "Text Area(255)"  # noqa: PLR2004
    if field.type == "string":
        marks = " (External ID)" if field.external_id else ""
        marks += " (Unique Case Insensitive)" if field.unique and not field.case_sensitive else ""
        return f"Text({field.length}){marks}"
    return DATA_TYPES.get(field.type, field.type)
