"""Which records belong together, computed from their indexes.

Ten accounts make a block with thirteen customers, eighteen account customers, ten agreements, fourteen service
points and one order. An ordinary block is ten households or businesses with joint holders and contacts; in a
portfolio block one organisation holds six of the ten accounts. Accounts beyond the last whole block have one
customer, one agreement and one service point each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import mix

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 10
CUSTOMERS, LINKS, AGREEMENTS, POINTS = 13, 18, 10, 14
PORTFOLIO_SITES = 6
_PORTFOLIO_ONE_IN = 20

_ORDINARY = (
    *((at, at, True) for at in range(9)),
    (9, 0, True),
    (0, 9, False),
    (1, 10, False),
    (2, 11, False),
    (3, 12, False),
    (4, 10, False),
    (5, 11, False),
    (6, 5, False),
    (9, 8, False),
)
_PORTFOLIO = (
    *((at, 0, True) for at in range(PORTFOLIO_SITES)),
    (6, 1, True),
    (7, 2, True),
    (8, 3, True),
    (9, 4, True),
    *((at, at + 5, False) for at in range(8)),
)


class Template:
    """The account customers of a block, by place in the block."""

    def __init__(self, links: tuple[tuple[int, int, bool], ...]) -> None:
        self.links = tuple(sorted(links, key=lambda link: (link[0], not link[2])))
        self.by_account = [self._places(0, at) for at in range(BLOCK)]
        self.by_customer = [self._places(1, at) for at in range(CUSTOMERS)]
        self.primary = {account: customer for account, customer, primary in links if primary}
        self.home = [self.links[places[0]][0] for places in self.by_customer]

    def _places(self, side: int, at: int) -> list[int]:
        return [place for place, link in enumerate(self.links) if link[side] == at]


def order_at(point: int) -> int | None:
    """The index of the seeded order for a service point, if that is one of the kind that has one: see ``Seed``."""
    block, at = divmod(point, POINTS)
    return block if at == BLOCK - 1 else None


@lru_cache(maxsize=1024)
def _is_portfolio(seed: int, block: int) -> bool:
    return mix(seed, block) % _PORTFOLIO_ONE_IN == 0


ORDINARY, PORTFOLIO = Template(_ORDINARY), Template(_PORTFOLIO)


@dataclass(frozen=True, slots=True)
class Link:
    """An account customer by the indexes of its account and customer."""

    account: int
    customer: int
    primary: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrangement of all records of a seed with ``accounts`` accounts."""

    seed: int
    accounts: int

    @property
    def blocks(self) -> int:
        """The number of whole blocks."""
        return self.accounts // BLOCK

    def size(self, a_block: int, a_rest: int = 1) -> int:
        """Records of a kind of which a whole block has ``a_block`` and an account beyond them ``a_rest``."""
        return a_block * self.blocks + a_rest * (self.accounts % BLOCK)

    def portfolio(self, block: int) -> bool:
        """Whether one organisation holds most accounts of the block."""
        return _is_portfolio(self.seed, block)

    def template(self, block: int) -> Template:
        """How the accounts and customers of a whole block are linked."""
        return PORTFOLIO if self.portfolio(block) else ORDINARY

    def primary_customer(self, account: int) -> int:
        """The index of an account's primary customer."""
        block, at = divmod(account, BLOCK)
        if block >= self.blocks:
            return self.blocks * CUSTOMERS + at
        return block * CUSTOMERS + self.template(block).primary[at]

    def home_account(self, customer: int) -> int:
        """The index of the account by which a customer should be known."""
        block, at = divmod(customer, CUSTOMERS)
        if block >= self.blocks:
            return self.blocks * BLOCK + customer - self.blocks * CUSTOMERS
        return block * BLOCK + self.template(block).home[at]

    def is_primary(self, customer: int) -> bool:
        """Whether the customer is the primary customer of the account it is known by."""
        return self.primary_customer(self.home_account(customer)) == customer

    def link(self, index: int) -> Link:
        """The account customer with an index."""
        block, at = divmod(index, LINKS)
        if block >= self.blocks:
            rest = index - self.blocks * LINKS
            return Link(self.blocks * BLOCK + rest, self.blocks * CUSTOMERS + rest, primary=True)
        account, customer, primary = self.template(block).links[at]
        return Link(block * BLOCK + account, block * CUSTOMERS + customer, primary)

    def links_of_account(self, account: int) -> list[int]:
        """Indexes of the account customers of an account, the primary one first."""
        block, at = divmod(account, BLOCK)
        if block >= self.blocks:
            return [self.blocks * LINKS + at]
        return [block * LINKS + place for place in self.template(block).by_account[at]]

    def links_of_customer(self, customer: int) -> list[int]:
        """Indexes of the account customers of a customer."""
        block, at = divmod(customer, CUSTOMERS)
        if block >= self.blocks:
            return [self.blocks * LINKS + customer - self.blocks * CUSTOMERS]
        return [block * LINKS + place for place in self.template(block).by_customer[at]]

    def agreement(self, index: int) -> tuple[int, bool]:
        """The account of an agreement, and whether a later agreement of that account has replaced it."""
        block, at = divmod(index, AGREEMENTS)
        if block >= self.blocks:
            return self.blocks * BLOCK + index - self.blocks * AGREEMENTS, False
        without = mix(self.seed + 1, block) % BLOCK
        return block * BLOCK + (without + 1 + at % (BLOCK - 1)) % BLOCK, at == BLOCK - 1

    def agreements_of(self, account: int) -> list[int]:
        """Indexes of the agreements of an account."""
        return self._members(account, AGREEMENTS, lambda index: self.agreement(index)[0])

    def point(self, index: int) -> tuple[int, int]:
        """The account of a service point, and 0 for its first or 1 for its second supply."""
        block, at = divmod(index, POINTS)
        if block >= self.blocks:
            return self.blocks * BLOCK + index - self.blocks * POINTS, 0
        if at < BLOCK:
            return block * BLOCK + at, 0
        start = mix(self.seed + 2, block) % BLOCK
        return block * BLOCK + (start + 2 * (at - BLOCK)) % BLOCK, 1

    def points_of(self, account: int) -> list[int]:
        """Indexes of the service points of an account."""
        return self._members(account, POINTS, lambda index: self.point(index)[0])

    def _members(self, account: int, a_block: int, account_of: Callable[[int], int]) -> list[int]:
        block, at = divmod(account, BLOCK)
        if block >= self.blocks:
            return [self.blocks * a_block + at]
        first = block * a_block
        return [index for index in range(first, first + a_block) if account_of(index) == account]
