"""Custom fields: from ``<fields>`` of an object file to a field of the schema. Source: Metadata API, *CustomField*."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_xml import Kind, Many, MetadataError
from salesbridge.sandbox.salesforce.schema import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesbridge.sandbox.salesforce.schema import Schema, SObject

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)")
NAME_LIMIT = 40
LABEL_LIMIT = 40
EXTERNAL_IDS = 25
DIGITS = 18

_VALUE: dict[str, Kind] = {"fullName": "string", "label": "string", "default": "boolean", "isActive": "boolean"}
_VALUE |= {"color": "string", "description": "string"}
_DEFINITION: dict[str, Kind] = {"sorted": "boolean", "value": Many(_VALUE)}
_VALUE_SET: dict[str, Kind] = {"restricted": "boolean", "valueSetDefinition": _DEFINITION, "valueSetName": "string"}
_VALUE_SET |= {"controllingField": "string", "valueSettings": Many("any")}

FIELD: dict[str, Kind] = {
    **dict.fromkeys(("fullName", "label", "type", "description", "inlineHelpText", "defaultValue"), "string"),
    **dict.fromkeys(("referenceTo", "relationshipLabel", "relationshipName", "formula", "displayFormat"), "string"),
    **dict.fromkeys(("externalId", "unique", "caseSensitive", "required", "trackHistory"), "boolean"),
    **dict.fromkeys(("trackFeedHistory", "trackTrending", "deprecated", "encrypted", "stripMarkup"), "boolean"),
    **dict.fromkeys(("reparentableMasterDetail", "writeRequiresMasterRead", "populateExistingRows"), "boolean"),
    **dict.fromkeys(("length", "precision", "scale", "visibleLines", "startingNumber", "relationshipOrder"), "int"),
    **dict.fromkeys(("businessOwnerGroup", "businessOwnerUser", "complianceGroup", "encryptionScheme"), "string"),
    "businessStatus": ("Active", "DeprecateCandidate", "Hidden"),
    "deleteConstraint": ("Cascade", "Restrict", "SetNull"),
    "formulaTreatBlanksAs": ("BlankAsBlank", "BlankAsZero"),
    "securityClassification": "string",
    "lookupFilter": "any",
    "valueSet": _VALUE_SET,
}


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a metadata field type becomes and which attributes it must, and may, have."""

    describe: str
    needs: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()
    length: int = 0
    lengths: tuple[int, int] = (0, 0)
    lines: tuple[int, int] = (0, 0)


def _type(describe: str, needs: str = "", takes: str = "", **options: Any) -> FieldType:
    required = tuple(needs.split())
    return FieldType(describe, required, frozenset(takes.split()) | set(required), **options)


TYPES: dict[str, FieldType] = {
    "AutoNumber": _type("string", "displayFormat", "externalId startingNumber", length=30),
    "Checkbox": _type("boolean", "", "defaultValue formula"),
    "Currency": _type("currency", "precision scale", "required defaultValue formula"),
    "Date": _type("date", "", "required defaultValue formula"),
    "DateTime": _type("datetime", "", "required defaultValue formula"),
    "Email": _type("email", "", "externalId unique required defaultValue", length=80),
    "Html": _type("textarea", "length visibleLines", "", lengths=(256, 131_072), lines=(10, 50)),
    "LongTextArea": _type("textarea", "length visibleLines", "defaultValue", lengths=(256, 131_072), lines=(2, 50)),
    "Lookup": _type("reference", "referenceTo", "required relationshipName deleteConstraint", length=18),
    "MasterDetail": _type(
        "reference",
        "referenceTo relationshipName",
        "relationshipOrder reparentableMasterDetail writeRequiresMasterRead",
        length=18,
    ),
    "MultiselectPicklist": _type("multipicklist", "valueSet visibleLines", "required", length=4099, lines=(3, 10)),
    "Number": _type("double", "precision scale", "externalId unique required defaultValue formula"),
    "Percent": _type("percent", "precision scale", "required defaultValue formula"),
    "Phone": _type("phone", "", "required defaultValue", length=40),
    "Picklist": _type("picklist", "valueSet", "required", length=255),
    "Text": _type(
        "string", "length", "externalId unique caseSensitive required defaultValue formula", lengths=(1, 255)
    ),
    "TextArea": _type("textarea", "", "required defaultValue", length=255),
    "Time": _type("time", "", "required defaultValue formula"),
    "Url": _type("url", "", "required defaultValue", length=255),
}
EVENT_TYPES = frozenset({"Checkbox", "Date", "DateTime", "Number", "Text", "LongTextArea"})
"""The field types a platform event may have (Platform Events Developer Guide, *Define Your Platform Event*)."""

