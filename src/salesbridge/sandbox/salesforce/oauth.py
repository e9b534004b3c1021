"""OAuth 2.0 and OpenID Connect endpoints of the org: token, userinfo, introspect, revoke, identity, discovery."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .oauth_flows import OAuthError, TokenRequest, grant, known_app
from .wire import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from .access import Session, User
    from .org import Org

_NOT_CACHED = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
_SCOPES = [
    "id",
    "api",
    "web",
    "full",
    "chatter_api",
    "refresh_token",
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
]
Form = dict[str, str]


def base_url(org: Org, request: Request) -> str:
    """The URL clients see this org at, without a trailing slash."""
    return org.public_url or str(request.base_url).rstrip("/")


def routes(org: Org) -> list[Route]:
    """Every route outside ``/services/data`` that has to do with who is calling."""
    table: list[tuple[str, list[str], Any]] = [
        ("/services/oauth2/token", ["POST"], _token),
        ("/services/oauth2/userinfo", ["GET", "POST"], _userinfo),
        ("/services/oauth2/introspect", ["POST"], _introspect),
        ("/services/oauth2/revoke", ["GET", "POST"], _revoke),
        ("/.well-known/openid-configuration", ["GET"], _discovery),
        ("/id/keys", ["GET"], _keys),
        ("/id/{org_id}/{user_id}", ["GET"], _identity),
    ]
    return [Route(path, _endpoint(org, answer), methods=methods) for path, methods, answer in table]


def _endpoint(org: Org, answer: Any) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = _form(request, await request.body())
        return await run_in_threadpool(_guarded, answer, org, request, form)

    return endpoint


def _guarded(answer: Any, org: Org, request: Request, form: Form) -> Response:
    try:
        with org.lock:
            response: Response = answer(org, request, form)
    except OAuthError as error:
        body = {"error": error.error, "error_description": error.description}
        return JsonResponse(body, error.status, _NOT_CACHED)
    return response


def _form(request: Request, body: bytes) -> Form:
    """The parameters of a request: form body, then query string, then HTTP Basic for the client's own."""
    form = dict(request.query_params)
    form.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = b64decode(credentials).decode().partition(":")
        except ValueError:
            return form
        form.update(client_id=unquote(client), client_secret=unquote(secret))
    return form


# -- token -----------------------------------------------------------------------------------------------------


def _token(org: Org, request: Request, form: Form) -> Response:
    if org.faults.strikes("login_unavailable", request.url.path):
        raise OAuthError("server_error", "the service is temporarily unavailable", 503)
    host = request.url.hostname or ""
    session = grant(org, TokenRequest(form, host, base_url(org, request)))
    return JsonResponse(_token_body(org, request, session), 200, _NOT_CACHED)


