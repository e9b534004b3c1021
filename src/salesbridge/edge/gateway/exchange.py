"""One call as it goes through the gateway: what came, what went, and how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from starlette.types import Receive, Scope, Send

from salesbridge.edge.gateway.calls import Call
from salesbridge.edge.gateway.refusal import Refusal
from salesbridge.edge.gateway.trace import trace_of
from salesbridge.engine.credentials.tokens import Token

_LONGEST_PATH: Final = 500
_TOO_LONG: Final = 413
_READ_ON: Final = 4_000_000
_READ_ON_S: Final = 2.0
_PROBLEM: Final = b"application/problem+json"


class GoneError(Exception):
    """The caller has left before the call was over."""


class Exchange:
    """A call.

    Args:
        scope: ASGI's scope.
        receive: Gives what the caller sends.
        send: Takes what the caller gets.
        body_limit: Longest body, in bytes.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, body_limit: int) -> None:
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.query: bytes = scope["query_string"]
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.trace = trace_of(dict(self.headers))
        self.token: Token | None = None
        self.path = ""
        self.told: Mapping[str, str] = {}
        self.status = 0
        self.outcome = "passed"
        self.received = 0
        self.sent = 0
        self.receive = receive
        self._send = send
        self._limit = body_limit
        self._at = datetime.now(UTC)
        self._began = time.monotonic()

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it comes.

        Raises:
            Refusal: It is too long.
            GoneError: The caller has left.
        """
        more = True
        while more:
            piece, more = await self.piece()
            if piece:
                yield piece

    async def piece(self) -> tuple[bytes, bool]:
        """The next piece of the request's body, and whether there is more."""
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        piece: bytes = message.get("body", b"")
        self.received += len(piece)
        if self.received > self._limit:
            raise self.too_long()
        return piece, message.get("more_body", False)

    def too_long(self) -> Refusal:
        """What a body that is too long is answered with."""
        return Refusal(
            413, "too_long", f"A request body is at most {self._limit} bytes long.", "Send it in parts.",
            {"Connection": "close"},
        )  # fmt: skip

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Send the head of the answer."""
        self.status = status
        ours = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in self.told.items()]
        ours.append((b"x-request-id", self.trace.request_id.encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *ours]})

    async def send(self, piece: bytes, *, more: bool) -> None:
        """Send a piece of the answer's body."""
        self.sent += len(piece)
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def refuse(self, refusal: Refusal) -> None:
        """Answer ourselves; after the head has gone out there is nothing left to say."""
        self.outcome = refusal.code
        if self.status:
            return
        if refusal.status == _TOO_LONG:
            await self._read_on()
        body = refusal.body(self.trace.request_id)
        self.told = {**self.told, **refusal.headers}
        head = [
            (b"content-type", _PROBLEM), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"),
        ]  # fmt: skip
        await self.start(refusal.status, head)
        await self.send(b"" if self.method == "HEAD" else body, more=False)

    async def _read_on(self) -> None:
        """Read for a moment what nobody wants: a connection closed on a caller that sends would lose our answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_READ_ON_S):
                more, read = True, 0
                while more and read < _READ_ON:
                    message = await self.receive()
                    more = message["type"] == "http.request" and message.get("more_body", False)
                    read += len(message.get("body", b""))

    def call(self, token: Token) -> Call:
        """The row that is written down."""
        return Call(
            tenant_id=token.tenant_id,
            instance_id=token.instance_id,
            client_id=token.client_id,
            at=self._at,
            request_id=self.trace.request_id,
            trace_id=self.trace.trace_id,
            method=self.method[:10],
            path=self.path[:_LONGEST_PATH],
            status=self.status or 499,
            outcome=self.outcome,
            received=self.received,
            sent=self.sent,
            milliseconds=round((time.monotonic() - self._began) * 1000),
        )
