"""What the Pub/Sub API's refusals mean: kind, mend, and whether the place in the stream is lost.

Codes come in the trailer ``error-code`` beside the gRPC status, which alone does not say what to do (Pub/Sub API
guide, "Handle Errors").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import grpc

from salesbridge.salesforce.advice import ADVICE, Advice
from salesbridge.salesforce.errors import SalesforceError, excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesbridge.salesforce.advice import Kind

_PREFIX: Final = "sfdc.platform.eventbus.grpc."
EXPIRED: Final = frozenset({"service.auth.error", "UNAUTHENTICATED"})
_REPLAY_LOST: Final = frozenset(
    {"subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed"}
)
# Kept from the wire under a name of our own: the one that stops an org's whole integration.
_RENAMED: Final = {"subscription.limit.exceeded": "EVENT_ALLOCATION"}
_PAUSES_S: Final[Mapping[str, float]] = {
    "EVENT_ALLOCATION": 3600.0,
    "concurrent.client.limit.exceeded": 300.0,
    "service.protection.triggered": 60.0,
    "service.protection.stream.limit.triggered": 60.0,
    "RESOURCE_EXHAUSTED": 60.0,
}

_LATER: Final = ADVICE["SERVER_UNAVAILABLE"].mend
_SIGN_IN: Final = ADVICE["INVALID_SESSION_ID"].mend
_OUR_REQUEST: Final = ADVICE["MALFORMED_ID"].mend
_REOPENED: Final = "Nothing to do: the subscription is opened again by itself."
_NO_TOPIC: Final = "Deploy the connector's package, which brings its platform event: Setup > Platform Events."
_NO_ACCESS: Final = (
    "Give the integration user Read access to the platform event: Setup > Permission Sets > the connector's "
    "permission set > Object Settings."
)
_LOST: Final = "Nothing to do: the records are compared in full, then events are heard from now on."
_MANAGED: Final = (
    "Check the managed subscription: Tooling API, ManagedEventSubscription, state RUN, and its id or developer name."
)
_OWN_ADDRESS: Final = (
    "Check the address of the Pub/Sub API in the connector's settings (api.pubsub.salesforce.com:7443)."
)

_BY_CODE: Final[Mapping[str, Advice]] = {
    # who we are
    "service.auth.error": Advice("authentication", _SIGN_IN),
    "service.auth.headers.invalid": Advice("authentication", _SIGN_IN),
    "service.auth.refresh.invalid": Advice("authentication", _SIGN_IN),
    "service.tenant.license": Advice(
        "permanent", "The org is not licensed for the Pub/Sub API: ask Salesforce to enable it."
    ),
    # passing troubles
    "service.unavailable": Advice("transient", _LATER),
    "topic.api.unavailable": Advice("transient", _LATER),
    "schema.api.unavailable": Advice("transient", _LATER),
    "subscription.internal.error": Advice("transient", _LATER),
    "subscription.fetch.replay.repeated": Advice("transient", _REOPENED),
    "subscription.fetch.overflow": Advice("transient", _REOPENED),
    "publish.stream.sweeper.timeout": Advice("transient", _REOPENED),
    # allowances
    "service.protection.triggered": Advice("throttled", "Salesforce asks for fewer calls: it is tried again later."),
    "service.protection.stream.limit.triggered": Advice(
        "throttled", "Salesforce asks for fewer requests on a stream: it is tried again later."
    ),
    "concurrent.client.limit.exceeded": Advice(
        "throttled", "Too many programs listen to this org's events: stop those that are not needed."
    ),
    "EVENT_ALLOCATION": Advice(
        "throttled",
        "The org's 24-hour allowance of delivered events is used up: see Setup > Platform Events > Event Allocation "
        "Usage; stop other subscribers or buy more. Events are kept for 72 hours and are heard once it frees itself.",
    ),
    # topics and permissions
    "topic.not.found": Advice("permanent", _NO_TOPIC),
    "topic.validation.empty": Advice("permanent", _OUR_REQUEST),
    "topic.meta.permission": Advice("permanent", _NO_ACCESS),
    "subscription.topic.cannot.subscribe": Advice("permanent", _NO_ACCESS),
    "schema.meta.permission": Advice("permanent", _NO_ACCESS),
    "schema.validation.failed": Advice("permanent", _OUR_REQUEST),
    # the place in the stream
    "subscription.fetch.replayid.corrupted": Advice("permanent", _LOST),
    "subscription.fetch.replayid.validation.failed": Advice("permanent", _LOST),
    # our own doing
    "subscription.fetch.requested.events.invalid": Advice("permanent", _OUR_REQUEST),
    "subscription.fetch.topic.mismatch": Advice("permanent", _OUR_REQUEST),
    "subscription.fetch.request.invalid": Advice("permanent", _OUR_REQUEST),
    "publish.event.count.invalid": Advice("permanent", _OUR_REQUEST),
    "publish.topic.mismatch": Advice("permanent", _OUR_REQUEST),
    "publish.topic.validation.empty": Advice("permanent", _OUR_REQUEST),
    "publish.auth.refresh.invalid": Advice("permanent", _OUR_REQUEST),
    # managed subscriptions (beta), which an org may put in front of a topic
    "managed.subscription.already.active": Advice("transient", _REOPENED),
    "managed.subscription.config.stopped": Advice("permanent", _MANAGED),
    "managed.subscription.config.deleted": Advice("permanent", _MANAGED),
    "managed.subscription.developer.name.not.found": Advice("permanent", _MANAGED),
    "managed.subscription.subscription.id.not.found": Advice("permanent", _MANAGED),
    "managed.subscription.subscription.id.invalid": Advice("permanent", _MANAGED),
    "managed.subscription.id.or.developer.name.empty": Advice("permanent", _MANAGED),
}

_BY_STATUS: Final[Mapping[str, Advice]] = {
    "UNAUTHENTICATED": Advice("authentication", _SIGN_IN),
    "PERMISSION_DENIED": Advice("permanent", _NO_ACCESS),
    "NOT_FOUND": Advice("permanent", _NO_TOPIC),
    "UNIMPLEMENTED": Advice("permanent", _OWN_ADDRESS),
    "INVALID_ARGUMENT": Advice("permanent", _OUR_REQUEST),
    "FAILED_PRECONDITION": Advice("permanent", _OUR_REQUEST),
    "OUT_OF_RANGE": Advice("permanent", _OUR_REQUEST),
    "ALREADY_EXISTS": Advice("permanent", _OUR_REQUEST),
    "RESOURCE_EXHAUSTED": Advice("throttled", _LATER),
}

# gRPC tells these of its own connection only in words, which are those of its core in 2025 and 2026.
_TRUST: Final = "Let the connector trust your proxy's authority (setting ca_file), or correct the address."
_RESOLVE: Final = "Check the spelling of the address, and this machine's name server."
_BY_WORDS: Final[tuple[tuple[str, str, Kind, str], ...]] = (
    ("certificate_verify_failed", "TLS", "permanent", _TRUST),
    ("not in peer certificate", "TLS", "permanent", _TRUST),
    ("wrong_version_number", "TLS", "permanent", _OWN_ADDRESS),
    ("address lookup failed", "DNS", "transient", _RESOLVE),
    ("dns resolution", "DNS", "transient", _RESOLVE),
    (
        "failed to connect",
        "CONNECT",
        "transient",
        "Check that the firewall lets the connector reach the Pub/Sub API: port 7443, or set port 443.",
    ),
    ("larger than max", "MESSAGE_TOO_LARGE", "permanent", _OUR_REQUEST),
)

_SECRETS: Final = re.compile(
    r"00D\w{9,15}![\w.]+|eyJ[\w-]+\.[\w-]+\.[\w-]+|(bearer\s+|accesstoken[\s:=]+)\S+", re.IGNORECASE
)


class ReplayLostError(SalesforceError):
    """The place in the stream is gone: older than the 72 hours of retention, or from before the stream was reset.

    What happened since cannot be heard any more: compare the records, then subscribe from the latest event.
    """


class UnreadableEventError(SalesforceError):
    """An event that does not fit its own schema; those before it were delivered.

    Attributes:
        event_id: Its EventUuid, if it could be read.
        replay_id: Its place: subscribe after it to leave it out, and compare the records instead.
    """

    def __init__(self, message: str, *, event_id: str, replay_id: bytes, **attributes: Any) -> None:
        super().__init__(message, **attributes)
        self.event_id = event_id
        self.replay_id = replay_id


def rpc_error(exc: grpc.RpcError, secret: str, *, safe: bool = True) -> SalesforceError:
    """Makes the exception of a call that the Pub/Sub API, or the way to it, refused.

    Args:
        exc: What gRPC raised.
        secret: The access token of the call, which must not come back in a message.
        safe: The call changes nothing, so that its outcome does not matter.
    """
    told = _told_code(exc)
    said = str(exc.details() or "")
    code, advice = _judged(told, exc.code().name, said)
    make = ReplayLostError if code in _REPLAY_LOST else SalesforceError
    return make(
        excerpt(without_secrets(said, secret)) or f"The Pub/Sub API answered {exc.code().name}.",
        kind=advice.kind,
        code=code,
        mend=advice.mend,
        retry_after=_PAUSES_S.get(code),
        unknown_outcome=not safe and not told and advice.kind == "transient" and code != "CONNECT",
    )


def stream_error(code: str, message: str) -> SalesforceError:
    """Makes the exception of a subscription that is opened again by itself."""
    return SalesforceError(message, kind="transient", code=code, mend=_REOPENED)


def without_secrets(text: str, secret: str) -> str:
    """Takes out of a server's words whatever could be a credential."""
    known = text.replace(secret, "***") if secret else text
    return _SECRETS.sub(lambda match: f"{match[1] or ''}***", known)


def _judged(told: str, status: str, said: str) -> tuple[str, Advice]:
    code = _RENAMED.get(told, told)
    if code in _BY_CODE:
        return code, _BY_CODE[code]
    if not code:
        lower = said.lower()
        for words, own_code, kind, mend in _BY_WORDS:
            if words in lower:
                return own_code, Advice(kind, mend)
    return code or status, _BY_STATUS.get(status, Advice("transient", _LATER))


def _told_code(exc: grpc.RpcError) -> str:
    for key, value in exc.trailing_metadata() or ():
        if key == "error-code":
            return str(value).removeprefix(_PREFIX)
    return ""
