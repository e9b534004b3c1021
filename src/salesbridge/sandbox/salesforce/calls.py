"""The calls an org has answered, for tests and for the demonstration."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One answered call. ``client`` is the name in ``Sforce-Call-Options``, if any."""

    method: str
    path: str
    user: str | None
    client: str | None
    status: int


class Calls:
    """The last calls and counts of all of them; safe to use from several threads."""

    def __init__(self) -> None:
        self.recent: deque[CallRecord] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return sum(self.counts.values())

    def add(self, record: CallRecord, kind: str) -> None:
        """Keep a call under a kind such as ``GET sobjects``."""
        with self._lock:
            self.recent.append(record)
            self.counts[kind] += 1

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self.recent.clear()
            self.counts.clear()
