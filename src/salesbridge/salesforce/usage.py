"""How much of the org's API allowance is used, and how many calls were ours."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CallKind = Literal["login", "rest", "query", "describe", "collections", "bulk", "tooling", "deploy", "files"]

_API_USAGE: Final = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Usage:
    """The API allowance as Salesforce last told it, and our own count.

    Attributes:
        used: Calls of the whole org in the last 24 hours; None before the first answer.
        limit: Calls allowed in 24 hours.
        own_calls: Requests of this connection, repeats and sign-ins included.
        by_kind: The same, per kind of call.
        at: When Salesforce told it.
    """

    used: int | None = None
    limit: int | None = None
    own_calls: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None


class UsageMeter:
    """Counts calls from any thread, and reads ``Sforce-Limit-Info`` (REST API guide, "Limit Info Header")."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._told: tuple[int, int, datetime] | None = None

    def count(self, kind: CallKind) -> None:
        """Counts a request that is about to be sent."""
        with self._lock:
            self._calls[kind] += 1

    def read(self, limit_info: str | None) -> None:
        """Notes the header of an answer; an answer without one changes nothing."""
        match = _API_USAGE.search(limit_info or "")
        if match:
            told = int(match[1]), int(match[2]), datetime.now(UTC)
            with self._lock:
                self._told = told

    def snapshot(self) -> Usage:
        """Gives the figures of this moment."""
        with self._lock:
            calls, told = dict(self._calls), self._told
        used, limit, at = told or (None, None, None)
        return Usage(used, limit, sum(calls.values()), calls, at)
