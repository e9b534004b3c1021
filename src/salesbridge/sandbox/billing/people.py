"""Seeded customers: people and organisations with their names and contact details."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import draws

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.markets import Market
    from salesbridge.sandbox.billing.pools import Pools
    from salesbridge.sandbox.billing.records import Record

_WOMEN_TITLES = ("Mrs", "Ms", "Miss", "Dr", "Ms", "Mx")
_MEN_TITLES = ("Mr", "Mr", "Mr", "Dr", "Mr", "Mx")
_MAIL_HOSTS = ("example.com", "example.org", "example.net")
_BORN_FIRST = date(1936, 1, 1).toordinal()
_BORN_DAYS = 70 * 365
_NOT_IN_MAIL = re.compile(r"[^a-z0-9]+")
_GROUP = re.compile(r"#+|@")
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def customer(seed: int, index: int, market: Market, names: Pools, *, organisation: bool) -> Record:
    """A customer without number, address and primary account."""
    dice = draws(seed, "customer", index)
    woman = dice[0] & 1
    forenames = names.women if woman else names.men
    forename = forenames[dice[1] % len(forenames)]
    surname = names.surnames[dice[2] % len(names.surnames)]
    person = {
        "type": "Organisation" if organisation else "Person",
        "title": (_WOMEN_TITLES if woman else _MEN_TITLES)[dice[3] % 6],
        "forename": forename,
        "surname": surname,
        "preferred_name": forename[:4] if dice[4] % 5 == 0 else None,
        "job_title": names.jobs[dice[5] % len(names.jobs)] if organisation or dice[6] % 3 == 0 else None,
        "birth_date": None if organisation else _birth_date(dice[7]),
        "email": _email(forename, surname, index, dice[8]),
        "phone": fill(market.phones[dice[9] % len(market.phones)], dice[10], dice[11]),
        "work_phone": fill(market.phones[0], dice[12], dice[13]) if organisation or not dice[14] % 4 else None,
        "mobile": fill(market.mobiles[dice[15] % len(market.mobiles)], dice[16], dice[17]),
        "fax": fill(market.phones[-1], dice[18], dice[19]) if organisation and dice[20] % 3 == 0 else None,
        "company_name": None,
        "company_number": None,
    }
    if organisation:
        person["company_name"] = company_name(index, names, dice[21])
        person["company_number"] = fill(market.company_number, dice[22], dice[23])
    return person


def company_name(index: int, names: Pools, number: int) -> str:
    """A business name; the counter keeps it distinct."""
    company = names.companies[number % len(names.companies)]
    return company if number % 3 else f"{company} {index % 997 + 1}"


def fill(pattern: str, *numbers: int) -> str:
    """The pattern with ``#`` replaced by digits and ``@`` by letters drawn from the numbers."""
    pool = 0
    for number in numbers:
        pool = pool << 16 | number
    form, groups = _compiled(pattern)
    if len(groups) == 1:
        return form % (pool % groups[0][0])
    filled: list[int | str] = []
    for size, letters in groups:
        pool, drawn = divmod(pool, size)
        filled.append(letters[drawn] if letters else drawn)
    return form % tuple(filled)


@cache
def _compiled(pattern: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    groups = tuple(
        (len(_LETTERS), _LETTERS) if run[0] == "@" else (10 ** len(run), "") for run in _GROUP.findall(pattern)
    )
    return _GROUP.sub(lambda run: "%s" if run[0] == "@" else f"%0{len(run[0])}d", pattern), groups


def _birth_date(number: int) -> str:
    return date.fromordinal(_BORN_FIRST + (number * _BORN_DAYS >> 16)).isoformat()


def _email(forename: str, surname: str, index: int, number: int) -> str:
    return f"{_mail_form(forename)}.{_mail_form(surname)}{index}@{_MAIL_HOSTS[number % 3]}"


@cache
def _mail_form(name: str) -> str:
    return _NOT_IN_MAIL.sub("", name.lower()) or "name"
