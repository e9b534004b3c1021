"""What the gateway answers itself: problem details (RFC 9457) with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """A call that is not passed on, or that came to nothing.

    Args:
        status: HTTP status.
        code: What it is, as programs tell it apart; also the last part of the problem's type.
        detail: What is wrong, in a sentence.
        mend: What to do.
        headers: Further headers.
    """

    def __init__(
        self, status: int, code: str, detail: str, mend: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.mend = mend
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> bytes:
        """The problem as JSON."""
        return orjson.dumps({
            "type": f"urn:salesbridge:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self),
            "mend": self.mend,
            "code": self.code,
            "request_id": request_id,
        })  # fmt: skip


def bad_path(detail: str) -> Refusal:
    """A path that could mean something else to the billing system than to us."""
    return Refusal(400, "bad_path", detail, "Write the path plainly, as in the API's documentation.")


def bad_request(detail: str, mend: str) -> Refusal:
    """A request that cannot be passed on as it is."""
    return Refusal(400, "bad_request", detail, mend)


def no_token() -> Refusal:
    """A call without an access token (RFC 6750, section 3: no error code then)."""
    return Refusal(
        401, "token_missing", "The call has no access token.",
        "Get one from the token endpoint and send it as: Authorization: Bearer TOKEN.",
        {"WWW-Authenticate": 'Bearer realm="salesbridge"'},
    )  # fmt: skip


def bad_token(detail: str) -> Refusal:
    """An access token that is not good."""
    return Refusal(
        401, "invalid_token", detail, "Get a new one from the token endpoint.",
        {"WWW-Authenticate": f'Bearer realm="salesbridge", error="invalid_token", error_description="{detail}"'},
    )  # fmt: skip


def scope_missing(scope: str) -> Refusal:
    """An access token that is not good for this."""
    return Refusal(
        403, "insufficient_scope", f"The access token lacks the scope {scope}.",
        "Ask for it at the token endpoint, or have a credential added that may.",
        {"WWW-Authenticate": f'Bearer realm="salesbridge", error="insufficient_scope", scope="{scope}"'},
    )  # fmt: skip


def not_offered(method: str, path: str) -> Refusal:
    """A path that no group names."""
    return Refusal(
        403, "not_offered", f"{method} {path} is not offered here.",
        "See the product's openapi.json. A tenant's API policy can offer further paths.",
    )  # fmt: skip
