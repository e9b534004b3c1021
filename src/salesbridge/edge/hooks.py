"""Hearing billing: a signed event is written down before it is acknowledged, so none that we confirmed can be lost.

Whatever is not answered with 2xx is sent again by the publisher, and an event that is known already changes nothing:
when in doubt the answer is an error. Bodies are never logged.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.db import DatabaseError, DataError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from salesbridge.billing import BillingError
from salesbridge.billing.events import parse
from salesbridge.billing.signature import HEADER, SignatureRefusedError, verify
from salesbridge.edge.rows import lent
from salesbridge.engine.live import hooks
from salesbridge.store.door import Door
from salesbridge.store.models import Tenant

#: Longest body that is read.
LIMIT = 1_000_000
_RETRY_AFTER = {"Retry-After": "5"}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a publisher is told.

    Args:
        status: HTTP status.
        word: What became of the event, or a code of the error.
        message: What is wrong; empty if nothing is.
    """

    status: int
    word: str
    message: str = ""

    def response(self) -> Response:
        """The answer as it is sent."""
        if self.status < 300:  # noqa: PLR2004 - success
            return JSONResponse({"result": self.word}, self.status)
        headers = _RETRY_AFTER if self.status == 503 else None  # noqa: PLR2004 - unavailable
        return JSONResponse({"error": self.message, "code": self.word}, self.status, headers)


async def hook(request: Request) -> Response:
    """Take an event of the tenant that the address belongs to."""
    name: uuid.UUID = request.path_params["hook"]
    try:
        raw = await _body(request)
    except ClientDisconnect:
        return Response(status_code=400)
    answer = await run_in_threadpool(lent, _heard, name, request.headers.get(HEADER), raw)
    if answer.status >= 400:  # noqa: PLR2004 - refused
        _log.warning("event refused", hook=str(name), status=answer.status, code=answer.word)
    return answer.response()


async def _body(request: Request) -> bytes:
    """The body as it came, since the signature is over its bytes.

    Raises:
        HTTPException: It is too long; the rest is not read.
    """
    told = request.headers.get("content-length", "")
    read, size = [], int(told) if told.isdecimal() else 0
    if size <= LIMIT:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > LIMIT:
                break
            read.append(chunk)
    if size > LIMIT:
        raise HTTPException(413, f"An event is at most {LIMIT} bytes long.", {"Connection": "close"})
    return b"".join(read)


def _heard(name: uuid.UUID, header: str | None, raw: bytes) -> Answer:
    """Check and write down an event; called in a thread, because the database waits."""
    try:
        tenant = Door.operator(reason="find the tenant of a hook").tenants.filter(hook=name).first()
        if tenant is None:
            return Answer(404, "UNKNOWN_HOOK", "There is no such address. Copy it again from: salesbridge tenant hook")
        return _of_tenant(tenant, header, raw)
    except DataError:
        return Answer(400, "BAD_EVENT", "The event holds text that cannot be kept.")
    except DatabaseError:
        return Answer(503, "UNAVAILABLE", "The event cannot be written down at the moment. Send it again.")


def _of_tenant(tenant: Tenant, header: str | None, raw: bytes) -> Answer:
    door = Door(tenant.pk)
    if not tenant.hook_keys:
        hooks.without_key(door)
        return Answer(401, "NO_KEY", "No key is set up to check the signature with.")
    try:
        verify(header, raw, tenant.hook_keys, now=datetime.now(UTC))
    except (SignatureRefusedError, BillingError) as error:
        return Answer(401, error.code, error.message)
    try:
        event = parse(raw)
        new = hooks.hear(door, event)
    except BillingError as error:
        return Answer(400, error.code, error.message)
    return Answer(200, "heard" if new else "known")
