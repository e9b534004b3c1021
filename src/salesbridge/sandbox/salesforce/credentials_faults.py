"""Troubles on order of the named-credentials resources, and who may use them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.wire import CutResponse

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.salesforce.rest import Call, Handler

_UNEXPECTED = "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345"


def guarded(handler: Handler, since: float) -> Handler:
    """A handler that is there from a version on and meets the armed faults of reading and writing."""

    def run(request: Request, call: Call) -> Any:
        if call.version < since:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        _before(request, call)
        answer = handler(request, call)
        return answer if call.method == "GET" else _after(request, call, answer)

    return run


def since(handler: Handler, version: float) -> Handler:
    """A handler of a method that its resource has from a version on."""

    def run(request: Request, call: Call) -> Any:
        if call.version < version:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")
        return handler(request, call)

    return run


def _before(request: Request, call: Call) -> None:
    faults, path = call.org.faults, request.url.path
    slow = faults.strikes("credential_slow", path)
    if slow is not None:
        time.sleep(slow.seconds)
    if faults.strikes("credential_unavailable", path):
        raise ApiError(500, "UNKNOWN_EXCEPTION", _UNEXPECTED)
    if call.method == "GET":
        return
    if faults.strikes("credential_locked", path):
        raise ApiError(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    if faults.strikes("credential_push_fails", path):
        raise ApiError(500, "UNKNOWN_EXCEPTION", _UNEXPECTED)


def _after(request: Request, call: Call, answer: Any) -> Any:
    faults, path = call.org.faults, request.url.path
    if faults.strikes("credential_push_unsure", path):
        raise ApiError(500, "UNKNOWN_EXCEPTION", _UNEXPECTED)
    return CutResponse() if faults.strikes("credential_push_lost", path) else answer


def may_manage(call: Call) -> bool:
    """Whether the caller may create, edit and delete credentials."""
    allows = call.org.directory.allows
    return any(allows(call.user_id, name) for name in ("ManageNamedCredentials", "CustomizeApplication"))


def may_view(call: Call) -> bool:
    """Whether the caller may view what Setup shows of them."""
    return may_manage(call) or call.org.directory.allows(call.user_id, "ViewSetup")


def check_manages(call: Call) -> None:
    """Refuse a caller who may not write credentials.

    Source: Salesforce Help, *Create or Edit an OAuth External Credential*; the answer's code and text are assumed.

    Raises:
        ApiError: 403 ``INSUFFICIENT_ACCESS``.
    """
    if not may_manage(call):
        message = "You need the Manage Named Credentials or the Customize Application permission to do this."
        raise ApiError(403, "INSUFFICIENT_ACCESS", message)
