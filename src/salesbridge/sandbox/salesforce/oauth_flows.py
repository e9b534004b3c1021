"""The ways to an access token: client credentials, JWT bearer, refresh token, and user name with password."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .access import ConnectedApp, Session, User
    from .org import Org

_LONGEST_ASSERTION = 300
_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})


class OAuthError(Exception):
    """Ends a token request with ``{"error", "error_description"}``.

    Args:
        error: The error code, e.g. ``invalid_grant``.
        description: The sentence.
        status: HTTP status.
    """

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request: its parameters, the host it was sent to (no port) and the URL clients see the org at."""

    params: Mapping[str, str]
    host: str
    base_url: str


def grant(org: Org, request: TokenRequest) -> Session:
    """Open the session a token request asks for.

    Source: Salesforce Help, *OAuth Authorization Flows*; error texts as of recorded traffic and vendors' documents.

    Raises:
        OAuthError: The request is refused.
    """
    flow = _FLOWS.get(request.params.get("grant_type", ""))
    if flow is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return flow(org, request)


def known_app(org: Org, params: Mapping[str, str], *, secret_needed: bool = True) -> ConnectedApp:
    """The app the request's consumer key and secret belong to.

    Raises:
        OAuthError: ``invalid_client_id`` or ``invalid_client``.
    """
    app = org.directory.apps.get(params.get("client_id", ""))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    sent = params.get("client_secret", "")
    if secret_needed and not hmac.compare_digest(sent.encode(), app.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return app


def _client_credentials(org: Org, request: TokenRequest) -> Session:
    login_host = org.settings.login_host
    if login_host is not None and request.host == login_host:
        raise OAuthError("invalid_grant", "request not supported on this domain")
    app = known_app(org, request.params)
    user = org.directory.users.get(app.run_as or "")
    if not app.client_credentials or user is None or not user.active:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return _open(org, user, app)


def _password(org: Org, request: TokenRequest) -> Session:
    app = known_app(org, request.params)
    user = org.directory.user_named(request.params.get("username", ""))
    expected = user.password + user.security_token if user is not None else ""
    sent = request.params.get("password", "")
    right = user is not None and bool(user.password) and hmac.compare_digest(sent.encode(), expected.encode())
    if user is None or not right or org.settings.password_flow_blocked or not app.password_flow:
        raise OAuthError("invalid_grant", "authentication failure")
    return _open(org, user, app, introspectable=False)


def _jwt_bearer(org: Org, request: TokenRequest) -> Session:
    assertion = request.params.get("assertion", "")
    app = _issuer(org, assertion)
    claims = _verified(app, assertion)
    _check_claims(org, claims, request)
    user = org.directory.user_named(str(claims.get("sub", "")))
    if user is None or (app.preauthorized is not None and user.id not in app.preauthorized):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _open(org, user, app)


def _issuer(org: Org, assertion: str) -> ConnectedApp:
    """The app an assertion says it comes from; the signature is checked with that app's certificate."""
    try:
        claims = orjson.loads(urlsafe_b64decode(assertion.split(".")[1] + "=="))
        app = org.directory.apps.get(str(claims.get("iss", "")))
    except (IndexError, ValueError, AttributeError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if app is None or app.certificate is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    return app


def _verified(app: ConnectedApp, assertion: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(assertion, public_key(app.certificate or ""), algorithms=["RS256"]).claims
    except (JoseError, ValueError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    return dict(claims)


def public_key(pem: str) -> RSAKey:
    """The RSA key in a PEM certificate or a PEM public key.

    Raises:
        ValueError: The text is neither.
    """
    if "BEGIN CERTIFICATE" in pem:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        return RSAKey.import_key(_spki(certificate))
    return RSAKey.import_key(pem)


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _check_claims(org: Org, claims: Mapping[str, Any], request: TokenRequest) -> None:
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in {*_AUDIENCES, request.base_url}:
        raise OAuthError("invalid_grant", "audience is invalid")
    expires = claims.get("exp")
    now = org.clock().timestamp()
    if not isinstance(expires, int | float) or expires <= now:
        raise OAuthError("invalid_grant", "expired authorization code")
    if expires > now + _LONGEST_ASSERTION:
        raise OAuthError("invalid_grant", "invalid assertion")


def _refresh_token(org: Org, request: TokenRequest) -> Session:
    app = known_app(org, request.params)
    approver = app.refresh_tokens.get(request.params.get("refresh_token", ""), "")
    user = org.directory.users.get(approver)
    if user is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return _open(org, user, app)


def _open(org: Org, user: User, app: ConnectedApp, *, introspectable: bool = True) -> Session:
    if not user.active:
        raise OAuthError("inactive_user", "user is inactive")
    if not user.api_enabled:
        raise OAuthError("invalid_app_access", "user is not admin approved to access this app")
    return org.directory.open_session(user, app, introspectable=introspectable)


_FLOWS = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh_token,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
}
