"""Why billing refuses an order, in words of those who sell (docs/billing-dialects.md, "Orders")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from salesbridge.billing.port import BillingError


class OrderRefusal(NamedTuple):
    """A refusal as a sales person reads it."""

    code: str
    reason: str
    mend: str


#: Our code to what it means and what to do; Velocity's codes are ours, Junifer's are translated below.
REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "UNKNOWN_PRODUCT": ("Billing does not know one of the products.", "Choose a product that billing sells."),
    "INACTIVE_PRODUCT": ("One of the products is no longer sold.", "Choose another product."),
    "WRONG_SERVICE": (
        "A product does not fit its service point, such as gas for an electricity meter.",
        "Choose a product for the service that the service point has, or correct the service point.",
    ),
    "INVALID_SERVICE_POINT": (
        "A service point is mistyped, or is none of this market.",
        "Compare it with the customer's last bill and correct it.",
    ),
    "SERVICE_POINT_SUPPLIED": (
        "A service point is supplied by us already, for another account.",
        "Check the service point, or have that supply ended first.",
    ),
    "SUPPLY_OVERLAP": (
        "A service point has another order or contract on some of the same days.",
        "Change the dates, or cancel the other order.",
    ),
    "INVALID_PERIOD": ("A product ends before it starts.", "Correct its dates."),
    "CREDIT_HOLD": ("The account is on credit hold.", "Ask billing's credit control to lift it; it is tried again."),
}
_OF_JUNIFER: Final[Mapping[str, str]] = {
    "UnknownProduct": "UNKNOWN_PRODUCT",
    "InactiveProduct": "INACTIVE_PRODUCT",
    "WrongService": "WRONG_SERVICE",
    "InvalidMeterPoint": "INVALID_SERVICE_POINT",
    "MeterPointSupplied": "SERVICE_POINT_SUPPLIED",
    "SupplyOverlap": "SUPPLY_OVERLAP",
    "InvalidPeriod": "INVALID_PERIOD",
    "CreditHold": "CREDIT_HOLD",
}


def order_refusal(error: BillingError) -> OrderRefusal:
    """What a refusal of an order means; one that is not known keeps billing's own words."""
    code = _OF_JUNIFER.get(error.code, error.code)
    if code in REFUSALS:
        reason, mend = REFUSALS[code]
        return OrderRefusal(code, reason, mend)
    return OrderRefusal(error.code, f"Billing refuses it: {error.message}", error.mend)
