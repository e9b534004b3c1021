"""In front of the API: counting, faults and credentials."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from salesbridge.sandbox.billing.requests import CALLER

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from salesbridge.sandbox.billing.faults import Fault
    from salesbridge.sandbox.billing.service import Dialect, Service

CUT = "salesbridge.sandbox.cut"
_RETRY_AFTER = 1


class ConnectionCutError(RuntimeError):
    """A cut was ordered where no real connection is: the caller speaks to the application directly."""


class Gate:
    """Counts each call, carries out the armed faults and turns away callers without credentials."""

    def __init__(self, app: ASGIApp, service: Service, dialect: Dialect) -> None:
        self._app = app
        self._service = service
        self._dialect = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call through, or answer it here."""
        if scope["type"] != "http" or not scope["path"].startswith(self._dialect.prefix):
            await self._app(scope, receive, send)
            return
        self._service.called(scope["method"], scope["path"])
        cut = self._strikes("cut", scope)
        if cut and cut.when == "before":
            self._cut(scope)
            return
        if slow := self._strikes("slow", scope):
            await asyncio.sleep(slow.seconds)
        answer = self._refusal(scope) or self._app
        if cut:
            await answer(scope, receive, _nowhere)
            self._cut(scope)
        elif self._strikes("truncated_body", scope):
            await answer(scope, receive, _Halving(send))
        else:
            await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        if fault := self._strikes("throttled", scope):
            return self._refuse(429, "TooManyRequests", "Too many requests; wait", fault.seconds or _RETRY_AFTER)
        if fault := self._strikes("unavailable", scope):
            return self._refuse(503, "Unavailable", "The system is not available", fault.seconds)
        if self._strikes("failed", scope):
            return self._refuse(500, "InternalError", "Something went wrong")
        caller = self._dialect.caller(Headers(scope=scope))
        if self._strikes("key_revoked", scope) or caller is None:
            return self._refuse(401, "Unauthorised", "The credentials are missing or wrong")
        scope[CALLER] = caller
        return None

    def _refuse(self, status: int, code: str, message: str, retry_after: float = 0) -> Response:
        response = self._dialect.error(status, code, message)
        if retry_after:
            response.headers["Retry-After"] = str(max(1, round(retry_after)))
        return response

    def _strikes(self, name: str, scope: Scope) -> Fault | None:
        return self._service.faults.strikes(name, scope["method"], scope["path"])

    def _cut(self, scope: Scope) -> None:
        abort = scope.get("extensions", {}).get(CUT)
        if abort is None:
            raise ConnectionCutError("A connection can only be cut on a running server; use start_in_thread")
        abort()


class _Halving:
    """Sends half of a body under headers that promise no more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        half = message["body"][: len(message["body"]) // 2]
        headers = [pair for pair in self._start["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(half)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({**message, "body": half})


async def _nowhere(_: Message) -> None:
    """An answer that nobody hears."""
