"""The share of sales in a round of delivery: what was heard wakes them, and those that are awake are carried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from salesbridge.engine.live.act import SideDownError
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.carry import carry
from salesbridge.engine.sales.options import sells
from salesbridge.engine.sales.wake import wake_sales
from salesbridge.store.changes import Heard, Outcome, write_outcomes
from salesbridge.store.leases import Fence
from salesbridge.store.sales import awake

#: Most sales carried in one round.
SALES_A_ROUND = 100
_NOT_SET_UP = "the org has no order fields"


@dataclass(frozen=True, slots=True)
class Sold:
    """What a round did for sales.

    Args:
        taken: Changes and sales taken up.
        down: Why a whole side could not be worked with, if so.
    """

    taken: int = 0
    down: SideDownError | None = None


def deliver_sales(site: Site, fence: Fence, changes: Sequence[Heard], now: datetime) -> Sold:
    """Wake sales and carry them on.

    Args:
        site: The instance.
        fence: The lease to deliver for it.
        changes: What was heard of records of sales.
        now: The moment.

    Raises:
        SalesforceError: Salesforce does not answer.
        BillingError: The billing system does not answer.
        FencedError: Another worker delivers for the instance.
    """
    if changes and not sells(site):
        _pass_over(site, fence, changes)
        return Sold(len(changes))
    if changes:
        wake_sales(site, fence, changes, now)
    waiting = awake(site.door, site.instance.pk, now, SALES_A_ROUND)
    if not waiting:
        return Sold(len(changes))
    return Sold(len(changes) + len(waiting), carry(site, fence, waiting, now))


def _pass_over(site: Site, fence: Fence, changes: Sequence[Heard]) -> None:
    with transaction.atomic():
        fence.hold()
        answers = [Outcome(change.number, "unchanged", _NOT_SET_UP, change.key) for change in changes]
        write_outcomes(site.door, site.instance.pk, answers)
