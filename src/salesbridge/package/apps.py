"""The app by which the connector signs in, and the credential by which Apex reaches billing; neither holds a secret.

Sources: Metadata API guide, ExternalClientApplication, ExtlClntAppOauthSettings, ExtlClntAppGlobalOauthSettings,
ExtlClntAppOauthConfigurablePolicies, ConnectedApp, ExternalCredential, NamedCredential.
"""

from __future__ import annotations

from collections.abc import Iterator

from salesbridge.package.choices import Application, Callout
from salesbridge.package.components import File, xml
from salesbridge.package.markup import Element, elements
from salesbridge.package.permissions import PERMISSION_SET

APP = "Gentrack_Connector"
CREDENTIAL = "Gentrack"
PRINCIPAL = "GentrackPrincipal"
_LABEL = "Gentrack Salesforce Sales Cloud Connector"
_DESCRIPTION = "Signs the connector to the Gentrack billing system in."
#: Salesforce demands an address; with client credentials nobody is ever sent there.
_CALLBACK = "https://localhost/"


def external_client_app(app: Application) -> Iterator[File]:
    """The External Client App: client credentials only, for users with the connector's permission set."""
    yield xml(
        "ExternalClientApplication",
        APP,
        elements(
            contactEmail=app.contact_email,
            description=_DESCRIPTION,
            distributionState="Local",
            isProtected=False,
            label=_LABEL,
        ),
    )
    scopes = elements(commaSeparatedOauthScopes="Api", externalClientApplication=APP, label=f"{APP}_oauth")
    yield xml("ExtlClntAppOauthSettings", f"{APP}_oauth", scopes)
    yield xml(
        "ExtlClntAppGlobalOauthSettings",
        f"{APP}_glbloauth",
        elements(
            callbackUrl=_CALLBACK,
            externalClientApplication=APP,
            isClientCredentialsFlowEnabled=True,
            isPkceRequired=True,
            label=f"{APP}_glbloauth",
            shouldRotateConsumerKey=False,
            shouldRotateConsumerSecret=False,
        ),
    )
    yield _policies(app)


def _policies(app: Application) -> File:
    return xml(
        "ExtlClntAppOauthConfigurablePolicies",
        f"{APP}_oauthPlcy",
        elements(
            clientCredentialsFlowUser=app.run_as or None,
            commaSeparatedPermissionSet=PERMISSION_SET,
            externalClientApplication=APP,
            ipRelaxationPolicyType="Enforce",
            isClientCredentialsFlowEnabled=bool(app.run_as),
            label=f"{APP}_oauthPlcy",
            permittedUsersPolicyType="AdminApprovedPreAuthorized",
            refreshTokenPolicyType="Zero",
        ),
    )


def connected_app(app: Application) -> Iterator[File]:
    """The Connected App, for orgs whose administrators may still make one (not the default since Spring '26)."""
    oauth: Element = (
        "oauthConfig",
        elements(
            callbackUrl=_CALLBACK,
            isAdminApproved=True,
            isClientCredentialEnabled=True,
            isConsumerSecretOptional=False,
            isIntrospectAllTokens=False,
            isSecretRequiredForRefreshToken=True,
            oauthClientCredentialUser=app.run_as or None,
            scopes="Api",
        ),
    )
    policy: Element = ("oauthPolicy", elements(ipRelaxation="ENFORCE", refreshTokenPolicy="zero"))
    head = elements(contactEmail=app.contact_email, description=_DESCRIPTION, label=_LABEL)
    granted = elements(permissionSetName=PERMISSION_SET)
    yield xml("ConnectedApp", APP, (*head, oauth, policy, *granted))


def named_credential(callout: Callout) -> Iterator[File]:
    """The shells of the external and the named credential; their principal is filled over the Connect REST API."""
    parameters = (
        ("Oauth", "AuthProtocolVariant", "ClientCredentialsClientSecretBasic"),
        ("TokenEndpoint", "AuthProviderUrl", callout.token_url),
    )
    written: list[Element] = [
        ("externalCredentialParameters", elements(parameterName=name, parameterType=kind, parameterValue=value))
        for name, kind, value in parameters
    ]
    principal = elements(parameterName=PRINCIPAL, parameterType="NamedPrincipal", sequenceNumber=1)
    written.append(("externalCredentialParameters", principal))
    protocol = elements(authenticationProtocol="Oauth")
    yield xml("ExternalCredential", CREDENTIAL, (*protocol, *written, *elements(label="Gentrack")))
    yield _endpoint(callout)


def _endpoint(callout: Callout) -> File:
    url = elements(parameterName="Url", parameterType="Url", parameterValue=callout.url)
    by = elements(externalCredential=CREDENTIAL, parameterName="ExternalCredential", parameterType="Authentication")
    return xml(
        "NamedCredential",
        CREDENTIAL,
        (
            *elements(
                allowMergeFieldsInBody=False,
                allowMergeFieldsInHeader=False,
                calloutStatus="Enabled",
                generateAuthorizationHeader=True,
                label="Gentrack",
            ),
            ("namedCredentialParameters", by),
            ("namedCredentialParameters", url),
            *elements(namedCredentialType="SecuredEndpoint"),
        ),
    )
