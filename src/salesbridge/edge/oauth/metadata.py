"""What anybody may know: the metadata of the authorisation server (RFC 8414) and its keys (RFC 7517)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from salesbridge.edge.oauth.endpoints import GRANT
from salesbridge.edge.watch import Watch
from salesbridge.engine.credentials import SCOPES
from salesbridge.engine.credentials.tokens import Place

#: Seconds for which others may keep the key set; keys are published far longer before they sign.
KEYS_KEPT_S: Final = 300
_METHODS: Final = ["client_secret_basic", "client_secret_post"]

Endpoint = Callable[[Request], Awaitable[Response]]


def document(place: Place) -> dict[str, Any]:
    """The metadata of RFC 8414, section 2."""
    return {
        "issuer": place.issuer,
        "token_endpoint": f"{place.issuer}/oauth2/token",
        "jwks_uri": f"{place.issuer}/oauth2/jwks",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint": f"{place.issuer}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "introspection_endpoint": f"{place.issuer}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": _METHODS,
    }


def metadata(place: Place) -> Endpoint:
    """Answers at the well-known address; an issuer with a path has it behind (RFC 8414, section 3.1)."""
    below = urlsplit(place.issuer).path.strip("/")
    told = document(place)

    async def endpoint(request: Request) -> Response:
        if request.path_params.get("issuer", "").strip("/") not in {"", below}:
            raise HTTPException(404, "There is no such issuer here.")
        return JSONResponse(told, headers={"Cache-Control": f"public, max-age={KEYS_KEPT_S}"})

    return endpoint


def keys(watch: Watch) -> Endpoint:
    """Answers the key set."""

    async def endpoint(_request: Request) -> Response:
        if watch.blind:
            raise HTTPException(503, "The keys cannot be read at the moment.", {"Retry-After": "2"})
        body = {"keys": list(watch.published)}
        return JSONResponse(
            body, headers={"Cache-Control": f"public, max-age={KEYS_KEPT_S}"}, media_type="application/jwk-set+json"
        )

    return endpoint
