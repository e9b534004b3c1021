"""Pools of names, made once a market from Faker and then chosen from by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from faker import Faker

if TYPE_CHECKING:
    from collections.abc import Callable

_POOL_SEED = 20260101
_MAX_STREET = 60


@dataclass(frozen=True, slots=True)
class Pools:
    """Names of a locale, each list without repeats and in a fixed order."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]
    jobs: tuple[str, ...]


@cache
def pools(locale: str) -> Pools:
    """The pools of a Faker locale (en_GB, en_AU, en_NZ)."""
    fake = Faker(locale)
    fake.seed_instance(_POOL_SEED)
    return Pools(
        women=_distinct(fake.first_name_female, 240),
        men=_distinct(fake.first_name_male, 240),
        surnames=_distinct(fake.last_name, 480),
        streets=_distinct(fake.street_name, 600),
        companies=_distinct(fake.company, 600),
        jobs=_distinct(fake.job, 300),
    )


def _distinct(draw: Callable[[], str], tries: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for _ in range(tries) if len(value := draw()) <= _MAX_STREET))
