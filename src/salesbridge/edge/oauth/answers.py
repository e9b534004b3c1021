"""Answers of the token endpoint and its neighbours, in the shapes of RFC 6749."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

#: Token answers are never kept by a cache (RFC 6749, section 5.1).
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="salesbridge", charset="UTF-8"'}


class OAuthError(Exception):
    """A refused request.

    Args:
        code: Error code of RFC 6749 or a neighbour of it.
        description: What is wrong and what to do, in ASCII without quotes.
        status: HTTP status.
        headers: Further headers.
    """

    def __init__(
        self, code: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer as it is sent (RFC 6749, section 5.2)."""
        body = {"error": self.code, "error_description": str(self)}
        return JSONResponse(body, self.status, {**NO_STORE, **self.headers})


def invalid_request(description: str, status: int = 400) -> OAuthError:
    """The request is not as it must be."""
    return OAuthError("invalid_request", description, status)


def invalid_client() -> OAuthError:
    """One and the same answer to whatever is wrong with a client's credentials."""
    return OAuthError(
        "invalid_client", "The client id or the secret is wrong, or the credential was revoked.", 401, _CHALLENGE
    )


def throttled(headers: Mapping[str, str]) -> OAuthError:
    """Too many requests."""
    return OAuthError("temporarily_unavailable", "Too many requests. Wait as long as Retry-After says.", 429, headers)


def unavailable() -> OAuthError:
    """The database does not answer."""
    return OAuthError("temporarily_unavailable", "Try again in a few seconds.", 503, {"Retry-After": "2"})


def granted(body: Mapping[str, Any]) -> Response:
    """A success."""
    return JSONResponse(dict(body), 200, NO_STORE)
