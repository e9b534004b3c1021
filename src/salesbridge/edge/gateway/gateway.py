"""The gateway as an ASGI application: judge a call, pass it on, pass the answer back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from salesbridge.edge.gateway import headers
from salesbridge.edge.gateway.answer import relay
from salesbridge.edge.gateway.ask import ask, refused_key
from salesbridge.edge.gateway.calls import Calls
from salesbridge.edge.gateway.exchange import Exchange, GoneError
from salesbridge.edge.gateway.groups import GROUPS, METHODS, scope_of
from salesbridge.edge.gateway.paths import Target, target
from salesbridge.edge.gateway.refusal import (
    Refusal,
    bad_path,
    bad_token,
    no_token,
    not_offered,
    scope_missing,
)
from salesbridge.edge.gateway.upstream import Upstream, Upstreams
from salesbridge.edge.limits import Allowance, Buckets, Rate
from salesbridge.edge.watch import NotReadyError, Watch
from salesbridge.engine.credentials.tokens import Token, TokenRefusedError

_PREFIX: Final = b"/api/"
_BURST_S: Final = 2
_TENANT_TIMES: Final = 2
_KEY_REFUSED: Final = frozenset({401, 407})
_log = structlog.get_logger(__name__)


class Gateway:
    """``/api/<product>/<path>``.

    Args:
        watch: Judges access tokens.
        upstreams: The tenants' billing systems.
        calls: Where calls are written down.
        per_second: Calls of one credential that pass.
        body_limit: Longest request body, in bytes.
    """

    def __init__(self, watch: Watch, upstreams: Upstreams, calls: Calls, per_second: float, body_limit: int) -> None:
        self._watch = watch
        self._upstreams = upstreams
        self._calls = calls
        self._buckets = Buckets()
        self._rate = Rate(per_second, per_second * _BURST_S)
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        exchange = Exchange(scope, receive, send, self._body_limit)
        try:
            await self._serve(exchange)
        except Refusal as refusal:
            await exchange.refuse(refusal)
        except GoneError:
            exchange.outcome = "caller_left"
        except Exception:  # noqa: BLE001 - told as a problem, and its cause in the log
            _log.exception("the gateway failed", request=exchange.trace.request_id)
            await exchange.refuse(_fault())
        finally:
            self._write_down(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        goal = _goal(exchange)
        length = headers.framed(exchange.headers, exchange.method)
        exchange.token = token = await self._judged(exchange)
        upstream = await self._upstreams.of(token.tenant_id)
        exchange.path = goal.path
        _allowed(upstream, goal, exchange.method, token.scopes)
        exchange.told = self._limited(token, upstream).headers("credential")
        if length is not None and length > self._body_limit:
            raise exchange.too_long()
        await self._pass_on(exchange, upstream, goal, length)

    async def _pass_on(self, exchange: Exchange, upstream: Upstream, goal: Target, length: int | None) -> None:
        wait = upstream.breaker.wait_s()
        if wait:
            raise _down(wait)
        try:
            answer = await ask(exchange, upstream, goal, length)
        finally:
            upstream.breaker.given_up()  # whatever it said of billing was told by then
        try:
            if answer.status_code in _KEY_REFUSED:
                raise refused_key()
            await relay(exchange, upstream, answer)
        finally:
            await answer.aclose()

    async def _judged(self, exchange: Exchange) -> Token:
        try:
            return await self._watch.judge(_bearer(exchange.headers))
        except TokenRefusedError as error:
            raise bad_token(str(error)) from None
        except NotReadyError:
            raise Refusal(
                503, "not_ready", "The gateway cannot judge access tokens at the moment.",
                "Try again in a few seconds.", {"Retry-After": "2"},
            ) from None  # fmt: skip

    def _limited(self, token: Token, upstream: Upstream) -> Allowance:
        own = self._rate.per_second * _TENANT_TIMES
        rate = Rate(upstream.per_second or own, (upstream.per_second or own) * _BURST_S)
        for name, who, allowed in (
            ("tenant", token.tenant_id, rate),
            ("credential", token.client_id, self._rate),
        ):
            allowance = self._buckets.take((name, who), allowed)
            if allowance.wait_s:
                raise Refusal(
                    429, "too_many_calls", f"Too many calls of this {name}.",
                    "Wait as long as Retry-After says, and spread the calls.", allowance.headers(name),
                )  # fmt: skip
        return allowance

    def _write_down(self, exchange: Exchange) -> None:
        if exchange.token is not None:
            self._calls.put(exchange.call(exchange.token))
        elif exchange.status:
            _log.info("call refused", status=exchange.status, code=exchange.outcome, request=exchange.trace.request_id)


def _fault() -> Refusal:
    return Refusal(
        500, "internal_error", "The gateway failed.", "Tell an administrator the request_id: the log holds the cause."
    )


def _goal(exchange: Exchange) -> Target:
    raw = exchange.raw_path
    if not raw.startswith(_PREFIX):
        raise bad_path("The path is not written plainly.")
    goal = target(raw[len(_PREFIX) :], exchange.query)
    if goal.product not in GROUPS:
        raise Refusal(
            404, "no_such_product", "There is no such billing product.", f"Use one of: {', '.join(sorted(GROUPS))}."
        )
    if exchange.method not in METHODS:
        raise Refusal(
            405, "method_not_allowed", f"{exchange.method} is not passed on.", "Use another method.",
            {"Allow": ", ".join(sorted(METHODS))},
        )  # fmt: skip
    return goal


def _bearer(given: Sequence[tuple[bytes, bytes]]) -> str:
    values = [value for name, value in given if name == b"authorization"]
    if not values:
        raise no_token()
    scheme, _, text = values[0].partition(b" ")
    if len(values) > 1 or scheme.lower() != b"bearer" or not text.strip():
        raise bad_token("The call has no bearer token.")
    return text.strip().decode("latin-1")


def _allowed(upstream: Upstream, goal: Target, method: str, scopes: Sequence[str]) -> None:
    if upstream.product != goal.product:
        raise Refusal(
            403, "other_product", f"The tenant of this access token has {upstream.product}, not {goal.product}.",
            f"Call /api/{upstream.product}/ instead.",
        )  # fmt: skip
    needed = scope_of(upstream.groups, method, goal.segments)
    if needed is None:
        raise not_offered(method, goal.path)
    if needed not in scopes:
        raise scope_missing(needed)


def _down(wait: float) -> Refusal:
    return Refusal(
        503, "billing_down", "The billing system does not answer; calls are held back for a moment.",
        "Try again after Retry-After.", {"Retry-After": str(max(1, round(wait + 0.5)))},
    )  # fmt: skip
