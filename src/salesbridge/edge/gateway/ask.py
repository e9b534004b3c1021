"""Passing a call on to billing, and what is said when billing does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx2
import structlog

from salesbridge.edge.gateway import headers
from salesbridge.edge.gateway.exchange import Exchange
from salesbridge.edge.gateway.groups import READING, WRITING
from salesbridge.edge.gateway.paths import Target
from salesbridge.edge.gateway.refusal import Refusal, bad_request
from salesbridge.edge.gateway.upstream import Upstream

#: Statuses with which billing, or what stands before it, says that it cannot answer.
_CANNOT: Final = frozenset({502, 503, 504})
_ALWAYS: Final = [(b"accept-encoding", b"identity"), (b"user-agent", b"salesbridge-gateway")]
_JSON: Final = (b"content-type", b"application/json")
_log = structlog.get_logger(__name__)


async def ask(exchange: Exchange, upstream: Upstream, goal: Target, length: int | None) -> httpx2.Response:
    """Send a call to billing and return the head of its answer; the body is still to be read.

    Raises:
        Refusal: Billing does not answer.
    """
    body, whole = await _body(exchange, length)
    request = _request(exchange, upstream, goal, body)
    try:
        answer = await _sent(upstream, request, again=exchange.method in READING and whole)
    except httpx2.TransportError as error:
        raise _failed(upstream, error) from None
    if answer.status_code in _CANNOT:
        upstream.breaker.failed()
    else:
        upstream.breaker.succeeded()
    return answer


async def _body(exchange: Exchange, length: int | None) -> tuple[bytes | AsyncIterator[bytes] | None, bool]:
    """The body, and whether it is here as a whole; a short one comes in one piece."""
    if length == 0:
        return None, True
    first, more = await exchange.piece()
    if not more:
        return first, True
    return _rest(first, exchange), False


async def _rest(first: bytes, exchange: Exchange) -> AsyncIterator[bytes]:
    yield first
    async for piece in exchange.body():
        yield piece


def _request(
    exchange: Exchange, upstream: Upstream, goal: Target, body: bytes | AsyncIterator[bytes] | None
) -> httpx2.Request:
    passed = headers.onwards(exchange.headers, upstream.extra)
    if isinstance(body, bytes):  # it may have come chunked
        passed = [pair for pair in passed if pair[0] != b"content-length"]
    if exchange.method in WRITING and not any(name == b"content-type" for name, _ in passed):
        passed.append(_JSON)  # Junifer refuses a POST without one, even if it has no body
    told = [*passed, *_ALWAYS, *exchange.trace.onwards(), *upstream.identity]
    return httpx2.Request(
        exchange.method,
        upstream.address(goal.raw),
        headers=told,
        content=body,
        extensions={"timeout": upstream.http.timeout.as_dict()},
    )


async def _sent(upstream: Upstream, request: httpx2.Request, *, again: bool) -> httpx2.Response:
    try:
        return await upstream.http.send(request, stream=True)
    except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
        if not again:
            raise
        return await upstream.http.send(request, stream=True)  # billing had just closed the connection we kept


def _failed(upstream: Upstream, error: httpx2.TransportError) -> Refusal:
    _log.warning("billing does not answer", product=upstream.product, reason=type(error).__name__)
    if isinstance(error, httpx2.LocalProtocolError):
        return bad_request("The request cannot be passed on as it is.", "Check its headers and its length.")
    if isinstance(error, httpx2.PoolTimeout):
        return Refusal(
            503, "too_many_at_once", "Too many calls to this billing system are under way.",
            "Try again in a moment, and make fewer calls at once.", {"Retry-After": "1"},
        )  # fmt: skip
    upstream.breaker.failed()
    if isinstance(error, httpx2.TimeoutException):
        return Refusal(
            504, "billing_timeout", "The billing system did not answer in time.",
            "Try again later; whether a change was made is not known: look before you repeat it.",
        )  # fmt: skip
    return Refusal(
        502, "billing_unreachable", "The billing system cannot be reached.",
        "Try again later. If it lasts, have an administrator check the tenant's address and that billing is up.",
    )  # fmt: skip


def refused_key() -> Refusal:
    """Billing does not accept our own key: nothing that a caller could mend with another access token."""
    return Refusal(
        502, "billing_refused_key", "The billing system refuses the connector's own API key.",
        "Have an administrator check the tenant's API key.",
    )  # fmt: skip
