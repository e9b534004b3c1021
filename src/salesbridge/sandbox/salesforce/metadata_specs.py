"""Components that a deployment only keeps, read strictly: what each type must and may hold, and what it leans on.

Source: Metadata API, *ConnectedApp*, *CustomPermission*, *ExternalClientApplication*, *ExternalCredential*,
*ExtlClntAppOauthSettings*, *ExtlClntAppGlobalOauthSettings*, *ExtlClntAppOauthConfigurablePolicies*, *Layout*,
*ListView*, *NamedCredential*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_xml import Element, Kind, Many, MetadataError, interpret

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.metadata_staging import Staging
    from salesbridge.sandbox.salesforce.schema import SObject

_APP_HEAD = "contactPhone description iconUrl infoUrl logoUrl startUrl"
_SCOPES = (
    *("Basic", "Api", "Web", "Full", "Chatter", "CustomApplications", "RefreshToken", "OpenID", "CustomPermissions"),
    *("Wave", "Eclair", "Pardot", "Lightning", "Content", "CDPIngest", "CDPProfile", "CDPQuery"),
)
_FLAGS = "isClientCredentialsFlowEnabled isCodeCredFlowEnabled isCodeCredPostOnly isConsumerSecretOptional"
_MORE_FLAGS = (
    "isDeviceFlowEnabled isIntrospectAllTokens isNamedUserJwtEnabled isPkceRequired isRefreshTokenRotationEnabled "
    "isSecretRequiredForRefreshToken isSecretRequiredForTokenExchange isTokenExchangeEnabled shouldRotateConsumerKey "
    "shouldRotateConsumerSecret"
)
_OAUTH: dict[str, Kind] = {
    **dict.fromkeys(("callbackUrl", "certificate", "consumerKey", "consumerSecret", "singleLogoutUrl"), "string"),
    "oauthClientCredentialUser": "string",
    **dict.fromkeys(("isAdminApproved", "isClientCredentialEnabled", "isCodeCredentialEnabled"), "boolean"),
    **dict.fromkeys(("isCodeCredentialPostOnly", *_FLAGS.split()[3:], *_MORE_FLAGS.split()[:8]), "boolean"),
    "scopes": Many(_SCOPES),
}
_OAUTH_POLICY: dict[str, Kind] = {
    "ipRelaxation": ("ENFORCE", "BYPASS", "ENFORCE_LOGIN_IP_RANGES", "BYPASS_WITH_2FACTOR"),
    "refreshTokenPolicy": "string",
    "singleLogoutUrl": "string",
}
_RELAXATIONS = ("Enforce", "Bypass", "BypassWith2FA", "EnforceLoginIpRanges")
_PERMITTED = ("AdminApprovedPreAuthorized", "AllSelfAuthorized")
_REFRESH = ("Infinite", "SpecificInactivity", "SpecificLifetime", "Zero")
_PRINCIPALS = ("NamedPrincipal", "PerUserPrincipal", "AnonymousPrincipal", "AwsStsPrincipal")
_CREDENTIAL_PARAMETER: dict[str, Kind] = {
    **dict.fromkeys(("authProvider", "certificate", "description", "externalAuthIdentityProvider"), "string"),
    **dict.fromkeys(("parameterGroup", "parameterName", "parameterValue"), "string"),
    "sequenceNumber": "int",
    "parameterType": (
        *(
            "AdditionalRefreshStatusCode",
            "AuthHeader",
            "AuthParameter",
            "AuthProtocolVariant",
            "AuthProvider",
            "AuthProviderUrl",
            "Authentication",
        ),
        *("AuthProviderUrlQueryParameter", "AwsStsPrincipal", "ExternalAuthIdentityProvider", "JwtBodyClaim"),
        *("JwtHeaderClaim", "SigningCertificate", *_PRINCIPALS[:2]),
    ),
}
_ENDPOINT_PARAMETER: dict[str, Kind] = {
    **dict.fromkeys(("certificate", "description", "externalCredential", "globalNamedPrincipalCredential"), "string"),
    **dict.fromkeys(("managedFeatureEnabledCallout", "outboundNetworkConnection", "parameterName"), "string"),
    **dict.fromkeys(("parameterValue", "readOnlyNamedCredential", "systemUserNamedCredential"), "string"),
    "sequenceNumber": "int",
    "parameterType": (
        *("AllowedManagedPackageNamespaces", "Authentication", "ClientCertificate", "HttpHeader"),
        *("OutboundNetworkConnection", "Url"),
    ),
}
_ITEM: dict[str, Kind] = {
    **dict.fromkeys(("canvas", "component", "customLink", "field", "page", "scontrol"), "string"),
    **dict.fromkeys(("emptySpace", "showLabel", "showScrollbars"), "boolean"),
    **dict.fromkeys(("height", "width"), "int"),
    "behavior": ("Edit", "Readonly", "Required"),
}
_SECTION: dict[str, Kind] = {
    **dict.fromkeys(("customLabel", "detailHeading", "editHeading"), "boolean"),
    "label": "string",
    "layoutColumns": Many({"layoutItems": Many(_ITEM), "reserved": "string"}),
    "style": ("TwoColumnsTopToBottom", "TwoColumnsLeftToRight", "OneColumn", "CustomLinks"),
}
_LAYOUT_LISTS = "customButtons excludeButtons headers multilineLayoutFields relatedLists relatedObjects"
_LAYOUT_PARTS = "customConsoleComponents feedLayout miniLayout platformActionList quickActionList relatedContent"
_LAYOUT_FLAGS = (
    "emailDefault runAssignmentRulesDefault showEmailCheckbox showHighlightsPanel showInteractionLogPanel "
    "showKnowledgeComponent showRunAssignmentRulesCheckbox showSolutionSection showSubmitAndAttachButton"
)
_OPERATIONS = (
    *("equals", "notEqual", "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual", "contains", "notContain"),
    *("startsWith", "includes", "excludes", "within"),
)
LIST_VIEW: dict[str, Kind] = {
    **dict.fromkeys(("fullName", "booleanFilter", "division", "label", "language", "queue"), "string"),
    "columns": Many("string"),
    "filterScope": ("Everything", "Mine", "Queue", "Delegated", "MyTerritory", "MyTeamTerritory", "Team"),
    "filters": Many({"field": "string", "operation": _OPERATIONS, "value": "string"}),
    "sharedTo": "any",
}
_NAMED = ("fullName", "label")


@dataclass(frozen=True, slots=True)
class Spec:
    """What a type may and must hold; ``refers`` goes from an element to the type whose component it names."""

    holds: Mapping[str, Kind]
    needs: tuple[str, ...]
    refers: Mapping[str, str]


def _spec(holds: Mapping[str, Kind], needs: str, **refers: str) -> Spec:
    return Spec({**dict.fromkeys(_NAMED, "string"), **holds}, tuple(needs.split()), refers)


_OF_APP = {"externalClientApplication": "string"}
SPECS: Mapping[str, Spec] = {
    "CustomPermission": _spec(
        {
            **dict.fromkeys(("connectedApp", "description", "externalClientApplication"), "string"),
            "isLicensed": "boolean",
            "requiredPermission": Many({"customPermission": "string", "dependency": "boolean"}),
        },
        "isLicensed label",
    ),
    "ConnectedApp": _spec(
        {
            **dict.fromkeys(("contactEmail", "plugin", *_APP_HEAD.split()), "string"),
            **dict.fromkeys(("permissionSetName", "profileName"), Many("string")),
            **dict.fromkeys(("attributes", "ipRanges"), Many("any")),
            **dict.fromkeys(("canvasConfig", "mobileAppConfig", "samlConfig", "sessionPolicy"), "any"),
            "oauthConfig": _OAUTH,
            "oauthPolicy": _OAUTH_POLICY,
        },
        "contactEmail label",
        permissionSetName="PermissionSet",
    ),
    "ExternalClientApplication": _spec(
        {
            **dict.fromkeys(("contactEmail", "orgScopedExternalApp", *_APP_HEAD.split()[:-1]), "string"),
            "distributionState": ("Local", "Managed", "Packaged"),
            "isProtected": "boolean",
        },
        "contactEmail distributionState label",
    ),
    "ExtlClntAppOauthSettings": _spec(
        {
            **_OF_APP,
            **dict.fromkeys(("commaSeparatedOauthScopes", "commaSeparatedCustomScopes", "oauthLink"), "string"),
            **dict.fromkeys(("clientAssertionCertificate", "singleLogoutUrl"), "string"),
            "isFirstPartyAppEnabled": "boolean",
            "customAttributes": Many("any"),
            "trustedIpRanges": Many("any"),
        },
        "externalClientApplication label",
        externalClientApplication="ExternalClientApplication",
    ),
    "ExtlClntAppGlobalOauthSettings": _spec(
        {
            **_OF_APP,
            **dict.fromkeys(("callbackUrl", "certificate", "consumerKey", "consumerSecret"), "string"),
            **dict.fromkeys((*_FLAGS.split(), *_MORE_FLAGS.split()), "boolean"),
            "idTokenConfig": "any",
        },
        "callbackUrl externalClientApplication label",
        externalClientApplication="ExternalClientApplication",
    ),
    "ExtlClntAppOauthConfigurablePolicies": _spec(
        {
            **_OF_APP,
            **dict.fromkeys(("apexHandler", "clientCredentialsFlowUser", "commaSeparatedPermissionSet"), "string"),
            **dict.fromkeys(("commaSeparatedProfile", "executeHandlerAs", "singleLogoutUrl", "startUrl"), "string"),
            **dict.fromkeys(("refreshTokenValidityUnit", "policyAction", "requiredSessionLevel"), "string"),
            **dict.fromkeys(("isClientCredentialsFlowEnabled", "isGuestCodeCredFlowEnabled"), "boolean"),
            "isTokenExchangeFlowEnabled": "boolean",
            **dict.fromkeys(("refreshTokenValidityPeriod", "sessionTimeoutInMinutes"), "int"),
            "customAttributes": Many("any"),
            "ipRelaxationPolicyType": _RELAXATIONS,
            "permittedUsersPolicyType": _PERMITTED,
            "refreshTokenPolicyType": _REFRESH,
        },
        "externalClientApplication label",
        externalClientApplication="ExternalClientApplication",
        commaSeparatedPermissionSet="PermissionSet",
        clientCredentialsFlowUser="User",
    ),
    "ExternalCredential": _spec(
        {
            "authenticationProtocol": ("AwsSv4", "Basic", "Custom", "Jwt", "JwtExchange", "Oauth", "Password"),
            "description": "string",
            "externalCredentialParameters": Many(_CREDENTIAL_PARAMETER),
        },
        "authenticationProtocol label",
    ),
    "NamedCredential": _spec(
        {
            **dict.fromkeys(("allowMergeFieldsInBody", "allowMergeFieldsInHeader"), "boolean"),
            "generateAuthorizationHeader": "boolean",
            "calloutStatus": ("Enabled", "Disabled"),
            "namedCredentialParameters": Many(_ENDPOINT_PARAMETER),
            "namedCredentialType": ("Legacy", "SecuredEndpoint", "PrivateEndpoint"),
            **dict.fromkeys(("endpoint", "principalType", "protocol"), "string"),
        },
        "label",
    ),
    "Layout": _spec(
        {
            **dict.fromkeys(_LAYOUT_LISTS.split(), Many("any")),
            **dict.fromkeys(_LAYOUT_PARTS.split(), "any"),
            **dict.fromkeys(_LAYOUT_FLAGS.split(), "boolean"),
            "layoutSections": Many(_SECTION),
            "summaryLayout": "any",
        },
        "",
    ),
}


def check_component(type_name: str, name: str, root: Element, staging: Staging) -> None:
    """Refuse a component that is incomplete, holds what its type does not have, or leans on what is not there.

    Args:
        type_name: Its metadata type; of a type without a specification nothing is known, so nothing is checked.
        name: Its full name.
        root: Its file.
        staging: The metadata with everything that was deployed before it.

    Raises:
        MetadataError: It cannot be deployed.
    """
    spec = SPECS.get(type_name)
    if spec is None:
        return
    found = interpret(root, spec.holds, type_name)
    for needed in spec.needs:
        if found.get(needed) in (None, ""):
            raise MetadataError(f"Required field is missing: {needed}")
    for element, target in spec.refers.items():
        for wanted in _names(found.get(element)):
            if not staging.knows(target, wanted):
                raise MetadataError(f"In field: {element} - no {target} named {wanted} found")
    if type_name == "NamedCredential":
        _check_endpoint(found, staging)
    if type_name == "Layout":
        _check_layout(name, found, staging)


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return list(value or [])


def _check_endpoint(found: Mapping[str, Any], staging: Staging) -> None:
    parameters = found.get("namedCredentialParameters", [])
    if found.get("namedCredentialType") != "SecuredEndpoint":
        return
    for kind in ("Url", "Authentication"):
        if not any(each.get("parameterType") == kind for each in parameters):
            raise MetadataError(f"A named credential of type SecuredEndpoint needs a parameter of type {kind}")
    for each in parameters:
        credential = each.get("externalCredential")
        if credential and not staging.knows("ExternalCredential", credential):
            raise MetadataError(f"In field: externalCredential - no ExternalCredential named {credential} found")


def _check_layout(name: str, found: Mapping[str, Any], staging: Staging) -> None:
    owner, dash, _ = name.partition("-")
    sobject = staging.schema.sobject(owner) if dash else None
    if sobject is None:
        raise MetadataError(f"Layout:{name} must begin with the name of an object and a hyphen")
    fields = list(_layout_fields(found))
    for each in fields:
        if sobject.field(each) is None:
            raise MetadataError(f"In field: field - no CustomField named {owner}.{each} found")
    if len(set(fields)) < len(fields):
        raise MetadataError(f"Layout:{name} has a field more than once")
    missing = [need for need in _demanded(sobject) if need not in fields]
    if missing:
        raise MetadataError(f"Layout must contain an item for required layout field: {missing[0]}")


def _layout_fields(found: Mapping[str, Any]) -> Iterator[str]:
    for section in found.get("layoutSections", []):
        for column in section.get("layoutColumns", []):
            yield from (item["field"] for item in column.get("layoutItems", []) if item.get("field"))


def _demanded(sobject: SObject) -> Iterator[str]:
    """The fields that every record needs from a person; the parts of a person's name stand for the whole."""
    parts = ("FirstName", "LastName", "Salutation")
    for field in sobject.fields.values():
        writable = field.createable and not field.nillable and not field.defaulted_on_create
        if writable and field.type != "boolean":
            yield "Name" if field.name in parts else field.name


def check_list_view(found: Mapping[str, Any], sobject: SObject) -> None:
    """Refuse a list view that is incomplete or shows or filters by a custom field that is not there.

    Args:
        found: The interpreted ``<listViews>`` element.
        sobject: Its object with everything that was deployed before it.

    Raises:
        MetadataError: It cannot be deployed.
    """
    for needed in ("fullName", "label", "filterScope"):
        if not found.get(needed):
            raise MetadataError(f"Required field is missing: {needed}")
    if not re.fullmatch(r"[A-Za-z](?:_?[A-Za-z0-9])*", found["fullName"]):
        raise MetadataError(f"The name {found['fullName']} is no developer name")
    named = [*found.get("columns", []), *(each.get("field", "") for each in found.get("filters", []))]
    for name in named:
        if sobject.field(name) is None and not _is_list_column(name):
            raise MetadataError(f"Could not resolve list view column: {name}")


def _is_list_column(name: str) -> bool:
    """Whether it may be one of the names that lists have for standard fields, such as ``ACCOUNT.NAME``."""
    return bool(re.fullmatch(r"[A-Z][A-Z0-9_]*(?:\.[A-Z][A-Z0-9_]*)*", name))
