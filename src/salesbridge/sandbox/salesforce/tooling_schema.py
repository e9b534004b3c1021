"""The objects of the Tooling API this org answers queries on. Source: Tooling API, each object's page."""

from __future__ import annotations

from salesbridge.sandbox.salesforce.metadata_apex import EVENTS
from salesbridge.sandbox.salesforce.schema import Field, Schema, SObject

USAGES = {event: "Usage" + "".join(word.capitalize() for word in event.split()) for event in EVENTS}
"""From a trigger event such as ``before insert`` to its field, ``UsageBeforeInsert``."""

_SYSTEM = "Id:id CreatedDate:datetime CreatedById LastModifiedDate:datetime LastModifiedById"
_APEX = "Name NamespacePrefix ApiVersion:double Status:picklist IsValid:boolean BodyCrc:double Body:textarea"
_APEX += " LengthWithoutComments:int ManageableState:picklist"
_FLAGS = "Customizable Queryable Searchable Triggerable Replicateable CustomSetting ApexTriggerable EverCreatable"
_FLAGS += " EverUpdatable EverDeletable"
_TABLES = {
    "ApexClass": f"{_SYSTEM} {_APEX}",
    "ApexTrigger": f"{_SYSTEM} {_APEX} TableEnumOrId EntityDefinitionId>EntityDefinition "
    + " ".join(f"{name}:boolean" for event, name in USAGES.items() if event != "before undelete")
    + " UsageIsBulk:boolean",
    "CustomField": f"{_SYSTEM} DeveloperName NamespacePrefix TableEnumOrId EntityDefinitionId>EntityDefinition "
    "ManageableState:picklist",
    "CustomObject": f"{_SYSTEM} DeveloperName NamespacePrefix ManageableState:picklist SharingModel:picklist",
    "EntityDefinition": "Id:id DurableId QualifiedApiName DeveloperName Label MasterLabel PluralLabel KeyPrefix "
    "NamespacePrefix PublisherId DeploymentStatus:picklist " + " ".join(f"Is{flag}:boolean" for flag in _FLAGS.split()),
    "ExternalCredential": f"{_SYSTEM} DeveloperName MasterLabel Language:picklist NamespacePrefix FullName Description "
    "AuthenticationProtocol:picklist ManageableState:picklist",
    "NamedCredential": f"{_SYSTEM} DeveloperName MasterLabel Language:picklist NamespacePrefix FullName Endpoint "
    "NamedCredentialType:picklist CalloutStatus:picklist AllowMergeFieldsinBody:boolean "
    "AllowMergeFieldsinHeader:boolean GenerateAuthorizationHeader:boolean ManageableState:picklist",
    "FieldDefinition": "Id:id DurableId QualifiedApiName DeveloperName Label MasterLabel DataType NamespacePrefix "
    "EntityDefinitionId>EntityDefinition Length:int Precision:int Scale:int RelationshipName PublisherId "
    "IsNillable:boolean IsIndexed:boolean IsCalculated:boolean IsNameField:boolean IsApiFilterable:boolean "
    "IsApiGroupable:boolean IsApiSortable:boolean IsPolymorphicForeignKey:boolean ValueTypeId",
    "ValidationRule": "Id:id Active:boolean Description EntityDefinitionId>EntityDefinition ErrorDisplayField "
    "ErrorMessage ManageableState:picklist NamespacePrefix ValidationName",
}


def tooling_schema() -> Schema:
    """The schema of the Tooling API's objects."""
    return Schema(_sobject(name, text) for name, text in _TABLES.items())


def _sobject(name: str, text: str) -> SObject:
    fields = [_field(word) for word in text.split()]
    flags = dict.fromkeys(("createable", "updateable", "deletable", "undeletable", "replicateable"), False)
    return SObject(name, name, name + "s", None, {each.name: each for each in fields}, **flags)


def _field(word: str) -> Field:
    name, _, kind = word.partition(":")
    name, _, parent = name.partition(">")
    long = name == "Body"
    return Field(
        name,
        name,
        kind or "string",
        length=1_000_000 if long else 255,
        createable=False,
        updateable=False,
        filterable=not long,
        sortable=not long,
        groupable=not long,
        reference_to=(parent,) if parent else (),
        relationship_name=parent or None,
    )
