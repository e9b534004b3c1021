"""Seeded products, agreements, orders and the state of service points."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import draws, mix

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.markets import Market
    from salesbridge.sandbox.billing.records import Record

ORDER_STATUSES = ("draft", "ready", "accepted", "provisioning", "active", "completed", "cancelled")
_TARIFFS = (
    ("FIX12", "Fixed 12 Months", 12),
    ("FIX24", "Fixed 24 Months", 24),
    ("VAR", "Variable", 12),
    ("GREEN", "Green", 12),
    ("BUS12", "Business 12 Months", 12),
    ("BUS36", "Business 36 Months", 36),
    ("TOU", "Time of Use", 12),
    ("EV", "Electric Vehicle Nights", 12),
    ("PREPAY", "Prepayment", 1),
    ("DEEMED", "Deemed", 1),
)
_AREAS = ("North", "South")
_SERVICE_CODES = {"Electricity": "ELEC", "Gas": "GAS", "Water": "WATR"}
_PRICE_RANGE = {"Electricity": (1800, 3900), "Gas": (500, 1300), "Water": (11000, 24000)}
_RETIRED_ONE_IN = 9
_STATES = ("current",) * 14 + ("future", "future", "expired", "expired", "cancelled", "current")


def products(seed: int, market: Market) -> list[Record]:
    """The catalogue: every tariff of every service in two areas, 40 or 60 products."""
    return [
        _product(seed, market, at, service=service, tariff=tariff, area=area)
        for at, (service, tariff, area) in enumerate(
            (service, tariff, area) for service in market.services for tariff in _TARIFFS for area in _AREAS
        )
    ]


def _product(seed: int, market: Market, at: int, *, service: str, tariff: tuple[str, str, int], area: str) -> Record:
    low, high = _PRICE_RANGE[service]
    price = low + mix(seed, at) % (high - low)
    return {
        "code": f"{_SERVICE_CODES[service]}-{tariff[0]}-{area[0]}",
        "name": f"{tariff[1]} {service} {area}",
        "service_type": service,
        "active": mix(seed + 1, at) % _RETIRED_ONE_IN != 0,
        "unit_price": f"{price // 10000}.{price % 10000:04d}",
        "currency": market.currency,
        "term_months": tariff[2],
    }


def agreement(seed: int, index: int, catalogue: list[Record], as_of: date, *, replaced: bool) -> Record:
    """An agreement without number and account: current, future, expired or cancelled on ``as_of``."""
    dice = draws(seed, "agreement", index)
    product = catalogue[dice[0] % len(catalogue)]
    term = product["term_months"]
    state = "expired" if replaced else _STATES[dice[1] % len(_STATES)]
    start = as_of + timedelta(days=_start(state, term * 30, dice[2]))
    contracted_to = start + timedelta(days=term * 30)
    return {
        "product_code": product["code"],
        "agreement_type": f"{product['service_type']} Supply",
        "from_date": start.isoformat(),
        "to_date": None if state == "current" and dice[3] & 1 else contracted_to.isoformat(),
        "contracted_to": contracted_to.isoformat(),
        "term_months": term,
        "cancelled": state == "cancelled",
    }


def _start(state: str, days: int, number: int) -> int:
    if state == "future":
        return 10 + number % 120
    if state == "expired":
        return -days - 1 - number % 700
    return -(number % days)


def service_point(seed: int, index: int, as_of: date) -> Record:
    """The state of a service point without identifier, account and address."""
    dice = draws(seed, "point", index)
    status = ("Registered",) * 16 + ("Pending", "Pending", "De-energised", "Ceased")
    supply = status[dice[0] % len(status)]
    switching = {"Pending": ("Gain Started", "Gain Objected"), "Registered": ("None",) * 19 + ("Loss Started",)}
    switches = switching.get(supply, ("None",))
    start = as_of + timedelta(days=14) if supply == "Pending" else as_of - timedelta(days=40 + dice[1] % 3000)
    return {
        "supply_status": supply,
        "switch_status": switches[dice[2] % len(switches)],
        "supply_start": start.isoformat(),
        "supply_end": (as_of - timedelta(days=dice[3] % 30)).isoformat() if supply == "Ceased" else None,
    }


def order(seed: int, index: int, offered: list[Record], as_of: date, identifier: str) -> Record:
    """An order without number, account and customer, with one line for one of the products offered."""
    dice = draws(seed, "order", index)
    product = offered[dice[0] % len(offered)]
    start = as_of + timedelta(days=dice[1] % 60)
    return {
        "status": ORDER_STATUSES[dice[2] % len(ORDER_STATUSES)],
        "valid_to": (as_of + timedelta(days=30)).isoformat(),
        "lines": [
            {
                "product_code": product["code"],
                "quantity": 1,
                "service_point": identifier,
                "from_date": start.isoformat(),
                "to_date": (start + timedelta(days=product["term_months"] * 30)).isoformat(),
                "unit_price": product["unit_price"],
            }
        ],
    }
