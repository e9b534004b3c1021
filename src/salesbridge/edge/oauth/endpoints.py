"""The token endpoint (RFC 6749, client credentials), revocation (RFC 7009) and introspection (RFC 7662)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from django.db import DatabaseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from salesbridge.edge.limits import Buckets, Rate
from salesbridge.edge.oauth.answers import (
    NO_STORE,
    OAuthError,
    granted,
    invalid_client,
    invalid_request,
    throttled,
    unavailable,
)
from salesbridge.edge.oauth.forms import claim_of, form_of
from salesbridge.edge.rows import lent
from salesbridge.edge.watch import NotReadyError, Watch
from salesbridge.engine.credentials import Grant, authenticate
from salesbridge.engine.credentials.tokens import Token, TokenRefusedError, mint
from salesbridge.engine.credentials.watch import take_back

GRANT: Final = "client_credentials"
_ADDRESS_TIMES: Final = 5
_BURST_S: Final = 5
_log = structlog.get_logger(__name__)

Form = dict[str, str]
Work = Callable[[Grant, Form], Awaitable[Response]]


class OAuth:
    """The endpoints that clients call with their secret.

    Args:
        watch: Keys and refused tokens.
        life_s: Seconds that a token is good for.
        per_second: Requests taken from one client.
    """

    def __init__(self, watch: Watch, life_s: int, per_second: float) -> None:
        self._watch = watch
        self._life_s = life_s
        self._buckets = Buckets()
        self._client_rate = Rate(per_second, per_second * _BURST_S)
        everybody = per_second * _ADDRESS_TIMES
        self._address_rate = Rate(everybody, everybody * _BURST_S)

    async def token(self, request: Request) -> Response:
        """Issue an access token."""
        return await self._answered(request, "grant_type", self._issue)

    async def revoke(self, request: Request) -> Response:
        """Take an access token back."""
        return await self._answered(request, "token", self._take_back)

    async def introspect(self, request: Request) -> Response:
        """Tell what an access token is good for."""
        return await self._answered(request, "token", self._tell)

    async def _answered(self, request: Request, needed: str, work: Work) -> Response:
        try:
            self._throttle(("address", _address(request)), self._address_rate)
            form = await form_of(request)
            if needed not in form:
                raise invalid_request(f"The parameter {needed} is missing.")
            return await work(await self._client(request, form), form)
        except OAuthError as error:
            _log.info("token request refused", path=request.url.path, status=error.status, code=error.code)
            return error.response()
        except ClientDisconnect:
            return Response(status_code=400)
        except (DatabaseError, NotReadyError):
            return unavailable().response()

    def _throttle(self, who: tuple[str, ...], rate: Rate) -> None:
        allowance = self._buckets.take(who, rate)
        if allowance.wait_s:
            raise throttled(allowance.headers(who[0]))

    async def _client(self, request: Request, form: Form) -> Grant:
        claim = claim_of(request.headers.get("authorization"), form)
        # with the address, so that a stranger who knows a client's public id cannot use its allowance up
        self._throttle(("client", claim.client_id, _address(request)), self._client_rate)
        grant = await run_in_threadpool(lent, authenticate, claim.client_id, claim.secret)
        if grant is None:
            raise invalid_client()
        return grant

    async def _issue(self, grant: Grant, form: Form) -> Response:
        if form["grant_type"] != GRANT:
            raise OAuthError("unsupported_grant_type", f"Use grant_type={GRANT}.")
        scopes = _narrowed(form.get("scope"), grant.scopes)
        if self._watch.signer is None:
            raise unavailable()
        text, token = mint(self._watch.signer, self._watch.place, grant, scopes, self._life_s)
        _log.info("token issued", client=grant.client_id, jti=token.jti)
        return granted(
            {"access_token": text, "token_type": "Bearer", "expires_in": self._life_s, "scope": " ".join(scopes)}
        )

    async def _take_back(self, grant: Grant, form: Form) -> Response:
        """RFC 7009, section 2.2: what is no good token any more is no error."""
        try:
            token = await self._watch.judge(form["token"])
        except TokenRefusedError:
            return Response(status_code=200, headers=NO_STORE)
        if token.client_id != grant.client_id:
            raise OAuthError("unauthorized_client", "The token was not issued to this client.")
        await run_in_threadpool(lent, take_back, token, datetime.fromtimestamp(token.expires_at, UTC))
        await self._watch.refresh()
        return Response(status_code=200, headers=NO_STORE)

    async def _tell(self, grant: Grant, form: Form) -> Response:
        """RFC 7662, section 2.2: of tokens of other instances nothing is told, not even that they are there."""
        try:
            token = await self._watch.judge(form["token"])
        except TokenRefusedError:
            return granted({"active": False})
        if (token.tenant_id, token.instance_id) != (grant.tenant_id, grant.instance_id):
            return granted({"active": False})
        return granted(_told(token, self._watch))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _narrowed(asked: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if asked is None:
        return allowed
    wanted = asked.split(" ")
    if any(scope not in allowed for scope in wanted):
        raise OAuthError("invalid_scope", f"This client may ask for: {' '.join(allowed)}.")
    return tuple(scope for scope in allowed if scope in wanted)


def _told(token: Token, watch: Watch) -> dict[str, object]:
    return {
        "active": True,
        "scope": " ".join(token.scopes),
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": token.expires_at,
        "iat": token.issued_at,
        "sub": token.client_id,
        "aud": watch.place.audience,
        "iss": watch.place.issuer,
        "jti": token.jti,
        "tenant": str(token.tenant_id),
        "instance": str(token.instance_id),
    }
