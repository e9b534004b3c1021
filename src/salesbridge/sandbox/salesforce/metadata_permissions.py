"""Permission sets of a deployment. Source: Metadata API, *PermissionSet*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.metadata_xml import Kind, Many, MetadataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from salesbridge.sandbox.salesforce.schema import Schema

LABEL_LIMIT = 80
DESCRIPTION_LIMIT = 255
USER_PERMISSIONS = frozenset(
    """
    ActivateContract ActivateOrder AllowViewKnowledge ApiEnabled ApiUserOnly ApproveUninstalledConnectedApps
    AssignPermissionSets AuthorApex
    BulkApiHardDelete BulkMacrosAllowed CanApproveUninstalledApps CanUseNewDashboardBuilder ChatterInternalUser
    ConvertLeads CreateCustomizeDashboards CreateCustomizeReports CustomizeApplication DeleteActivatedContract
    EditActivatedOrders EditCaseComments EditEvent EditTask EditTranslation EmailMass EmailSingle ExportReport
    ImportLeads ImportPersonal InstallPackaging ManageAuthProviders ManageCallCenters ManageCustomPermissions
    ManageDataIntegrations ManageNamedCredentials ManageRemoteAccess ManageUsers ModifyAllData ModifyMetadata
    PasswordNeverExpires ResetPasswords RunReports ScheduleReports TransferAnyEntity TransferAnyLead
    UseAnyApiClient ViewAllData ViewAllUsers ViewDeveloperName ViewEventLogFiles ViewHelpLink
    ViewPlatformEvents ViewRoles ViewSetup
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""System permissions this org knows by their API names; others are unknown to it."""

UNQUERIED_OBJECTS = frozenset({"UserExternalCredential"})
"""Objects that permission sets grant and no query reads (Salesforce Help, *Enable User External Credentials*)."""

_ENABLED: dict[str, Kind] = {"enabled": "boolean"}
_OBJECT: dict[str, Kind] = {
    "object": "string",
    **dict.fromkeys(("allowCreate", "allowDelete", "allowEdit", "allowRead"), "boolean"),
    **dict.fromkeys(("modifyAllRecords", "viewAllFields", "viewAllRecords"), "boolean"),
}
_FIELD: dict[str, Kind] = {"field": "string", "editable": "boolean", "readable": "boolean"}
PERMISSION_SET: dict[str, Kind] = {
    **dict.fromkeys(("description", "label", "license", "userLicense"), "string"),
    "hasActivationRequired": "boolean",
    "applicationVisibilities": Many({"application": "string", "visible": "boolean", "default": "boolean"}),
    "classAccesses": Many({"apexClass": "string"} | _ENABLED),
    "customMetadataTypeAccesses": Many({"name": "string"} | _ENABLED),
    "customPermissions": Many({"name": "string"} | _ENABLED),
    "customSettingAccesses": Many({"name": "string"} | _ENABLED),
    "externalCredentialPrincipalAccesses": Many({"externalCredentialPrincipal": "string"} | _ENABLED),
    "externalDataSourceAccesses": Many({"externalDataSource": "string"} | _ENABLED),
    "fieldPermissions": Many(_FIELD),
    "flowAccesses": Many({"flow": "string"} | _ENABLED),
    "objectPermissions": Many(_OBJECT),
    "pageAccesses": Many({"apexPage": "string"} | _ENABLED),
    "recordTypeVisibilities": Many({"recordType": "string", "visible": "boolean"}),
    "tabSettings": Many({"tab": "string", "visibility": ("Available", "None", "Visible")}),
    "userPermissions": Many({"name": "string"} | _ENABLED),
}
_OBJECT_FLAGS = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
_NEEDS = {
    "allowCreate": ("allowRead",),
    "allowEdit": ("allowRead",),
    "allowDelete": ("allowRead", "allowEdit"),
    "viewAllRecords": ("allowRead",),
    "modifyAllRecords": ("allowRead", "allowEdit", "allowDelete", "viewAllRecords"),
}
_WORDS = {
    "allowCreate": "Create",
    "allowRead": "Read",
    "allowEdit": "Edit",
    "allowDelete": "Delete",
    "viewAllRecords": "View All",
    "modifyAllRecords": "Modify All",
}


def permission_set(name: str, found: Mapping[str, Any], schema: Schema, classes: Collection[str]) -> PermissionSet:
    """Turn an interpreted permission set file into the org's permission set.

    Args:
        name: The API name, from the file's name.
        found: The interpreted file.
        schema: The schema with everything else this deployment brings.
        classes: The names of the Apex classes there will be.

    Raises:
        MetadataError: Something it grants is not there, or may not be granted.
    """
    _required(found, ("label",))
    if len(found["label"]) > LABEL_LIMIT or len(found.get("description", "")) > DESCRIPTION_LIMIT:
        raise MetadataError(f"The label exceeds {LABEL_LIMIT} or the description {DESCRIPTION_LIMIT} characters")
    for each in found.get("objectPermissions", []):
        _object(each, schema)
    for each in found.get("classAccesses", []):
        _required(each, ("apexClass", "enabled"))
        if each["apexClass"] not in classes:
            raise MetadataError(f"In field: apexClass - no ApexClass named {each['apexClass']} found")
    for each in found.get("customPermissions", []):
        _required(each, ("name", "enabled"))
    fields = dict(_field(each, schema) for each in found.get("fieldPermissions", []))
    custom = frozenset(each["name"] for each in found.get("customPermissions", []) if each.get("enabled"))
    return PermissionSet(name, found["label"], fields, _user_permissions(found), custom)


def _required(found: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if found.get(name) in (None, ""):
            raise MetadataError(f"Required field is missing: {name}")


def _object(found: Mapping[str, Any], schema: Schema) -> None:
    _required(found, ("object", *_OBJECT_FLAGS))
    name = found["object"]
    if schema.sobject(name) is None and name not in UNQUERIED_OBJECTS:
        raise MetadataError(f"In field: field - no CustomObject named {name} found")
    for flag, needed in _NEEDS.items():
        missing = [each for each in needed if found[flag] and not found[each]]
        if missing:
            wanted = ", ".join(f"{_WORDS[each]} {name}" for each in missing)
            raise MetadataError(f"Permission {_WORDS[flag]} {name} depends on permission(s): {wanted}")


def _field(found: Mapping[str, Any], schema: Schema) -> tuple[str, FieldPermission]:
    _required(found, ("field", "editable", "readable"))
    owner, _, name = found["field"].partition(".")
    sobject = schema.sobject(owner)
    field = sobject.field(name) if sobject is not None else None
    if sobject is None or field is None:
        raise MetadataError(f"In field: field - no CustomField named {found['field']} found")
    if (not field.nillable and field.type != "boolean") or field.type == "id" or field.name_field:
        raise MetadataError(f"You cannot deploy to a required field: {found['field']}")
    if found["editable"] and not found["readable"]:
        raise MetadataError(f"Field {found['field']} cannot be editable without being readable")
    return f"{sobject.name}.{field.name}", FieldPermission(found["readable"], found["editable"])


def _user_permissions(found: Mapping[str, Any]) -> frozenset[str]:
    granted = set()
    for each in found.get("userPermissions", []):
        _required(each, ("name", "enabled"))
        if each["name"] not in USER_PERMISSIONS:
            raise MetadataError(f"Unknown user permission: {each['name']}")
        if each["enabled"]:
            granted.add(each["name"])
    return frozenset(granted)