_GUARDED = (
    *("externalId", "unique", "caseSensitive", "required", "length", "precision", "scale", "visibleLines"),
    *("referenceTo", "relationshipName", "deleteConstraint", "valueSet", "displayFormat", "formula"),
)
_NOT_WITH_FORMULA = ("required", "unique", "externalId", "length", "defaultValue")


def check_name(name: str, suffix: str = "__c") -> None:
    """Refuse a developer name Salesforce does not allow.

    Raises:
        MetadataError: The name is too long or has forbidden characters.
    """
    stem = name.removesuffix(suffix)
    if not _NAME.fullmatch(stem) or len(stem) > NAME_LIMIT:
        raise MetadataError(
            f"The name {name} can only contain alphanumeric characters, must begin with a letter, cannot end with an "
            f"underscore or contain two consecutive underscore characters, and cannot exceed {NAME_LIMIT} characters"
        )


def custom_field(found: Mapping[str, Any], owner: SObject, schema: Schema) -> Field:
    """Turn the interpreted ``<fields>`` element into a schema field.

    Args:
        found: What :func:`metadata_xml.interpret` read with the specification ``FIELD``.
        owner: The object the field goes on.
        schema: The schema the field is checked against.

    Raises:
        MetadataError: The definition is incomplete or contradicts itself or the org.
    """
    name = found["fullName"]
    check_name(name)
    if not found.get("label"):
        raise MetadataError("Must specify a non-empty label for the CustomField")
    if len(found["label"]) > LABEL_LIMIT:
        raise MetadataError(f"Field Label: data value too large: {found['label']} (max length={LABEL_LIMIT})")
    kind = _kind(found, owner)
    _check_attributes(found, kind)
    _check_numbers(found, kind)
    _check_org(found, kind, owner, schema)
    return _field(found, kind)


def _kind(found: Mapping[str, Any], owner: SObject) -> FieldType:
    name = found.get("type")
    if not name:
        raise MetadataError("Must specify 'type' for a CustomField")
    kind = TYPES.get(name)
    if kind is None:
        raise MetadataError(f"Error parsing file: '{name}' is not a valid value for the enum 'FieldType'")
    if owner.name.endswith("__e") and name not in EVENT_TYPES:
        raise MetadataError(f"Fields of type {name} are not supported on platform events")
    return kind


def _check_attributes(found: Mapping[str, Any], kind: FieldType) -> None:
    name = found["type"]
    if found.get("formula"):
        _check_formula(found, kind)
        return
    for attribute in kind.needs:
        if found.get(attribute) is None:
            raise MetadataError(f"Must specify '{attribute}' for a CustomField of type {name}")
    if name == "Checkbox" and found.get("defaultValue") not in ("true", "false"):
        raise MetadataError("Must specify 'defaultValue' (true or false) for a CustomField of type Checkbox")
    for attribute in _GUARDED:
        if attribute not in kind.takes and found.get(attribute):
            raise MetadataError(f"Can not specify '{attribute}' for a CustomField of type {name}")
    if found.get("caseSensitive") and not found.get("unique"):
        raise MetadataError("Can not specify 'caseSensitive' for a CustomField that is not unique")


def _check_formula(found: Mapping[str, Any], kind: FieldType) -> None:
    if "formula" not in kind.takes:
        raise MetadataError(f"Can not specify 'formula' for a CustomField of type {found['type']}")
    for attribute in _NOT_WITH_FORMULA:
        if found.get(attribute):
            raise MetadataError(f"Can not specify '{attribute}' for a formula field")


def _check_numbers(found: Mapping[str, Any], kind: FieldType) -> None:
    if kind.lengths[1] and "length" in found:
        _between("length", found["length"], *kind.lengths)
    if kind.lines[1] and "visibleLines" in found:
        _between("visibleLines", found["visibleLines"], *kind.lines)
    if "precision" in kind.needs and "precision" in found:
        _between("precision", found["precision"], 1, DIGITS)
        _between("scale", found.get("scale", 0), 0, found["precision"])


