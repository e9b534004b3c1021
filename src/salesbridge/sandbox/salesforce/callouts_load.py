"""Many callouts a second, started on time whether or not the ones before are answered, and counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.callouts_wire import CalloutError

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.callouts import Callout, Callouts

MAX_RATE, MAX_TIME, MAX_THREADS = 2_000.0, 3_600.0, 256
DEFAULT_THREADS = 32
_SAMPLES = 20
_FAILED = 400


@dataclass(frozen=True, slots=True)
class Pace:
    """``rate`` callouts a second for ``seconds``, by so many threads."""

    rate: float
    seconds: float
    threads: int = DEFAULT_THREADS


class Load:
    """Callouts at a steady rate; they start with the object.

    Args:
        makes: Makes the callouts.
        callout: The callout to repeat.
        pace: How many, for how long.
    """

    def __init__(self, makes: Callouts, callout: Callout, pace: Pace) -> None:
        self._makes, self._callout, self._pace = makes, callout, pace
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._ended: float | None = None
        self._started = 0
        self._statuses: Counter[str] = Counter()
        self._exceptions: Counter[str] = Counter()
        self._latencies: list[float] = []
        self._delay = 0.0
        self._samples: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._run, name="callout-load", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start no further callouts."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait until the last callout is answered, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        with ThreadPoolExecutor(self._pace.threads, thread_name_prefix="callout") as pool:
            for number in range(round(self._pace.rate * self._pace.seconds)):
                due = self._begun + number / self._pace.rate
                if self._stop.wait(max(0.0, due - time.monotonic())):
                    break
                self._started += 1
                pool.submit(self._one, due)
        self._ended = time.monotonic()

    def _one(self, due: float) -> None:
        begun = time.monotonic()
        try:
            status, failure = self._makes.send(self._callout).status, ""
        except CalloutError as error:
            status, failure = 0, str(error)
        except Exception as error:  # noqa: BLE001 - our own fault is counted like any other, or sums would not close
            status, failure = 0, repr(error)
        ended = time.monotonic()
        with self._lock:
            self._latencies.append(ended - begun)
            self._delay = max(self._delay, begun - due)
            if failure:
                self._exceptions[failure] += 1
            else:
                self._statuses[str(status)] += 1
            if (failure or status >= _FAILED) and len(self._samples) < _SAMPLES:
                at = round(begun - self._begun, 3)
                self._samples.append({"at": at, "status": status or None, "exception": failure or None})

    def report(self) -> dict[str, Any]:
        """What has happened so far; latencies in milliseconds, ``delay`` the latest start after it was due."""
        with self._lock:
            refused = sum(count for status, count in self._statuses.items() if int(status) >= _FAILED)
            failed = refused + sum(self._exceptions.values())
            elapsed = (self._ended or time.monotonic()) - self._begun
            return {
                "running": self._ended is None,
                "seconds": round(elapsed, 3),
                "rate": round(self._started / elapsed, 1) if elapsed else 0.0,
                "started": self._started,
                "answered": len(self._latencies),
                "succeeded": len(self._latencies) - failed,
                "failed": failed,
                "byStatus": dict(self._statuses),
                "byException": dict(self._exceptions),
                "failures": list(self._samples),
                "latency": _spread(sorted(self._latencies)),
                "delay": round(self._delay * 1000, 1),
            }


def _spread(ordered: list[float]) -> dict[str, float]:
    """Percentiles of ordered durations, in milliseconds."""
    if not ordered:
        return {}
    last = len(ordered) - 1
    at = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[round(last * share)] * 1000, 1) for name, share in at.items()}
