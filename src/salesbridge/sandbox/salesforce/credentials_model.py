"""External and named credentials as an org holds them: values only, secrets apart."""

from __future__ import annotations

from dataclasses import dataclass, field

BODY = "ClientCredentialsClientSecret"
BASIC = "ClientCredentialsClientSecretBasic"
VARIANTS = (BODY, BASIC)
"""The variants of OAuth this org models: the client secret goes in the body, or in the Authorization header."""

CLIENT_ID, CLIENT_SECRET = "clientId", "clientSecret"
ENCRYPTED = {CLIENT_ID: False, CLIENT_SECRET: True}
"""The credentials a client-credentials principal holds, and which of them are encrypted."""

NAMED_PRINCIPAL = "NamedPrincipal"
TOKEN_URL = "AuthProviderUrl"  # noqa: S105 - a parameter's type
AUTH_PARAMETER = "AuthParameter"
REFRESH_STATUS = "AdditionalRefreshStatusCode"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a credential or principal."""

    name: str
    type: str
    value: str
    description: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A custom header of callouts; headers with low sequence numbers go first."""

    name: str
    value: str
    sequence: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """A named principal: one set of credentials for everybody who has access to it."""

    name: str
    sequence: int
    type: str = NAMED_PRINCIPAL
    parameters: tuple[Parameter, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class ExternalCredential:
    """How the org authenticates to another system: OAuth with the client credentials flow."""

    name: str
    label: str
    variant: str
    parameters: tuple[Parameter, ...] = ()
    principals: tuple[Principal, ...] = ()
    headers: tuple[Header, ...] = ()
    description: str = ""
    id: str = ""

    @property
    def token_url(self) -> str:
        """The URL tokens are fetched from."""
        return next(each.value for each in self.parameters if each.type == TOKEN_URL)

    @property
    def refresh_statuses(self) -> frozenset[int]:
        """The statuses of answers that make the org fetch another token: 401 and those configured."""
        more = (int(each.value) for each in self.parameters if each.type == REFRESH_STATUS)
        return frozenset({401, *more})

    def principal(self, name: str) -> Principal | None:
        """The principal of that name."""
        return next((each for each in self.principals if each.name == name), None)

    def scope(self, principal: Principal) -> str:
        """The scope to ask for: that of the credential, then that of the principal."""
        both = (*self.parameters, *principal.parameters)
        return " ".join(each.value for each in both if each.type == AUTH_PARAMETER and each.name == "Scope")


@dataclass(frozen=True, slots=True)
class NamedCredential:
    """A callout's root URL and the external credential that opens it."""

    name: str
    label: str
    url: str
    external: str
    allow_merge_in_body: bool = False
    allow_merge_in_header: bool = False
    generate_header: bool = True
    enabled: bool = True
    headers: tuple[Header, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    description: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """The credentials of one principal; ``revision`` grows with every write."""

    values: dict[str, str] = field(repr=False)
    revision: int = 1

    @property
    def complete(self) -> bool:
        """Whether everything the flow needs is there."""
        return all(self.values.get(name) for name in ENCRYPTED)