def _token_body(org: Org, request: Request, session: Session) -> dict[str, str]:
    """The token answer: no ``expires_in``, and no scope for the password flow."""
    base = base_url(org, request)
    identity = f"{base}/id/{org.id}/{session.user_id}"
    issued = str(int(session.issued_at * 1000))
    app = session.app
    secret = app.client_secret if app is not None else ""
    signed = hmac.new(secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
    body = {"access_token": session.token, "signature": b64encode(signed).decode()}
    if app is not None and session.introspectable:
        body["scope"] = " ".join(app.scopes)
    return {**body, "instance_url": base, "id": identity, "token_type": "Bearer", "issued_at": issued}


def _introspect(org: Org, _request: Request, form: Form) -> Response:
    try:
        app = known_app(org, form)
    except OAuthError as error:
        raise OAuthError("invalid_client", "invalid client credentials", 401) from error
    session = org.directory.session(form.get("token", ""))
    owned = session is not None and (session.app is app or app.introspect_all)
    if session is None or not owned or not session.introspectable or session.app is None:
        return JsonResponse({"active": False})
    user = org.directory.users[session.user_id]
    expires = int(session.last_used + org.settings.session_timeout)
    body = {
        "active": True,
        "scope": " ".join(session.app.scopes),
        "client_id": session.app.client_id,
        "username": user.username,
        "sub": f"{base_url(org, _request)}/id/{org.id}/{user.id}",
        "token_type": "access_token",
        "exp": expires,
        "iat": int(session.issued_at),
        "nbf": int(session.issued_at),
    }
    return JsonResponse(body)


def _revoke(org: Org, _request: Request, form: Form) -> Response:
    if not org.directory.close_session(form.get("token", "")):
        raise OAuthError("invalid_token", "invalid token")
    return Response(status_code=200)


# -- who am I ----------------------------------------------------------------------------------------------------


def _bearer(org: Org, request: Request, form: Form) -> Session | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = token.strip() if scheme.lower() in {"bearer", "oauth"} else form.get("access_token", "")
    return org.directory.session(known)


def _userinfo(org: Org, request: Request, form: Form) -> Response:
    session = _bearer(org, request, form)
    if session is None:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    user = org.directory.users[session.user_id]
    base = base_url(org, request)
    body = {
        "sub": f"{base}/id/{org.id}/{user.id}",
        "preferred_username": user.username,
        "nickname": user.username.partition("@")[0],
        "email_verified": True,
        "given_name": user.first_name or None,
        "family_name": user.last_name,
        "zoneinfo": org.settings.timezone,
        "is_salesforce_integration_user": False,
        **_common(org, user, base),
    }
    return JsonResponse({**body, "name": user.name, "profile": f"{base}/{user.id}", "picture": None})


def _common(org: Org, user: User, base: str) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "organization_id": org.id,
        "email": user.email or user.username,
        "urls": _urls(org, base),
        "active": user.active,
        "user_type": "STANDARD",
        "language": org.settings.language,
        "locale": org.settings.locale,
        "utcOffset": 43_200_000,
        "is_app_installed": True,
    }


def _urls(org: Org, base: str) -> dict[str, str]:
    data = f"{base}/services/data/v{{version}}"
    soap = f"{base}/services/Soap"
    short = org.id[:15]
    return {
        "enterprise": f"{soap}/c/{{version}}/{short}",
        "metadata": f"{soap}/m/{{version}}/{short}",
        "partner": f"{soap}/u/{{version}}/{short}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "search": f"{data}/search/",
        "query": f"{data}/query/",
        "recent": f"{data}/recent/",
        "tooling_soap": f"{soap}/T/{{version}}/{short}",
        "tooling_rest": f"{data}/tooling/",
        "profile": f"{base}/{quote(short)}",
        "custom_domain": base,
    }


def _identity(org: Org, request: Request, form: Form) -> Response:
    session = _bearer(org, request, form)
    asked = (request.path_params["org_id"], request.path_params["user_id"])
    if session is None:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    if asked != (org.id, session.user_id):
        return PlainTextResponse("Bad_Id", 404)
    user = org.directory.users[session.user_id]
    base = base_url(org, request)
    body = {
        "id": f"{base}/id/{org.id}/{user.id}",
        "asserted_user": True,
        "username": user.username,
        "nick_name": user.username.partition("@")[0],
        "display_name": user.name,
        "first_name": user.first_name or None,
        "last_name": user.last_name,
        "timezone": org.settings.timezone,
        **_common(org, user, base),
    }
    return JsonResponse(body)


# -- discovery -----------------------------------------------------------------------------------------------------


def _discovery(org: Org, request: Request, _form: Form) -> Response:
    base = base_url(org, request)
    oauth = f"{base}/services/oauth2"
    body = {
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "introspection_endpoint": f"{oauth}/introspect",
        "jwks_uri": f"{base}/id/keys",
        "scopes_supported": _SCOPES,
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
            "private_key_jwt",
        ],
    }
    return JsonResponse(body)


def _keys(_org: Org, _request: Request, _form: Form) -> Response:
    return JsonResponse({"keys": []})
