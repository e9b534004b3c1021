"""Who may call the Pub/Sub API, and how it says no.

Source: Pub/Sub API guide, *Supported Authentication*, *Handle Errors*: a gRPC status, the error code in the trailer
``error-code`` and the RPC's id in the message. Which status goes with which code is not documented but for
``INVALID_ARGUMENT`` with ``replayid.corrupted``; the others here are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import grpc

from .ids import normal_id

if TYPE_CHECKING:
    from .access import Session
    from .org import Org

_PREFIX = "sfdc.platform.eventbus.grpc."
_KEYS = ("accesstoken", "instanceurl", "tenantid")
_STATUS = {
    "service.auth.error": grpc.StatusCode.UNAUTHENTICATED,
    "service.auth.headers.invalid": grpc.StatusCode.UNAUTHENTICATED,
    "service.auth.refresh.invalid": grpc.StatusCode.UNAUTHENTICATED,
    "service.unavailable": grpc.StatusCode.UNAVAILABLE,
    "topic.not.found": grpc.StatusCode.NOT_FOUND,
    "schema.meta.permission": grpc.StatusCode.PERMISSION_DENIED,
    "subscription.limit.exceeded": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "publish.stream.sweeper.timeout": grpc.StatusCode.DEADLINE_EXCEEDED,
}


class RefusalError(Exception):
    """Ends an RPC.

    Args:
        code: The error code without its common beginning; None for a broken connection, which carries none.
        message: The sentence.
    """

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> Any:
        """The gRPC status."""
        if self.code is None:
            return grpc.StatusCode.UNAVAILABLE
        return _STATUS.get(self.code, grpc.StatusCode.INVALID_ARGUMENT)


def abort(context: Any, refusal: RefusalError, rpc_id: str) -> NoReturn:
    """End an RPC with an error.

    Raises:
        Exception: Always; what gRPC ends the handler with.
    """
    if refusal.code is None:
        context.abort(refusal.status, refusal.message)
    context.set_trailing_metadata((("error-code", _PREFIX + str(refusal.code)), ("rpc-id", rpc_id)))
    context.abort(refusal.status, f"{refusal.message} rpcId: {rpc_id}")
    raise AssertionError("gRPC ends the handler")


def authenticate(org: Org, context: Any) -> Session:
    """The session whose token an RPC carries.

    Raises:
        RefusalError: ``service.auth.headers.invalid`` when a header is missing, ``service.auth.error`` when the three
            do not go together.
    """
    sent = {key: value for key, value in context.invocation_metadata() if key in _KEYS}
    missing = [key for key in _KEYS if not sent.get(key)]
    if missing:
        raise RefusalError("service.auth.headers.invalid", f"Missing metadata headers: {', '.join(missing)}.")
    if not _same_instance(org, sent["instanceurl"]) or normal_id(sent["tenantid"]) != org.id:
        raise RefusalError("service.auth.error", "The instance URL and the tenant id don't belong to the session.")
    session = live(org, sent["accesstoken"])
    session.last_used = org.clock().timestamp()
    session.calls += 1
    return session


def _same_instance(org: Org, url: str) -> bool:
    if not url.startswith(("https://", "http://")):
        return False
    return org.public_url is None or url.rstrip("/").casefold() == org.public_url.casefold()


def live(org: Org, token: str, *, code: str = "service.auth.error") -> Session:
    """The live session of a token.

    Raises:
        RefusalError: With that code.
    """
    session = org.directory.session(token)
    if session is None:
        raise RefusalError(code, "The access token is invalid or expired.")
    return session


def refreshed(org: Org, token: str) -> Session:
    """The session that ``auth_refresh`` hands a stream over to.

    Raises:
        RefusalError: ``service.auth.refresh.invalid``.
    """
    return live(org, token, code="service.auth.refresh.invalid")
