"""Flow control of a subscription: how many events the server may send, and when it must be asked for more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Pub/Sub API guide, "Subscribe RPC Method": more than a hundred outstanding events are cut to a hundred.
MAX_BATCH: Final = 100
# The server's count is taken over ours only when no request of ours can still be on its way.
_QUIET_S: Final = 10.0


@dataclass(slots=True)
class Window:
    """The events asked for and not yet delivered, and those delivered and not yet taken.

    More is asked for once half of the batch is free again, because many small requests are refused
    (``service.protection.stream.limit.triggered``). A consumer that stays away is bridged by single credits: a
    stream that has nothing outstanding for 60 seconds is closed by the server.

    Attributes:
        batch: Most events to have outstanding and untaken, at most 100.
        credit_s: Seconds without anything outstanding after which a single event is asked for.
        outstanding: Asked for and not yet delivered.
        held: Delivered and not yet taken.
        requested_at: When the last request was made, on the clock of the arguments named ``now``.
        dry_since: When ``outstanding`` came to 0.
    """

    batch: int
    credit_s: float
    outstanding: int = 0
    held: int = 0
    requested_at: float = 0.0
    dry_since: float = 0.0

    def requested(self, count: int, now: float) -> None:
        """Notes a request."""
        self.outstanding += count
        self.requested_at = now

    def received(self, count: int, pending: int, now: float) -> None:
        """Notes a response with so many events, in which the server says how many are still outstanding."""
        self.held += count
        self.outstanding = max(0, self.outstanding - count)
        if now - self.requested_at > _QUIET_S:
            self.outstanding = min(pending, self.batch)
        if self.outstanding == 0:
            self.dry_since = now

    def taken(self, count: int) -> None:
        """Notes that the consumer is done with so many events."""
        self.held -= count

    def due(self, now: float) -> int:
        """Tells how many events to ask for now; 0 for none."""
        room = self.batch - self.outstanding - self.held
        if room >= max(1, self.batch // 2):
            return room
        return 1 if self._may_credit() and now - self.dry_since >= self.credit_s else 0

    def wait_s(self, now: float) -> float | None:
        """Tells after how many seconds to look again; None if only an arrival can change anything."""
        return max(0.0, self.dry_since + self.credit_s - now) if self._may_credit() else None

    def _may_credit(self) -> bool:
        # A consumer that never comes back must not fill the memory: then the server may close the stream.
        return self.outstanding == 0 and self.held < 2 * self.batch
