"""The ways to sign in to Salesforce, as values; each knows the form that it posts to the token endpoint."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The documentation names three and five minutes; the shorter one always passes.
_ASSERTION_LIFETIME_S: Final = 180
_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth client credentials: the app acts as its Run As user; needs the org's My Domain as login URL."""

    login_url: str
    consumer_key: str
    consumer_secret: SecretStr

    def form(self, origin: str) -> Mapping[str, str]:  # noqa: ARG002  the strategies share one signature
        """Gives the token request's form fields."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.consumer_key,
            "client_secret": self.consumer_secret.get_secret_value(),
        }


@dataclass(frozen=True, slots=True)
class PasswordToken:
    """OAuth username-password flow, legacy: blocked in new orgs and for external client apps.

    The security token is glued to the password (Salesforce Help, "OAuth 2.0 Username-Password Flow"); it is empty
    where the caller's address is trusted.
    """

    login_url: str
    username: str
    password: SecretStr
    security_token: SecretStr
    consumer_key: str
    consumer_secret: SecretStr

    def form(self, origin: str) -> Mapping[str, str]:  # noqa: ARG002  the strategies share one signature
        """Gives the token request's form fields."""
        return {
            "grant_type": "password",
            "client_id": self.consumer_key,
            "client_secret": self.consumer_secret.get_secret_value(),
            "username": self.username,
            "password": self.password.get_secret_value() + self.security_token.get_secret_value(),
        }


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """OAuth JWT bearer flow: a certificate on the app, the private key here, no secret on the wire.

    Attributes:
        login_url: Where the assertion is posted.
        username: Who the connector acts as; must be pre-authorised for the app.
        consumer_key: The app's.
        private_key_pem: RSA key in PEM form, without a passphrase.
        audience: ``aud`` of the assertion; None derives it from the login URL.
    """

    login_url: str
    username: str
    consumer_key: str
    private_key_pem: SecretStr
    audience: str | None = field(default=None, kw_only=True)

    def form(self, origin: str) -> Mapping[str, str]:
        """Gives the token request's form fields, with a freshly signed assertion."""
        claims = {
            "iss": self.consumer_key,
            "sub": self.username,
            "aud": self.audience or _audience(origin),
            "exp": int(time.time()) + _ASSERTION_LIFETIME_S,
        }
        return {"grant_type": _JWT_BEARER, "assertion": self._signed(claims)}

    def _signed(self, claims: dict[str, object]) -> str:
        try:
            key = RSAKey.import_key(self.private_key_pem.get_secret_value())
            return jwt.encode({"alg": "RS256"}, claims, key)
        except (ValueError, TypeError, JoseError):
            # The cause may quote the key: it is not chained.
            raise _unusable_key() from None


Credentials = ClientCredentials | PasswordToken | JwtBearer


def _audience(origin: str) -> str:
    """Gives the audience that fits a login URL (Salesforce Help, "OAuth 2.0 JWT Bearer Flow")."""
    host = urlsplit(origin).hostname or ""
    if host.endswith(".sandbox.my.salesforce.com"):
        return "https://test.salesforce.com"
    if host.endswith(".my.salesforce.com"):
        return "https://login.salesforce.com"
    return origin


def _unusable_key() -> SalesforceError:
    return SalesforceError(
        "The private key cannot sign.",
        kind="authentication",
        code="INVALID_PRIVATE_KEY",
        mend=(
            "Paste an RSA private key in PEM form (BEGIN PRIVATE KEY) without a passphrase; its "
            "certificate goes to the app."
        ),
    )
