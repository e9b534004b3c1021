"""Velocity's opaque cursors."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.records import Kind

_CHECK = 4


class BadCursorError(ValueError):
    """The cursor was not made here, or for another list."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: after the record with an id, under the same condition."""

    kind: Kind
    after: int
    since: int | None

    def text(self) -> str:
        """The cursor as callers see it, with a checksum against guesses."""
        body = orjson.dumps([self.kind, self.after, self.since])
        return base64.urlsafe_b64encode(_check(body) + body).rstrip(b"=").decode()

    @classmethod
    def read(cls, text: str, kind: Kind) -> Cursor:
        """The cursor that a caller sent for a list.

        Raises:
            BadCursorError: Not made here, or for another list.
        """
        try:
            raw = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise BadCursorError("The cursor is not one of this system") from error
        if raw[:_CHECK] != _check(raw[_CHECK:]):
            raise BadCursorError("The cursor is not one of this system")
        made_for, after, since = orjson.loads(raw[_CHECK:])
        if made_for != kind:
            raise BadCursorError(f"The cursor belongs to the list of {made_for}")
        return cls(kind, after, since)


def _check(body: bytes) -> bytes:
    return zlib.crc32(b"cursor" + body).to_bytes(_CHECK, "big")
