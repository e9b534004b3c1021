"""How much one caller may ask for: token buckets in the memory of one process.

Each edge process counts for itself, so that no call waits for another machine: behind a balancer the sum is at most the
limit times the number of processes. A limit guards the billing system and our database against a caller that ran wild;
secrets need no guard against guessing, since they have 256 random bits.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

#: Callers that are remembered; beyond it those longest unheard of are forgotten, which fills their bucket.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may happen.

    Attributes:
        per_second: In the long run.
        burst: At once, after a pause.
    """

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller is told.

    Attributes:
        rate: The limit that is nearest.
        left: How many more may come at once.
        wait_s: Seconds until the next may come; 0 if it may now.
    """

    rate: Rate
    left: float
    wait_s: float

    def headers(self, name: str) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, and ``Retry-After`` when the caller has to wait."""
        window = max(1, math.ceil(self.rate.burst / self.rate.per_second))
        told = {
            "RateLimit-Policy": f'"{name}";q={math.floor(self.rate.burst)};w={window}',
            "RateLimit": f'"{name}";r={max(0, math.floor(self.left))};t={max(1, math.ceil(self.wait_s))}',
        }
        return {**told, "Retry-After": str(max(1, math.ceil(self.wait_s)))} if self.wait_s else told


class Buckets:
    """One bucket a caller.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable, rate: Rate) -> Allowance:
        """Let a caller do one thing more, or tell it to wait; what is refused costs nothing."""
        now = self._clock()
        left, at = self._buckets.get(who, (rate.burst, now))
        left = min(rate.burst, left + (now - at) * rate.per_second)
        allowed = left >= 1
        left -= allowed
        self._buckets[who] = (left, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return Allowance(rate, left, 0.0 if allowed else (1 - left) / rate.per_second)
