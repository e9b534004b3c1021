"""Request bodies of the named-credentials resources, read strictly.

Source: Connect REST API Developer Guide, *External Credential Input*, *Named Credential Input*, *Credential Input* and
the inputs they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.credentials_body import Body, refuse
from salesbridge.sandbox.salesforce.credentials_checks import UnfitError, check_external, check_named
from salesbridge.sandbox.salesforce.credentials_model import (
    ENCRYPTED,
    NAMED_PRINCIPAL,
    VARIANTS,
    ExternalCredential,
    Header,
    NamedCredential,
    Parameter,
    Principal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOLS = ("AwsSv4", "Basic", "Custom", "Jwt", "OAuth")
ALL_VARIANTS = (
    *VARIANTS,
    "AwsSv4_STS",
    "ClientCredentialsJwtAssertion",
    "JwtBearer",
    "NoAuthentication",
    "RolesAnywhere",
)
PRINCIPALS = (NAMED_PRINCIPAL, "PerUserPrincipal", "AwsStsPrincipal")
PARAMETERS = (
    *("AdditionalRefreshStatusCode", "AuthParameter", "AuthProvider", "AuthProviderUrl"),
    *("AuthProviderUrlQueryParameter", "JwtBodyClaim", "JwtHeaderClaim", "ManagedByComponent", "ManagedByFeature"),
    "SigningCertificate",
)
_ENDPOINT_PARAMETERS = ("AllowedManagedPackageNamespaces", "ClientCertificate", "ConnectionStatus")
DESCRIPTION_SINCE = 64.0


def external_credential(sent: Body, name: str | None = None) -> ExternalCredential:
    """Read an External Credential Input.

    Args:
        sent: The request's body.
        name: The developer name in the path of a PUT.

    Raises:
        ApiError: It can't be saved.
    """
    given = sent.text("developerName", required=name is None)
    if name is not None and given and given != name:
        refuse(f"The developerName {given} is another than that of the resource, {name}")
    label = sent.text("masterLabel", required=True)
    variant = _variant(sent)
    made = ExternalCredential(
        name or given,
        label,
        variant,
        tuple(map(_parameter, sent.bodies("parameters", "external credential parameter"))),
        tuple(map(_principal, sent.bodies("principals", "external credential principal"))),
        _headers(sent),
    )
    sent.end()
    _fit(lambda: check_external(made))
    return made


def _variant(sent: Body) -> str:
    protocol = sent.choice("authenticationProtocol", PROTOCOLS)
    variant = sent.choice("authenticationProtocolVariant", ALL_VARIANTS, required=False)
    if protocol != "OAuth" or variant not in VARIANTS:
        refuse(
            f"This simulated org models authenticationProtocol OAuth with authenticationProtocolVariant "
            f"{' or '.join(VARIANTS)} only, not {protocol} with {variant or 'none'}"
        )
    return variant


def _parameter(sent: Body) -> Parameter:
    sent.text("id")
    made = Parameter(
        sent.text("parameterName", required=True),
        sent.choice("parameterType", PARAMETERS),
        sent.text("parameterValue", required=True),
        sent.text("parameterDescription"),
    )
    sent.end()
    return made


def _principal(sent: Body) -> Principal:
    sent.text("id")
    made = Principal(
        sent.text("principalName", required=True),
        sent.number("sequenceNumber"),
        sent.choice("principalType", PRINCIPALS),
        tuple(map(_parameter, sent.bodies("parameters", "external credential parameter"))),
    )
    sent.end()
    return made


def _headers(sent: Body) -> tuple[Header, ...]:
    return tuple(map(_header, sent.bodies("customHeaders", "credential custom header")))


def _header(sent: Body) -> Header:
    sent.text("id")
    name, value = sent.text("headerName", required=True), sent.text("headerValue", required=True)
    made = Header(name, value, sent.number("sequenceNumber"))
    sent.end()
    return made


def named_credential(sent: Body, version: float, name: str | None = None) -> NamedCredential:
    """Read a Named Credential Input; its ``external`` is the name given, whether there is one or not.

    Args:
        sent: The request's body.
        version: The API version, which decides on the properties that are there.
        name: The developer name in the path of a PUT.

    Raises:
        ApiError: It can't be saved.
    """
    given = sent.text("developerName", required=name is None)
    if name is not None and given and given != name:
        refuse(f"The developerName {given} is another than that of the resource, {name}")
    if sent.choice("type", ("PrivateEndpoint", "SecuredEndpoint")) != "SecuredEndpoint":
        refuse("This simulated org models named credentials of type SecuredEndpoint only")
    options = sent.body("calloutOptions", "callout options")
    made = NamedCredential(
        name or given,
        sent.text("masterLabel", required=True),
        sent.text("calloutUrl", required=True),
        _only_external(sent),
        allow_merge_in_body=options.flag("allowMergeFieldsInBody"),
        allow_merge_in_header=options.flag("allowMergeFieldsInHeader"),
        generate_header=options.flag("generateAuthorizationHeader"),
        headers=_headers(sent),
        parameters=tuple(map(_endpoint_parameter, sent.bodies("parameters", "named credential parameter"))),
        description=sent.text("description") if version >= DESCRIPTION_SINCE else "",
    )
    options.end()
    sent.end()
    _fit(lambda: check_named(made))
    return made


def _only_external(sent: Body) -> str:
    listed = sent.bodies("externalCredentials", "external credential", required=True)
    if len(listed) != 1:
        refuse("Only one external credential is supported")
    return listed[0].text("developerName", required=True)


def _endpoint_parameter(sent: Body) -> Parameter:
    sent.text("id")
    made = Parameter(
        sent.text("parameterName", required=True),
        sent.choice("parameterType", _ENDPOINT_PARAMETERS),
        sent.text("parameterValue", required=True),
        sent.text("parameterDescription"),
    )
    sent.end()
    return made


def _fit(check: Callable[[], None]) -> None:
    try:
        check()
    except UnfitError as error:
        refuse(str(error))


@dataclass(frozen=True, slots=True)
class CredentialSent:
    """A Credential Input: whose credentials, and their values."""

    external: str
    principal: str
    principal_type: str
    protocol: str
    variant: str
    values: dict[str, str]


def credential(sent: Body) -> CredentialSent:
    """Read a Credential Input.

    Raises:
        ApiError: A property is missing, unknown or not allowed; a value breaks the protocol's encryption rules.
    """
    kind = sent.choice("principalType", PRINCIPALS)
    made = CredentialSent(
        sent.text("externalCredential", required=True),
        sent.text("principalName", required=kind == NAMED_PRINCIPAL),
        kind,
        sent.choice("authenticationProtocol", PROTOCOLS),
        sent.choice("authenticationProtocolVariant", ALL_VARIANTS, required=False),
        {name: _value(name, each) for name, each in sent.named("credentials", "credential value").items()},
    )
    sent.end()
    return made


def _value(name: str, sent: Body) -> str:
    if name not in ENCRYPTED:
        refuse(f"{name} is not a credential of this authentication protocol; it takes {', '.join(ENCRYPTED)}")
    if sent.flag("encrypted") is not ENCRYPTED[name]:
        refuse(f"The credential {name} must {'be' if ENCRYPTED[name] else 'not be'} encrypted")
    sent.number("revision", required=False)
    value = sent.text("value", required=True)
    sent.end()
    return value
