"""Passing billing's answer back as it comes, with its links turned into ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import httpx2
import structlog

from salesbridge.edge.gateway.exchange import Exchange
from salesbridge.edge.gateway.headers import Pairs, back
from salesbridge.edge.gateway.refusal import Refusal
from salesbridge.edge.gateway.rewrite import Stream
from salesbridge.edge.gateway.upstream import Upstream

_PART: Final = 206
_OURS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_log = structlog.get_logger(__name__)


async def relay(exchange: Exchange, upstream: Upstream, answer: httpx2.Response) -> None:
    """Pass an answer back.

    An answer that breaks off is broken off towards the caller too, so that nobody takes a part for the whole.
    """
    stream = upstream.links.stream() if _rewritten(answer) else None
    given = [(name.lower(), value) for name, value in answer.headers.raw]
    kept = back(given, lambda location: upstream.place(answer.url, location))
    have = {name for name, _ in kept}
    head = [*kept, *(pair for pair in _OURS if pair[0] not in have)]
    pieces = _pieces(answer, stream)
    try:
        await _relayed(exchange, answer, head, pieces, changed=stream is not None)
    except httpx2.RequestError as error:
        _log.warning("billing broke an answer off", product=upstream.product, reason=type(error).__name__)
        raise _broke_off() from None
    finally:
        await pieces.aclose()  # type: ignore[attr-defined]  # it is a generator


async def _relayed(
    exchange: Exchange, answer: httpx2.Response, head: Pairs, pieces: AsyncIterator[bytes], *, changed: bool
) -> None:
    last = await anext(pieces, None)
    following = await anext(pieces, None) if last is not None and _all_here(answer) else b""
    if changed:
        head = [pair for pair in head if pair[0] not in {b"content-length", b"content-encoding"}]
        if following is None and exchange.method != "HEAD":
            head.append((b"content-length", str(len(last or b"")).encode()))
    await exchange.start(answer.status_code, head)
    if last is None or following is None:
        await exchange.send(last or b"", more=False)
        return
    await exchange.send(last, more=True)
    await _stream(exchange, following, pieces)


async def _stream(exchange: Exchange, first: bytes, pieces: AsyncIterator[bytes]) -> None:
    """Send what comes until it is over or the caller has left."""
    left = asyncio.ensure_future(_left(exchange))
    try:
        if first:
            await exchange.send(first, more=True)
        async for piece in pieces:
            if left.done():
                exchange.outcome = "caller_left"
                return
            await exchange.send(piece, more=True)
        await exchange.send(b"", more=False)
    finally:
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left


async def _left(exchange: Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass


async def _pieces(answer: httpx2.Response, stream: Stream | None) -> AsyncIterator[bytes]:
    """The body, as it is to be sent; none of the pieces is empty."""
    if stream is None:
        async for piece in answer.aiter_raw():
            yield piece
        return
    async for piece in answer.aiter_bytes():  # without a content coding
        if exchanged := stream.feed(piece):
            yield exchanged
    if rest := stream.end():
        yield rest


def _all_here(answer: httpx2.Response) -> bool:
    return answer.headers.get("content-length") == str(answer.num_bytes_downloaded)


def _rewritten(answer: httpx2.Response) -> bool:
    """JSON is, but for parts of it: their ranges are those of billing's text."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return answer.status_code != _PART and (kind.endswith(("/json", "+json")) or kind == "application/x-ndjson")


def _broke_off() -> Refusal:
    return Refusal(
        502, "billing_broke_off", "The billing system broke its answer off.",
        "Try again; whether a change was made is not known: look before you repeat it.",
    )  # fmt: skip
