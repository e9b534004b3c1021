"""Hearing billing: a signed event is written down before it is acknowledged, so none that we confirmed can be lost.

Whatever is not answered with 2xx is sent again by the publisher, and an event that is known already changes nothing:
when in doubt the answer is an error. Bodies are never logged.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.db import DatabaseError, DataError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from salesbridge.billing import BillingError
from salesbridge.billing.events import BillingEvent, parse, touched
from salesbridge.billing.signature import HEADER, SignatureRefusedError, verify
from salesbridge.edge.gather import FullError, Gathering
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


_UNKNOWN = Answer(404, "UNKNOWN_HOOK", "There is no such address. Copy it again from: salesbridge tenant hook")
_NO_KEY = Answer(401, "NO_KEY", "No key is set up to check the signature with.")
_LATER = Answer(503, "UNAVAILABLE", "The event cannot be written down at the moment. Send it again.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a publisher sent.

    Args:
        header: The signature's header; None if there is none.
        raw: The body as it came.
    """

    header: str | None
    raw: bytes


def endpoint() -> Callable[[Request], Awaitable[Response]]:
    """What answers billing's calls; events that come in at once are written down by one transaction."""
    letters = Gathering(_heard)

    async def hook(request: Request) -> Response:
        """Take an event of the tenant that the address belongs to."""
        name: uuid.UUID = request.path_params["hook"]
        try:
            raw = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            answer = await letters.put(name, Letter(request.headers.get(HEADER), raw))
        except FullError:
            answer = _LATER
        if answer.status >= 400:  # noqa: PLR2004 - refused
            _log.warning("event refused", hook=str(name), status=answer.status, code=answer.word)
        return answer.response()

    return hook


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


def _heard(name: uuid.UUID, letters: Sequence[Letter]) -> list[Answer]:
    """Check and write down events; called in a thread, because the database waits."""
    try:
        tenant = Door.operator(reason="find the tenant of a hook").tenants.filter(hook=name).first()
        if tenant is None:
            return [_UNKNOWN] * len(letters)
        return _of_tenant(tenant, letters)
    except DatabaseError:
        return [_LATER] * len(letters)


def _of_tenant(tenant: Tenant, letters: Sequence[Letter]) -> list[Answer]:
    door = Door(tenant.pk)
    if not tenant.hook_keys:
        hooks.without_key(door)
        return [_NO_KEY] * len(letters)
    read = [_read(tenant, letter) for letter in letters]
    written = iter(_written(door, [event for event in read if isinstance(event, BillingEvent)]))
    return [each if isinstance(each, Answer) else next(written) for each in read]


def _read(tenant: Tenant, letter: Letter) -> BillingEvent | Answer:
    """The event of a letter whose signature is right, or what is to be answered."""
    try:
        verify(letter.header, letter.raw, tenant.hook_keys, now=datetime.now(UTC))
    except (SignatureRefusedError, BillingError) as error:
        return Answer(401, error.code, error.message)
    try:
        event = parse(letter.raw)
        touched(event, tenant.event_overrides)
    except BillingError as error:
        return Answer(400, error.code, error.message)
    return event


def _written(door: Door, events: Sequence[BillingEvent]) -> list[Answer]:
    """Events written down together; if one of them cannot be kept, each by itself."""
    try:
        return [Answer(200, "heard" if new else "known") for new in hooks.hear(door, events)]
    except DataError:
        if len(events) > 1:
            return [answer for event in events for answer in _written(door, [event])]
        return [Answer(400, "BAD_EVENT", "The event holds text that cannot be kept.")]
