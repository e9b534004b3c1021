"""Describing objects: the global list, one object in full, and each field with all its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .schema import ChildRelationship, Field, SObject

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
    "location": "urn:location",
    "base64": "xsd:base64Binary",
    "anyType": "xsd:anyType",
}
_IN_BYTES = frozenset(
    {"string", "textarea", "phone", "url", "email", "picklist", "multipicklist", "combobox", "encryptedstring"}
)
_SYSTEM = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
_BYTES_A_CHARACTER = 3


def describe_field(field: Field) -> dict[str, Any]:
    """All 57 attributes of a field, as describe answers of version 60 and later give them."""
    return {
        "aggregatable": field.aggregatable,
        "aiPredictionField": False,
        "autoNumber": field.auto_number,
        "byteLength": field.length * (_BYTES_A_CHARACTER if field.type in _IN_BYTES else 1),
        "calculated": field.calculated,
        "calculatedFormula": None,
        "cascadeDelete": field.cascade_delete,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound,
        "controllerName": None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default if field.type in {"boolean", "picklist", "string"} else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted_on_create,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.digits,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": _extra_type(field),
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.groupable,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": field.help_text,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": len(field.reference_to) > 1,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.name not in _SYSTEM,
        "picklistValues": _picklist_values(field),
        "polymorphicForeignKey": len(field.reference_to) > 1,
        "precision": field.precision,
        "queryByDistance": field.type in {"address", "location"},
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "relationshipOrder": 0 if _master_detail(field) else None,
        "restrictedDelete": field.restricted_delete,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference" and field.createable,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }


def _extra_type(field: Field) -> str | None:
    return "plaintextarea" if field.type == "textarea" else None


def _master_detail(field: Field) -> bool:
    return field.custom and field.type == "reference" and field.cascade_delete and not field.nillable


def _picklist_values(field: Field) -> list[dict[str, Any]]:
    return [
        {
            "active": True,
            "defaultValue": value == field.default,
            "label": value,
            "validFor": None,
            "value": value,
        }
        for value in field.picklist
    ]


def describe_child(link: ChildRelationship) -> dict[str, Any]:
    """One entry of ``childRelationships``."""
    return {
        "cascadeDelete": link.cascade_delete,
        "childSObject": link.child,
        "deprecatedAndHidden": False,
        "field": link.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": link.relationship_name,
        "restrictedDelete": link.restricted_delete,
    }


def describe_brief(sobject: SObject, base: str) -> dict[str, Any]:
    """An object's entry in the global describe.

    Args:
        sobject: The object.
        base: The path of the API version, e.g. ``/services/data/v66.0``.
    """
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable,
        "custom": sobject.custom or sobject.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": sobject.updateable,
        "mergeable": sobject.mergeable,
        "mruEnabled": sobject.updateable,
        "name": sobject.name,
        "queryable": sobject.queryable,
        "replicateable": sobject.replicateable,
        "retrieveable": sobject.queryable,
        "searchable": sobject.searchable,
        "triggerable": sobject.triggerable,
        "undeletable": sobject.undeletable,
        "updateable": sobject.updateable,
        "urls": _urls(sobject, base),
    }


def _urls(sobject: SObject, base: str) -> dict[str, str]:
    here = f"{base}/sobjects/{sobject.name}"
    return {
        "rowTemplate": f"{here}/{{ID}}",
        "describe": f"{here}/describe",
        "layouts": f"{here}/describe/layouts",
        "compactLayouts": f"{here}/describe/compactLayouts",
        "sobject": here,
    }


def describe_full(
    sobject: SObject, fields: Iterable[Field], children: Iterable[ChildRelationship], base: str
) -> dict[str, Any]:
    """The body of ``/sobjects/X/describe``: only the fields the caller may see."""
    brief = describe_brief(sobject, base)
    full = {
        "actionOverrides": [],
        **brief,
        "childRelationships": [describe_child(link) for link in children],
        "compactLayoutable": sobject.updateable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(field) for field in fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(brief["urls"]["describe"])],
        "searchLayoutable": sobject.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.label_plural.lower()}", "name": "everything"}],
    }
    return dict(sorted(full.items()))


def _master_record_type(describe: str) -> dict[str, Any]:
    id_ = "012000000000000AAA"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": id_,
        "urls": {"layout": f"{describe}/layouts/{id_}"},
    }
