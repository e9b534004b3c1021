"""Seeded accounts and where their supply is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.clock import milliseconds_of
from salesbridge.sandbox.billing.dice import draws, mix
from salesbridge.sandbox.billing.layout import BLOCK, PORTFOLIO_SITES, Layout
from salesbridge.sandbox.billing.people import company_name, fill

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.markets import Market
    from salesbridge.sandbox.billing.pools import Pools
    from salesbridge.sandbox.billing.records import Record

_INDUSTRIAL, _COMMERCIAL = 3, 15
_OLDEST_DAYS = 3650


def account_class(layout: Layout, account: int) -> str:
    """Residential (about 85 of 100), Commercial or Industrial; agrees with who holds the account."""
    block, at = divmod(account, BLOCK)
    if block < layout.blocks:
        if layout.portfolio(block):
            if at < PORTFOLIO_SITES:
                return "Commercial"
        elif at == BLOCK - 1:
            account -= BLOCK - 1
    number = mix(layout.seed + 3, account) % 100
    if number < _INDUSTRIAL:
        return "Industrial"
    return "Commercial" if number < _COMMERCIAL else "Residential"


def address(seed: int, account: int, market: Market, names: Pools) -> Record:
    """The address of an account, in the form of its market."""
    dice = draws(seed, "address", account)
    town = market.towns[dice[0] % len(market.towns)]
    street = f"{dice[1] % 240 + 1} {names.streets[dice[2] % len(names.streets)]}"
    flat = f"Flat {dice[3] % 40 + 1}" if dice[4] % 6 == 0 else None
    locality = town.localities[dice[5] % len(town.localities)] if town.localities and dice[6] & 1 else None
    return {
        "line1": flat or street,
        "line2": street if flat else None,
        "locality": locality,
        "city": town.name,
        "region": town.region,
        "postcode": fill(town.postcode, dice[7], dice[8]),
        "country": market.code,
    }


def account(layout: Layout, index: int, market: Market, names: Pools, as_of: date) -> Record:
    """An account without number, addresses and customer."""
    dice = draws(layout.seed, "account", index)
    kind = account_class(layout, index)
    business = kind != "Residential"
    opened = as_of - timedelta(days=dice[0] % _OLDEST_DAYS + 1)
    closed = dice[1] % 50 == 0
    return {
        "account_class": kind,
        "trading_name": company_name(index, names, dice[2]) if business and dice[3] % 3 else None,
        "company_number": fill(market.company_number, dice[4], dice[5]) if business else None,
        "currency": market.currency,
        "created": _midnight(opened),
        "closed": _midnight(opened + (as_of - opened) // 2) if closed else None,
    }


def _midnight(day: date) -> int:
    return milliseconds_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
