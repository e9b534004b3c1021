"""What an instance's settings say of sales."""

from __future__ import annotations

from dataclasses import dataclass

from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.entities import ORDER, PLACED, REASON
from salesbridge.salesforce import SalesforceError


@dataclass(frozen=True, slots=True)
class SaleOptions:
    """How sales are carried at an instance.

    Args:
        placed_status: Status that places an order; empty where only its checkbox does.
        orders_from_quotes: Whether an accepted quote becomes an order by us.
    """

    placed_status: str = ""
    orders_from_quotes: bool = True


def sale_options(site: Site) -> SaleOptions:
    """The settings ``placed_status`` and ``orders_from_quotes`` of an instance."""
    chosen = site.instance.settings
    return SaleOptions(str(chosen.get("placed_status") or ""), chosen.get("orders_from_quotes", "yes") != "no")


def sells(site: Site) -> bool:
    """Whether the org has the fields by which orders are placed and told of: an older package has not.

    Raises:
        SalesforceError: Salesforce does not answer.
    """
    try:
        described = site.salesforce.describe(ORDER)
    except SalesforceError as error:
        if error.code in {"NOT_FOUND", "INVALID_TYPE"}:
            return False
        raise
    return {PLACED, REASON} <= {field["name"] for field in described["fields"]}
