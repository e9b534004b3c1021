"""Which headers pass. Towards billing only those that are named here; back everything but what is.

What billing would believe about who calls (its own credentials, ``Forwarded``, ``X-Remote-User`` ...) can therefore not
be slipped in, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from salesbridge.edge.gateway.refusal import bad_request

Pairs = list[tuple[bytes, bytes]]

#: Request headers that say something about the message, not about the sender.
PASSED: Final = frozenset({
    b"accept", b"accept-language", b"cache-control", b"content-disposition", b"content-encoding", b"content-language",
    b"content-length", b"content-type", b"idempotency-key", b"if-match", b"if-modified-since", b"if-none-match",
    b"if-range", b"if-unmodified-since", b"pragma", b"prefer", b"range", b"x-trace-id",
})  # fmt: skip
#: Headers that concern one connection only (RFC 9110, section 7.6.1), and some that old software takes for such.
HOP: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-authentication-info",
    b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip
_NEVER_BACK: Final = HOP | frozenset({
    b"set-cookie", b"set-cookie2", b"server", b"via", b"x-powered-by", b"www-authenticate", b"authentication-info",
    b"forwarded", b"alt-svc", b"strict-transport-security", b"x-request-id", b"traceparent", b"tracestate",
    b"traceresponse", b"clear-site-data", b"content-location", b"link", b"refresh", b"nel", b"report-to",
})  # fmt: skip
_NEVER_BACK_BEGIN: Final = (b"x-forwarded-", b"x-junifer-", b"x-real-", b"proxy-", b"access-control-", b"ratelimit")
#: What a tenant's policy cannot have passed on, whatever it says: it would change who we are or how messages end.
_NEVER: Final = HOP | frozenset({
    b"authorization", b"cookie", b"host", b"content-length", b"accept-encoding", b"expect", b"forwarded", b"via",
    b"traceparent", b"tracestate", b"x-request-id",
})  # fmt: skip
_NEVER_BEGIN: Final = (b"x-forwarded-", b"x-junifer-x-", b"proxy-", b"x-real-")


def further(names: Iterable[object]) -> frozenset[bytes]:
    """Request headers that a tenant's policy has passed on beside ours; those that must not be are left out."""
    wanted = {str(name).strip().lower().encode("ascii", "replace") for name in names}
    return frozenset(name for name in wanted if name not in _NEVER and not name.startswith(_NEVER_BEGIN))


def framed(headers: Sequence[tuple[bytes, bytes]], method: str) -> int | None:
    """Check that a request has one unmistakable end, and return the length it tells; None if it is chunked.

    Raises:
        Refusal: Its end may be read in more ways than one (RFC 9112, section 6.3), or a reading method has a body.
    """
    lengths = [value.strip() for name, value in headers if name == b"content-length"]
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) > 1 or (lengths and codings) or any(not _digits(each) for each in lengths):
        raise bad_request("The request tells its length in more than one way.", "Send one Content-Length.")
    if codings and codings != [b"chunked"]:
        raise bad_request("The request's transfer coding is not known.", "Send it chunked or with a Content-Length.")
    length = None if codings else int(lengths[0]) if lengths else 0
    if method in {"GET", "HEAD"} and length != 0:
        raise bad_request(f"A {method} has no body.", "Leave the body out.")
    return length


def _digits(value: bytes) -> bool:
    return value.isdigit() and len(value) < 19  # noqa: PLR2004 - fits 64 bits


def onwards(headers: Iterable[tuple[bytes, bytes]], extra: frozenset[bytes] = frozenset()) -> Pairs:
    """The headers of a request that are passed on; what ``Connection`` names is not."""
    given = list(headers)
    named = _named(given)
    return [
        (name, value) for name, value in given if (name in PASSED or name in extra) and name not in named
    ]  # fmt: skip


def back(headers: Iterable[tuple[bytes, bytes]], place: Callable[[bytes], bytes | None]) -> Pairs:
    """The headers of an answer that are passed back.

    Args:
        headers: As billing sent them, names in lower case.
        place: Turns the address in ``Location`` into ours; None if it leads elsewhere: then it is left out.
    """
    given = list(headers)
    named = _named(given)
    kept: Pairs = []
    for name, value in given:
        if name in _NEVER_BACK or name in named or name.startswith(_NEVER_BACK_BEGIN):
            continue
        if name == b"location":
            ours = place(value)
            if ours is not None:
                kept.append((name, ours))
        else:
            kept.append((name, value))
    return kept


def _named(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Headers that ``Connection`` says concern one connection only."""
    values = (value for name, value in headers if name == b"connection")
    return frozenset(word.strip().lower() for value in values for word in value.split(b",")) - {b"content-length"}
