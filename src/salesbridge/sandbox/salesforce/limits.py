"""Allocations: API calls in 24 hours and the figures ``/limits`` tells."""

from __future__ import annotations

import threading

_OTHERS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDeliveredPlatformEvents": 25_000,
    "DailyDurableStreamingApiEvents": 200_000,
    "DailyAsyncApexExecutions": 250_000,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
    "HourlyPublishedPlatformEvents": 250_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "MassEmail": 5_000,
    "SingleEmail": 5_000,
}


class Limits:
    """Counts what is used up; safe to use from several threads.

    Args:
        daily_api_requests: Calls allowed in 24 hours.
    """

    def __init__(self, daily_api_requests: int = 100_000) -> None:
        self.daily_api_requests = daily_api_requests
        self._used = {"DailyApiRequests": 0}
        self._max = dict(_OTHERS)
        self._lock = threading.Lock()

    def charge(self, calls: int = 1, *, limit: str = "DailyApiRequests") -> None:
        """Count the use of an allocation."""
        with self._lock:
            self._used[limit] = self._used.get(limit, 0) + calls

    def used(self, limit: str = "DailyApiRequests") -> int:
        """How much of an allocation is gone."""
        return self._used.get(limit, 0)

    @property
    def exhausted(self) -> bool:
        """Whether the next API call is one too many."""
        return self.used() >= self.daily_api_requests

    def header(self) -> str:
        """The value of ``Sforce-Limit-Info``."""
        return f"api-usage={self.used()}/{self.daily_api_requests}"

    def as_json(self) -> dict[str, dict[str, int]]:
        """The body of ``/limits``."""
        allowed = {"DailyApiRequests": self.daily_api_requests, **self._max}
        return {
            name: {"Max": most, "Remaining": max(0, most - self.used(name))} for name, most in sorted(allowed.items())
        }