def _between(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise MetadataError(f"{name} must be between {least} and {most}, was {value}")


def _check_org(found: Mapping[str, Any], kind: FieldType, owner: SObject, schema: Schema) -> None:
    target = found.get("referenceTo")
    if target and schema.sobject(target) is None:
        raise MetadataError(f"referenceTo value of '{target}' does not resolve to a valid sObject type")
    if found.get("externalId"):
        others = [f for f in owner.fields.values() if f.external_id and f.name != found["fullName"]]
        if len(others) >= EXTERNAL_IDS:
            raise MetadataError(f"The maximum number of external ID fields ({EXTERNAL_IDS}) has been reached")
    known = owner.field(found["fullName"])
    if known is not None and known.type != kind.describe:
        raise MetadataError(f"Cannot update a field to a {found['type']} from something else")
    if kind.describe == "reference":
        _check_child_name(found, owner, schema)


def _check_child_name(found: Mapping[str, Any], owner: SObject, schema: Schema) -> None:
    wanted = f"{found.get('relationshipName')}__r".casefold()
    for child in schema.children(found["referenceTo"]):
        same = (child.child, child.field) == (owner.name, found["fullName"])
        if not same and (child.relationship_name or "").casefold() == wanted:
            raise MetadataError(
                f"There is already a Child Relationship named {found['relationshipName']} on {found['referenceTo']}."
            )


def _field(found: Mapping[str, Any], kind: FieldType) -> Field:
    long = found["type"] in ("LongTextArea", "Html")
    formula = bool(found.get("formula"))
    writable = not formula and found["type"] != "AutoNumber"
    master = found["type"] == "MasterDetail"
    values = _values(found)
    return Field(
        found["fullName"],
        found["label"],
        kind.describe,
        length=found.get("length") or kind.length or (1300 if formula and kind.describe == "string" else 0),
        precision=found.get("precision", 0),
        scale=found.get("scale", 0),
        nillable=kind.describe != "boolean" and not master and not found.get("required", False),
        createable=writable,
        updateable=writable and (not master or bool(found.get("reparentableMasterDetail"))),
        defaulted_on_create=kind.describe == "boolean" or found["type"] == "AutoNumber",
        default=_default(found, values),
        unique=bool(found.get("unique")),
        external_id=bool(found.get("externalId")),
        case_sensitive=bool(found.get("caseSensitive")),
        id_lookup=bool(found.get("externalId")),
        auto_number=found["type"] == "AutoNumber",
        calculated=formula,
        custom=True,
        filterable=not long,
        sortable=not long and kind.describe != "multipicklist",
        groupable=kind.describe not in ("textarea", "multipicklist", "double", "currency", "percent", "datetime"),
        aggregatable=not long and kind.describe not in ("boolean", "multipicklist"),
        reference_to=(found["referenceTo"],) if found.get("referenceTo") else (),
        relationship_name=found["fullName"].removesuffix("__c") + "__r" if kind.describe == "reference" else None,
        cascade_delete=master or found.get("deleteConstraint") == "Cascade",
        restricted_delete=found.get("deleteConstraint") == "Restrict",
        child_relationship_name=f"{found['relationshipName']}__r" if found.get("relationshipName") else None,
        picklist=tuple(value["fullName"] for value in values if value.get("isActive", True)),
        restricted=bool((found.get("valueSet") or {}).get("restricted")),
        help_text=found.get("inlineHelpText"),
        display_format=found.get("displayFormat"),
    )


def _values(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    chosen = found.get("valueSet") or {}
    if chosen.get("valueSetName"):
        raise MetadataError(f"In field: valueSet - no GlobalValueSet named {chosen['valueSetName']} found")
    values: list[dict[str, Any]] = (chosen.get("valueSetDefinition") or {}).get("value", [])
    for value in values:
        if not value.get("fullName") or value.get("default") is None or not value.get("label"):
            raise MetadataError("Picklist values need 'fullName', 'default' and 'label'")
    _no_twice([value["fullName"] for value in values])
    if found["type"] in ("Picklist", "MultiselectPicklist") and not values:
        raise MetadataError("Must specify at least one picklist value in 'valueSetDefinition'")
    return values


def _no_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise MetadataError(f"duplicate value found: picklist value {name} is specified more than once")
        seen.add(name.casefold())


def _default(found: Mapping[str, Any], values: Iterable[Mapping[str, Any]]) -> object:
    if found["type"] == "Checkbox":
        return found.get("defaultValue") == "true"
    chosen = next((value["fullName"] for value in values if value.get("default")), None)
    text = found.get("defaultValue")
    literal = isinstance(text, str) and len(text) > 1 and text[0] == text[-1] == '"'
    return chosen or (text[1:-1] if literal and text else None)
