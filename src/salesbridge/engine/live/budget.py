"""Salesforce's allowance of API calls is shared with people and other integrations: a part of it is left to them."""

from __future__ import annotations

import time
from collections.abc import Callable

from salesbridge.engine.live.site import Site
from salesbridge.salesforce import SalesforceError

#: Share of the day's allowance that delivery leaves to others.
RESERVE = 0.1
_LOOK_AGAIN_S = 300.0
#: Calls a minute, unless the instance's setting ``calls_per_minute`` says otherwise.
PER_MINUTE = 1200.0


class Bucket:
    """Salesforce calls that an instance may make in a minute, saved up to a minute's worth.

    Args:
        per_minute: Calls a minute.
        clock: Seconds.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._most = per_minute
        self._left = per_minute
        self._clock = clock
        self._at = clock()
        self._made: int | None = None

    def allows(self, made: int) -> bool:
        """Whether another round of calls may be made.

        Args:
            made: Calls made in all so far, as the connection counts them.
        """
        now = self._clock()
        new = max(0, made - self._made) if self._made is not None else 0
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - new
        self._at, self._made = now, made
        return self._left > 0


def spent(site: Site) -> SalesforceError | None:
    """Why no more calls may be made now; None where they may.

    The share left to others is the instance's setting ``api_reserve``.

    Raises:
        SalesforceError: Salesforce does not answer.
    """
    if _free(site):
        return None
    site.salesforce.limits()  # what we know may be old: nothing was asked while delivery was held
    if _free(site):
        return None
    usage = site.salesforce.usage
    return SalesforceError(
        f"{usage.used} of {usage.limit} API calls of the last 24 hours are used; the rest is left to others.",
        kind="throttled",
        code="API_BUDGET",
        mend="Delivery goes on by itself as the allowance recovers. Lower api_reserve, or buy more calls.",
        retry_after=_LOOK_AGAIN_S,
    )


def _free(site: Site) -> bool:
    usage = site.salesforce.usage
    reserve = float(site.instance.settings.get("api_reserve", RESERVE))
    return usage.limit is None or usage.used is None or usage.used < usage.limit * (1 - reserve)


def per_minute(site: Site) -> float:
    """Calls that an instance may make in a minute."""
    return float(site.instance.settings.get("calls_per_minute", PER_MINUTE))
