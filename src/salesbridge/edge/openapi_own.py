"""The edge's own endpoints as OpenAPI 3.0."""

from __future__ import annotations

from typing import Any, Final

from salesbridge.edge.oauth.endpoints import GRANT
from salesbridge.engine.credentials import SCOPES
from salesbridge.engine.credentials.tokens import Place

Document = dict[str, Any]

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_NAMES: Final = ("type", "title", "detail", "mend", "code", "request_id")

#: A problem that the gateway tells (RFC 9457).
PROBLEM: Final[Document] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {**dict.fromkeys(_NAMES, _TEXT), "status": _WHOLE},
}
_ERROR: Final[Document] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": _TEXT, "error_description": _TEXT},
}
_PLAIN: Final[Document] = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}
_STATUS: Final[Document] = {"type": "object", "required": ["status"], "properties": {"status": _TEXT}}
_TOKEN: Final[Document] = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {"access_token": _TEXT, "token_type": _TEXT, "expires_in": _WHOLE, "scope": _TEXT},
}
_TOLD: Final[Document] = {
    "type": "object",
    "required": ["active"],
    "properties": {
        "active": {"type": "boolean"},
        **dict.fromkeys(("scope", "client_id", "token_type", "sub", "aud", "iss", "jti"), _TEXT),
        **dict.fromkeys(("tenant", "instance"), _TEXT),
        "exp": _WHOLE,
        "iat": _WHOLE,
    },
}
_CLIENT: Final[Document] = {"client_id": _TEXT, "client_secret": _TEXT}
_BY_TOKEN: Final[Document] = {"token": _TEXT, "token_type_hint": _TEXT}


def document(place: Place, version: str) -> Document:
    """The document."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Salesbridge edge", "version": version, "description": "Access tokens for billing APIs."},
        "servers": [{"url": place.issuer}],
        "paths": {
            "/oauth2/token": _form(
                "issueToken", ["grant_type"],
                {"grant_type": {"type": "string", "enum": [GRANT]}, "scope": _scope(), **_CLIENT}, _TOKEN,
            ),
            "/oauth2/revoke": _form("revokeToken", ["token"], {**_BY_TOKEN, **_CLIENT}, None),
            "/oauth2/introspect": _form("introspectToken", ["token"], {**_BY_TOKEN, **_CLIENT}, _TOLD),
            "/oauth2/jwks": _read("readKeys", "application/jwk-set+json", {"type": "object", "required": ["keys"]}),
            "/.well-known/oauth-authorization-server": _read(
                "readMetadata", "application/json", {"type": "object", "required": ["issuer", "token_endpoint"]}
            ),
            "/health/live": _read("readLive", "application/json", _STATUS),
            "/health/ready": _read("readReady", "application/json", _STATUS, _STATUS),
        },
        "components": {"securitySchemes": {"client": {"type": "http", "scheme": "basic"}}},
    }  # fmt: skip


def _scope() -> Document:
    return {"type": "string", "description": f"One or more of {', '.join(SCOPES)}, separated by a blank."}


def _form(identifier: str, required: list[str], properties: Document, answered: Document | None) -> Document:
    """A request of a client: by HTTP Basic, or with its id and secret in the form."""
    form = {"type": "object", "required": required, "properties": properties}
    told: Document = {"description": "Done."}
    if answered is not None:
        told["content"] = {"application/json": {"schema": answered}}
    refused = {status: _refused(status) for status in ("400", "401", "413", "429", "503")}
    return {
        "post": {
            "operationId": identifier,
            "security": [{"client": []}, {}],
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
            "responses": {"200": told, **refused, "405": _plain()},
        }
    }


def _refused(status: str) -> Document:
    told: Document = {"description": "Refused (RFC 6749).", "content": {"application/json": {"schema": _ERROR}}}
    if status == "401":
        told["headers"] = {"WWW-Authenticate": {"schema": _TEXT}}
    if status in {"429", "503"}:
        told["headers"] = {"Retry-After": {"schema": _WHOLE}}
    return told


def _plain() -> Document:
    return {"description": "Refused.", "content": {"application/json": {"schema": _PLAIN}}}


def _read(identifier: str, kind: str, schema: Document, unready: Document = _PLAIN) -> Document:
    told = {"description": "As it is now.", "content": {kind: {"schema": schema}}}
    later = {"description": "Come again later.", "content": {"application/json": {"schema": unready}}}
    return {"get": {"operationId": identifier, "responses": {"200": told, "405": _plain(), "503": later}}}
