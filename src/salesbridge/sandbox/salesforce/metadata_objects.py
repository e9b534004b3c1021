"""Objects of a deployment: custom objects and platform events made, fields added.

Source: Metadata API, *CustomObject*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_fields import FIELD, LABEL_LIMIT, check_name
from salesbridge.sandbox.salesforce.metadata_specs import LIST_VIEW
from salesbridge.sandbox.salesforce.metadata_xml import Kind, Many, MetadataError
from salesbridge.sandbox.salesforce.schema import Field, Schema, SObject

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHARING = ("Private", "Read", "ReadWrite", "ReadWriteTransfer", "FullAccess", "ControlledByParent")
_OPAQUE = (
    "actionOverrides businessProcesses compactLayouts fieldSets historyRetentionPolicy indexes namedFilter "
    "profileSearchLayouts recordTypes sharingReasons sharingRecalculations validationRules webLinks"
)
_SINGLE = "compactLayoutAssignment customHelp customHelpPage dataStewardGroup dataStewardUser searchLayouts startsWith"
_FLAGS = (
    "allowInChatterGroups deprecated enableActivities enableBulkApi enableDivisions enableEnhancedLookup enableFeeds "
    "enableHistory enableLicensing enableReports enableSearch enableSharing enableStreamingApi household "
    "recordTypeTrackFeedHistory recordTypeTrackHistory"
)
OBJECT: dict[str, Kind] = {
    **{name: Many("any") for name in _OPAQUE.split()},
    **dict.fromkeys(_SINGLE.split(), "any"),
    **dict.fromkeys(_FLAGS.split(), "boolean"),
    **dict.fromkeys(("label", "pluralLabel", "description", "gender", "fullName"), "string"),
    "deploymentStatus": ("Deployed", "InDevelopment"),
    "eventType": ("HighVolume", "StandardVolume"),
    "publishBehavior": ("PublishAfterCommit", "PublishImmediately"),
    "sharingModel": _SHARING,
    "externalSharingModel": _SHARING,
    "visibility": ("Public", "Protected", "PackageProtected"),
    "nameField": FIELD,
    "fields": Many(FIELD),
    "listViews": Many(LIST_VIEW),
}
_EVENT_ONLY = ("eventType", "publishBehavior")
_NOT_FOR_EVENTS = ("nameField", "sharingModel", "enableHistory", "enableFeeds", "listViews")


def object_definition(name: str, found: Mapping[str, Any], schema: Schema) -> SObject | None:
    """The object a file defines anew or anew labels; None when it only adds to a standard one.

    Args:
        name: The object's name, from the file's name.
        found: The interpreted file.
        schema: The schema as deployed so far.

    Raises:
        MetadataError: The object is not there and cannot be made of this.
    """
    known = schema.sobject(name)
    if name.endswith("__e"):
        return _event(name, found, known, schema)
    for attribute in _EVENT_ONLY:
        if attribute in found:
            raise MetadataError(f"Can not specify '{attribute}' for an object that is no platform event")
    if name.endswith("__c"):
        return _custom(name, found, known, schema)
    if known is None:
        raise MetadataError(
            "fullName must end with: __c or __kav or __x or __b or __e or __p or __mdt or __dll or __dlm"
        )
    return None


def _labels(name: str, found: Mapping[str, Any]) -> tuple[str, str]:
    check_name(name, name[-3:])
    label, plural = found.get("label"), found.get("pluralLabel")
    if not label:
        raise MetadataError("Must specify a non-empty label for the CustomObject")
    if not plural:
        raise MetadataError("Must specify a non-empty pluralLabel for the CustomObject")
    for text in (label, plural):
        if len(text) > LABEL_LIMIT:
            raise MetadataError(f"Label: data value too large: {text} (max length={LABEL_LIMIT})")
    return label, plural


def _partial(found: Mapping[str, Any], known: SObject | None) -> bool:
    """Whether the file only carries fields for an object the org has."""
    return known is not None and not (set(found) - {"fields", "listViews", ""})


def _event(name: str, found: Mapping[str, Any], known: SObject | None, schema: Schema) -> SObject | None:
    if _partial(found, known):
        return None
    label, plural = _labels(name, found)
    for attribute in _NOT_FOR_EVENTS:
        if attribute in found:
            raise MetadataError(f"Can not specify '{attribute}' for a platform event")
    if found.get("eventType") != "HighVolume":
        raise MetadataError("Must specify 'eventType' HighVolume for a platform event")
    if known is not None:
        return replace(known, label=label, label_plural=plural)
    flags = dict.fromkeys(("updateable", "deletable", "queryable", "replicateable", "searchable", "undeletable"), False)
    fields = {each.name: each for each in _event_fields()}
    prefix = _next_prefix("e", schema)
    return SObject(name, label, plural, prefix, fields, triggerable=True, custom=True, **flags)


def _custom(name: str, found: Mapping[str, Any], known: SObject | None, schema: Schema) -> SObject | None:
    if _partial(found, known):
        return None
    label, plural = _labels(name, found)
    naming = found.get("nameField") or {}
    if naming.get("type") not in ("Text", "AutoNumber"):
        raise MetadataError("Must specify a nameField of type Text or AutoNumber")
    if not naming.get("label"):
        raise MetadataError("Must specify a non-empty label for the CustomField")
    if naming["type"] == "AutoNumber" and not naming.get("displayFormat"):
        raise MetadataError("Must specify 'displayFormat' for a CustomField of type AutoNumber")
    for attribute in ("deploymentStatus", "sharingModel"):
        if attribute not in found:
            raise MetadataError(f"Must specify '{attribute}' for a CustomObject")
    if known is not None:
        return replace(known, label=label, label_plural=plural)
    fields = {each.name: each for each in _system_fields(naming)}
    return SObject(name, label, plural, _next_prefix("a", schema), fields, custom=True)


def _next_prefix(first: str, schema: Schema) -> str:
    taken = {each.key_prefix for each in map(schema.sobject, schema.names()) if each is not None}
    for number in range(len(_DIGITS) ** 2):
        prefix = first + _DIGITS[number // len(_DIGITS)] + _DIGITS[number % len(_DIGITS)]
        if prefix not in taken:
            return prefix
    raise MetadataError("The maximum number of custom objects has been reached")


def _system(name: str, label: str, kind: str, **more: Any) -> Field:
    given: dict[str, Any] = {"nillable": False, "createable": False, "updateable": False, "defaulted_on_create": True}
    return Field(name, label, kind, **{**given, **more})


def _event_fields() -> Iterable[Field]:
    yield _system("ReplayId", "Replay ID", "string", length=1000, nillable=True, filterable=False, sortable=False)
    yield _system("CreatedDate", "Created Date", "datetime", groupable=False)
    yield _user("CreatedById", "Created By ID", "CreatedBy")
    yield _system("EventUuid", "Event UUID", "string", length=36, nillable=True)


def _user(name: str, label: str, relationship: str, **more: Any) -> Field:
    return _system(name, label, "reference", length=18, reference_to=("User",), relationship_name=relationship, **more)


def _system_fields(naming: Mapping[str, Any]) -> Iterable[Field]:
    yield _system("Id", "Record ID", "id", length=18, id_lookup=True, aggregatable=True)
    yield _user("OwnerId", "Owner ID", "Owner", createable=True, updateable=True)
    yield _system("IsDeleted", "Deleted", "boolean")
    if naming["type"] == "AutoNumber":
        shown = {"auto_number": True, "display_format": naming["displayFormat"]}
        yield _system("Name", naming["label"], "string", length=80, name_field=True, id_lookup=True, **shown)
    else:
        writable = {"nillable": True, "createable": True, "updateable": True, "defaulted_on_create": False}
        yield _system("Name", naming["label"], "string", length=80, name_field=True, id_lookup=True, **writable)
    yield _system("CreatedDate", "Created Date", "datetime", groupable=False)
    yield _user("CreatedById", "Created By ID", "CreatedBy")
    yield _system("LastModifiedDate", "Last Modified Date", "datetime", groupable=False)
    yield _user("LastModifiedById", "Last Modified By ID", "LastModifiedBy")
    yield _system("SystemModstamp", "System Modstamp", "datetime", groupable=False)
