"""Business keys of seeded records: unordered, unique, and readable back to the index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing import identifiers
from salesbridge.sandbox.billing.dice import Shuffle, mix

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.markets import Market

_ACCOUNT_FIRST = 10_000_000
_ACCOUNTS = Shuffle(90_000_000)
_CUSTOMERS = Shuffle(10_000_000)
_AGREEMENTS = Shuffle(100_000_000)
_ORDER_FIRST = 500_000
_MPAN_DISTRIBUTORS = tuple(str(code) for code in range(10, 24))
_NMI_PREFIXES = ("41", "43", "61", "62", "63", "64", "20", "31", "QB", "80")
_ICP_DISTRIBUTORS = ("UN", "CN", "TR", "LC", "NR", "NV", "WE", "CK", "DE", "TP", "EN", "TK")
_MPANS = Shuffle(10**10)
_MPRNS = Shuffle(90_000_000)
_NMIS = Shuffle(10**8)
_ICPS = Shuffle(10**7)
_LARGEST = 5_000_000


def check_size(accounts: int) -> None:
    """Refuse a number of accounts for which the keys would not be unique.

    Raises:
        ValueError: Negative, or more than five million.
    """
    if not 0 <= accounts <= _LARGEST:
        raise ValueError(f"A seed has from 0 to {_LARGEST:,} accounts, not {accounts:,}")


def account_number(index: int) -> str:
    """Eight digits."""
    return str(_ACCOUNT_FIRST + _ACCOUNTS.place(index))


def account_index(number: str) -> int | None:
    """The index whose account number this may be."""
    if not re.fullmatch(r"[1-9][0-9]{7}", number):
        return None
    return _ACCOUNTS.index(int(number) - _ACCOUNT_FIRST)


def customer_number(index: int) -> str:
    """The letter C and seven digits."""
    return f"C{_CUSTOMERS.place(index):07d}"


def customer_index(number: str) -> int | None:
    """The index whose customer number this may be."""
    return _CUSTOMERS.index(int(number[1:])) if re.fullmatch(r"C[0-9]{7}", number) else None


def agreement_number(index: int) -> str:
    """The letters AG and eight digits."""
    return f"AG{_AGREEMENTS.place(index):08d}"


def agreement_index(number: str) -> int | None:
    """The index whose agreement number this may be."""
    return _AGREEMENTS.index(int(number[2:])) if re.fullmatch(r"AG[0-9]{8}", number) else None


def order_number(index: int) -> str:
    """The letter Q and at least six digits, ascending."""
    return f"Q{_ORDER_FIRST + index}"


def order_index(number: str) -> int | None:
    """The index whose order number this may be."""
    return int(number[1:]) - _ORDER_FIRST if re.fullmatch(r"Q[0-9]{6,9}", number) else None


def market_identifier(market: Market, supply: int, index: int) -> str:
    """The identifier of a service point, with valid check digits."""
    kind = market.supplies[supply][0]
    return identifiers.complete(kind, _BODIES[kind](index))


def point_index(identifier: str) -> int | None:
    """The index whose market identifier this may be; its check digits are not looked at."""
    if re.fullmatch(r"[0-9]{13}", identifier):
        return _MPANS.index(int(identifier[2:12]))
    if re.fullmatch(r"[0-9]{10}", identifier):
        return _MPRNS.index(int(identifier[:8]) - _ACCOUNT_FIRST)
    if re.fullmatch(r"[0-9A-Z]{2}[0-9]{9}", identifier):
        return _NMIS.index(int(identifier[2:10]))
    if re.fullmatch(r"[0-9]{10}[A-Z]{2}[0-9A-Z]{3}", identifier):
        return _ICPS.index(int(identifier[:10]))
    return None


def _mpan(index: int) -> str:
    return f"{_MPAN_DISTRIBUTORS[mix(1, index) % len(_MPAN_DISTRIBUTORS)]}{_MPANS.place(index):010d}"


def _mprn(index: int) -> str:
    return str(_ACCOUNT_FIRST + _MPRNS.place(index))


def _nmi(index: int) -> str:
    return f"{_NMI_PREFIXES[mix(2, index) % len(_NMI_PREFIXES)]}{_NMIS.place(index):08d}"


def _icp(index: int) -> str:
    return f"{_ICPS.place(index):010d}{_ICP_DISTRIBUTORS[mix(3, index) % len(_ICP_DISTRIBUTORS)]}"


_BODIES = {"MPAN": _mpan, "MPRN": _mprn, "NMI": _nmi, "ICP": _icp}
