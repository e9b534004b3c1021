"""What the billing system tells: its version, and whether the connector's API user may read every kind of records."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from salesbridge.billing import Billing, BillingApi, BillingError, supported
from salesbridge.model.check_facts import BillingFacts


def billing_facts(billing: Billing, kinds: Iterable[str]) -> BillingFacts:
    """Ask the billing system; nothing is written.

    Args:
        billing: The billing system, or an extract.
        kinds: Kinds of records of which the first page is read.

    Raises:
        BillingError: It does not answer at all, or knows the API key no more.
    """
    system = billing.system()
    refused = {}
    if isinstance(billing, BillingApi):
        asked = {kind: _refusal(billing, kind) for kind in dict.fromkeys(kinds)}
        refused = {kind: said for kind, said in asked.items() if said}
    return BillingFacts(f"{system.product} {system.version}".strip(), supported(system) or "", refused)


def _refusal(billing: Billing, kind: str) -> str:
    """What is said against reading records of a kind; empty where nothing is."""
    try:
        next(islice(billing.pages(kind), 1), None)
    except BillingError as error:
        if error.kind in {"transient", "throttled"}:
            raise
        return error.message
    return ""
