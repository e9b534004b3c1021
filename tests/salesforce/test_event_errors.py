from __future__ import annotations

import pickle

import grpc
import pytest
from scripted_bus import PREFIX, TOPIC, refuse

from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.event_errors import ReplayLostError, UnreadableEventError, rpc_error

Status = grpc.StatusCode


class Refusal(grpc.RpcError):
    """What gRPC raises, as far as it is looked at."""

    def __init__(self, status: Status, said: str = "said", code: str = "") -> None:
        self._status, self._said, self._code = status, said, code

    def code(self) -> Status:
        return self._status

    def details(self) -> str:
        return self._said

    def trailing_metadata(self) -> tuple[tuple[str, str], ...] | None:
        return (("rpc-id", "1"), ("error-code", PREFIX + self._code)) if self._code else None


KINDS = {
    "authentication": ["service.auth.error", "service.auth.headers.invalid", "service.auth.refresh.invalid"],
    "transient": [
        "service.unavailable",
        "topic.api.unavailable",
        "schema.api.unavailable",
        "subscription.internal.error",
        "subscription.fetch.replay.repeated",
        "subscription.fetch.overflow",
        "publish.stream.sweeper.timeout",
        "managed.subscription.already.active",
    ],
    "throttled": [
        "service.protection.triggered",
        "service.protection.stream.limit.triggered",
        "concurrent.client.limit.exceeded",
        "subscription.limit.exceeded",
    ],
    "permanent": [
        "service.tenant.license",
        "topic.not.found",
        "topic.validation.empty",
        "topic.meta.permission",
        "subscription.topic.cannot.subscribe",
        "subscription.fetch.replayid.corrupted",
        "subscription.fetch.replayid.validation.failed",
        "subscription.fetch.requested.events.invalid",
        "subscription.fetch.topic.mismatch",
        "subscription.fetch.request.invalid",
        "schema.meta.permission",
        "schema.validation.failed",
        "publish.event.count.invalid",
        "publish.topic.mismatch",
        "publish.topic.validation.empty",
        "publish.auth.refresh.invalid",
        "managed.subscription.config.stopped",
        "managed.subscription.config.deleted",
        "managed.subscription.developer.name.not.found",
        "managed.subscription.subscription.id.not.found",
        "managed.subscription.subscription.id.invalid",
        "managed.subscription.id.or.developer.name.empty",
    ],
}


@pytest.mark.parametrize(("code", "kind"), [(code, kind) for kind, codes in KINDS.items() for code in codes])
@pytest.mark.parametrize("status", [Status.INVALID_ARGUMENT, Status.UNAVAILABLE])
def test_the_error_code_decides_whatever_the_status(code, kind, status):
    error = rpc_error(Refusal(status, code=code), "hush")

    assert error.kind == kind
    assert error.code == {"subscription.limit.exceeded": "EVENT_ALLOCATION"}.get(code, code)
    assert error.mend.endswith((".", ")."))
    assert (error.retry_after is not None) == (kind == "throttled")
    assert isinstance(error, ReplayLostError) == ("replayid" in code)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.UNAVAILABLE, "transient"),
        (Status.INTERNAL, "transient"),
        (Status.UNKNOWN, "transient"),
        (Status.ABORTED, "transient"),
        (Status.DEADLINE_EXCEEDED, "transient"),
        (Status.RESOURCE_EXHAUSTED, "throttled"),
        (Status.UNAUTHENTICATED, "authentication"),
        (Status.PERMISSION_DENIED, "permanent"),
        (Status.NOT_FOUND, "permanent"),
        (Status.INVALID_ARGUMENT, "permanent"),
        (Status.UNIMPLEMENTED, "permanent"),
    ],
)
def test_without_a_known_error_code_the_status_decides(status, kind):
    assert (rpc_error(Refusal(status), "").kind, rpc_error(Refusal(status), "").code) == (kind, status.name)
    assert rpc_error(Refusal(status, code="brand.new"), "").kind == kind
    assert rpc_error(Refusal(status, code="brand.new"), "").code == "brand.new"


@pytest.mark.parametrize(
    ("said", "code", "kind"),
    [
        ("Tls handshake failed: CERTIFICATE_VERIFY_FAILED", "TLS", "permanent"),
        ("Tls handshake failed: WRONG_VERSION_NUMBER", "TLS", "permanent"),
        ("errors resolving x:443: address lookup failed for x:443", "DNS", "transient"),
        ("failed to connect to all addresses; last error", "CONNECT", "transient"),
        ("Received message larger than max (5 vs. 4)", "MESSAGE_TOO_LARGE", "permanent"),
    ],
)
def test_troubles_of_the_connection_are_told_apart(said, code, kind):
    error = rpc_error(Refusal(Status.UNAVAILABLE, said), "")

    assert (error.code, error.kind) == (code, kind)


def test_the_event_allowance_waits_long():
    error = rpc_error(Refusal(Status.RESOURCE_EXHAUSTED, code="subscription.limit.exceeded"), "")

    assert error.retry_after >= 1800


@pytest.mark.parametrize(
    "said",
    [
        "token hush-hush was refused",
        "session 00D000000000001!AQ.abc_DEF is old",
        "accesstoken: abc!def",
        "Bearer abc-def",
        "eyJhbGciOi.eyJzdWIi.c2ln",
    ],
)
def test_credentials_are_taken_out_of_what_the_server_says(said):
    text = str(rpc_error(Refusal(Status.UNAUTHENTICATED, said), "hush-hush"))

    assert "***" in text
    assert not [part for part in ("hush-hush", "AQ.abc", "abc!def", "abc-def", "eyJ") if part in text]


@pytest.mark.parametrize(
    ("refusal", "unknown"),
    [
        (Refusal(Status.UNAVAILABLE, "Socket closed"), True),
        (Refusal(Status.DEADLINE_EXCEEDED), True),
        (Refusal(Status.UNAVAILABLE, "failed to connect to all addresses"), False),
        (Refusal(Status.UNAVAILABLE, code="service.unavailable"), False),
        (Refusal(Status.PERMISSION_DENIED), False),
    ],
)
def test_a_write_whose_reply_is_lost_has_an_unknown_outcome(refusal, unknown):
    assert rpc_error(refusal, "", safe=False).unknown_outcome == unknown
    assert not rpc_error(refusal, "", safe=True).unknown_outcome


def test_errors_stay_what_they_are_when_they_are_stored():
    lost = pickle.loads(pickle.dumps(rpc_error(Refusal(Status.UNKNOWN, code=KINDS["permanent"][5]), "")))  # noqa: S301
    unreadable = UnreadableEventError("x", event_id="e", replay_id=b"r", kind="permanent", code="C", mend="m")
    again = pickle.loads(pickle.dumps(unreadable))  # noqa: S301

    assert isinstance(lost, ReplayLostError)
    assert (type(again), again.event_id, again.replay_id, again.code) == (UnreadableEventError, "e", b"r", "C")


def test_a_refusal_comes_over_the_wire_with_its_code(bus, open_events):
    bus.before_unary = lambda _, context: refuse(context, Status.UNKNOWN, "topic.not.found", "no such topic rpcId: 1-2")
    with pytest.raises(SalesforceError, match="rpcId: 1-2") as caught:
        open_events().topic(TOPIC)

    assert (caught.value.code, caught.value.kind) == ("topic.not.found", "permanent")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
