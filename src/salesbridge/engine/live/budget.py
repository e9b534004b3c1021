"""Salesforce's allowance of API calls is shared with people and other integrations: a part of it is left to them."""

from __future__ import annotations

from salesbridge.engine.live.site import Site
from salesbridge.salesforce import SalesforceError

#: Share of the day's allowance that delivery leaves to others.
RESERVE = 0.1
_LOOK_AGAIN_S = 300.0


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
