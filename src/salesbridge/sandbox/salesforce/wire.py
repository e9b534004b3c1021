"""Putting answers on the wire: JSON bodies, error arrays and a connection cut on purpose."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from .results import ApiError

JSON_TYPE = "application/json;charset=UTF-8"
_TRANSPORT = "sandbox.transport"


class JsonResponse(Response):
    """A JSON answer; a body of None is an empty one."""

    def __init__(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.json = body
        content = b"" if body is None else orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
        media_type = None if body is None else JSON_TYPE
        super().__init__(content, status, dict(headers or {}), media_type)


def error_response(error: ApiError) -> JsonResponse:
    """The answer an error ends the request with."""
    return JsonResponse(error.body(), error.status, error.headers)


class CutConnectionError(ConnectionResetError):
    """The connection was closed without an answer, where no socket is at hand (in-process transports)."""


class CutResponse(Response):
    """No answer at all: the socket is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Abort the connection under the request."""
        transport = scope.get(_TRANSPORT)
        if transport is None:
            raise CutConnectionError("The sandbox closed the connection before answering, as it was told to")
        transport.abort()
        await asyncio.sleep(0.01)


def enter(scope: Scope, send: Send) -> None:
    """Prepare a request before it is routed.

    Notes the socket it came in on, so that :class:`CutResponse` can reset it: uvicorn hands the application a ``send``
    bound to an object that knows its transport. Drops a slash at the end of the path, which the API ignores.
    """
    if scope["type"] == "http":
        scope["path"] = scope["path"].rstrip("/") or "/"
        scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
