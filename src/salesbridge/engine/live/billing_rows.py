"""Billing's records of a batch: many that changed of late by a few pages of lists, the others one by one."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from salesbridge.engine.live.points import point
from salesbridge.engine.live.poll import OVERLAP
from salesbridge.engine.live.seen import key_of
from salesbridge.engine.live.site import Site

#: A billing record: its kind and its business key.
Name = tuple[str, str]
Raw = Mapping[str, Any]
_THREADS = 8
#: From so many records of a kind that changed of late, lists are asked: a page holds up to 1,000 records.
_MANY = 40
#: Records of a list that may be passed over for each that is wanted, before reading one by one is cheaper.
_WASTE = 20


def read_billing(site: Site, wanted: Mapping[Name, datetime | None]) -> dict[Name, Raw | None]:
    """Read records.

    Args:
        site: The instance.
        wanted: Records, each with the moment after which billing said it changed; None where billing did not say so.

    Returns:
        The records, None for one that is not there.

    Raises:
        BillingError: The billing system refuses or does not answer.
    """
    point("before reading billing")
    found: dict[Name, Raw | None] = {}
    for kind, told in _told(wanted).items():
        if len(told) >= _MANY:
            found.update(_listed(site, kind, told))
    rest = [name for name in wanted if name not in found]
    billing = site.billing  # opened here: a thread of the pool would keep the database connection that this takes
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="read-billing") as pool:
        found.update(zip(rest, pool.map(lambda name: billing.read(*name), rest), strict=True))
    point("after reading billing")
    return {name: raw if raw is None else {**site.omitted.get(name[0], {}), **raw} for name, raw in found.items()}


def _told(wanted: Mapping[Name, datetime | None]) -> dict[str, dict[str, datetime]]:
    by_kind: dict[str, dict[str, datetime]] = {}
    for (kind, key), at in wanted.items():
        if at is not None:
            by_kind.setdefault(kind, {})[key] = at
    return by_kind


def _listed(site: Site, kind: str, told: Mapping[str, datetime]) -> dict[Name, Raw]:
    """Those of some records that a list of what was modified shows; it is left as soon as it shows too many others."""
    found: dict[Name, Raw] = {}
    passed = 0
    transform = site.transforms[site.of_record[kind][0].name]
    for page in site.billing.pages(kind, since=min(told.values()) - OVERLAP):
        keyed = ((key_of(transform, record), record) for record in page.records)
        found.update({(kind, key): record for key, record in keyed if key is not None and key in told})
        passed += len(page.records)
        if len(found) == len(told) or passed > len(told) * _WASTE:
            break
    return found
