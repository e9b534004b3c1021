"""Repeated creations: the first answer again, and no second record."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from starlette.responses import Response

from salesbridge.sandbox.billing.requests import CallError

if TYPE_CHECKING:
    from collections.abc import Hashable

_KEPT = 10_000


class Repeats:
    """The answers to creations with an idempotency key, the newest 10,000 of them."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[bytes, Response]] = OrderedDict()

    def earlier(self, marker: Hashable, body: bytes) -> Response | None:
        """The answer that the key got before.

        Args:
            marker: Caller, path and key.
            body: What was sent.

        Raises:
            CallError: 409 when the key came with another body before.
        """
        if marker not in self._answers:
            return None
        digest, answer = self._answers[marker]
        if digest != hashlib.sha256(body).digest():
            raise CallError(409, "IDEMPOTENCY_KEY_REUSED", "The idempotency key was used with another body")
        return Response(answer.body, answer.status_code, media_type=answer.media_type)

    def remember(self, marker: Hashable, body: bytes, answer: Response) -> None:
        """Keep an answer."""
        self._answers[marker] = (hashlib.sha256(body).digest(), answer)
        if len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
