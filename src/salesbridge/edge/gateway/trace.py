"""Who a call is: its request id, and its place in a trace (W3C Trace Context)."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SANE: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}\Z")
_PARENT: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_STATE: Final = re.compile(rb"[\x20-\x7e]{1,512}\Z")


@dataclass(frozen=True, slots=True)
class Trace:
    """What a call is known by.

    Attributes:
        request_id: The caller's ``X-Request-Id`` if it is sane, else one of ours.
        trace_id: 32 hexadecimal digits.
        flags: Two hexadecimal digits, such as ``01`` for sampled.
        state: ``tracestate`` as it came; empty if there is none.
    """

    request_id: str
    trace_id: str
    flags: str
    state: bytes

    def onwards(self) -> list[tuple[bytes, bytes]]:
        """Headers for billing: the same trace, a span of ours as the parent."""
        parent = f"00-{self.trace_id}-{os.urandom(8).hex()}-{self.flags}".encode()
        told = [(b"traceparent", parent), (b"x-request-id", self.request_id.encode())]
        return [*told, (b"tracestate", self.state)] if self.state else told


def trace_of(headers: Mapping[bytes, bytes]) -> Trace:
    """The trace that a call belongs to, or begins."""
    given = headers.get(b"x-request-id", b"")
    request_id = given.decode() if _SANE.match(given) else str(uuid.uuid4())
    found = _PARENT.match(headers.get(b"traceparent", b""))
    if found is None or not _valid(found):
        return Trace(request_id, os.urandom(16).hex(), "00", b"")
    state = headers.get(b"tracestate", b"")
    return Trace(request_id, found[2].decode(), found[4].decode(), state if _STATE.match(state) else b"")


def _valid(found: re.Match[bytes]) -> bool:
    """Version ff is none, version 00 has nothing behind the flags, and ids are not all zero."""
    version, more = found[1], found[5]
    return version != b"ff" and not (version == b"00" and more) and bool(found[2].strip(b"0") and found[3].strip(b"0"))
