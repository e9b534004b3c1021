"""Realistic data of any size, made when it is read: the same seed always holds the same records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from salesbridge.sandbox.billing import contracts, layout, numbers, people, premises
from salesbridge.sandbox.billing.awkward import AWKWARD_KINDS, CHANGES, AwkwardRow, place_rows
from salesbridge.sandbox.billing.clock import milliseconds_of
from salesbridge.sandbox.billing.dice import draws
from salesbridge.sandbox.billing.history import History
from salesbridge.sandbox.billing.markets import MARKETS, Market
from salesbridge.sandbox.billing.pools import Pools, pools
from salesbridge.sandbox.billing.records import ROLES, Kind, Record, first_id, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DEFAULT_DAY = date(2026, 1, 1)
_TWIN = layout.CUSTOMERS - 1
_GIVEN_LATER: dict[Kind, Record] = {
    "customers": {"external_reference": None},
    "accounts": {"external_reference": None, "credit_hold": False},
    "agreements": {"order_number": None, "active": None, "service_point": None},
    "orders": {"external_reference": None, "status_reason": None},
}


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a test may rely on: the number of records of each kind, and every awkward row."""

    counts: dict[Kind, int]
    awkward: tuple[AwkwardRow, ...]

    def by_kind(self) -> dict[str, int]:
        """How many awkward rows of each kind of awkwardness there are."""
        return dict(Counter(row.kind for row in self.awkward))


@dataclass(frozen=True)
class Seed:
    """The data of a billing system before anybody edits it.

    Args:
        accounts: Number of accounts; the other kinds follow from it (see ``layout``).
        market: GB, AU or NZ.
        awkward: Share of accounts, from 0 to 0.1, in whose surroundings one awkward row lies. The kinds take
            turns, so that at least 220 accounts are needed to meet all of them at 0.1.
        seed: Any integer; another one gives other people.
        kinds: The kinds of awkward rows to take turns; default all.
        as_of: The day on which the data was current: no record was modified after its beginning in UTC.
    """

    accounts: int = 10_000
    market: str = "GB"
    awkward: float = 0.01
    seed: int = 1
    kinds: tuple[str, ...] = AWKWARD_KINDS
    as_of: date = _DEFAULT_DAY

    def __post_init__(self) -> None:
        numbers.check_size(self.accounts)
        if self.market not in MARKETS:
            raise ValueError(f"No market is called {self.market!r}; choose GB, AU or NZ")
        _ = self._awkward

    @cached_property
    def place(self) -> Market:
        """The facts of the market."""
        return MARKETS[self.market]

    @cached_property
    def arrangement(self) -> layout.Layout:
        """Which records belong together."""
        return layout.Layout(self.seed, self.accounts)

    @cached_property
    def counts(self) -> dict[Kind, int]:
        """Number of records of each kind."""
        size = self.arrangement.size
        return {
            "customers": size(layout.CUSTOMERS),
            "accounts": self.accounts,
            "account_customers": size(layout.LINKS),
            "products": len(self._catalogue),
            "agreements": size(layout.AGREEMENTS),
            "service_points": size(layout.POINTS),
            "orders": size(1, 0),
        }

    @cached_property
    def history(self) -> dict[Kind, History]:
        """When the records of each kind were last modified."""
        end = milliseconds_of(datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC))
        return {kind: History(count, end) for kind, count in self.counts.items()}

    def expectations(self) -> Expectations:
        """The number of records of each kind and the list of awkward rows."""
        rows = [
            AwkwardRow(how, kind, key_of(kind, self.record(kind, index)))
            for kind, placed in self._awkward.items()
            for index, how in placed.items()
        ]
        return Expectations(dict(self.counts), tuple(rows))

    def records(self, kind: Kind) -> Iterator[Record]:
        """All records of a kind by ascending id."""
        return (self.record(kind, index) for index in range(self.counts[kind]))

    def record(self, kind: Kind, index: int) -> Record:
        """One record by its index, with ``id`` and ``modified``.

        Raises:
            IndexError: The kind has no such index.
        """
        if not 0 <= index < self.counts[kind]:
            raise IndexError(f"{kind} has no record {index}")
        record = {**self._makers[kind](self, index), **_GIVEN_LATER.get(kind, {})}
        record["id"] = first_id(kind) + index
        record["modified"] = self.history[kind].modified(index)
        if how := self._awkward.get(kind, {}).get(index):
            CHANGES[how][1](record)
        return record

    def id_at(self, kind: Kind, index: int) -> int:
        """The id of the record with an index."""
        return first_id(kind) + index

    def index_of(self, kind: Kind, key: str) -> int | None:
        """The index of the record with a business key, which is compared letter by letter."""
        index = self._candidate(kind, key)
        if index is None or not 0 <= index < self.counts[kind]:
            return None
        if kind == "customers":
            return index if self.customer_number(index) == key else None
        return index if key_of(kind, self.record(kind, index)) == key else None

    def find(self, kind: Kind, key: str) -> Record | None:
        """The record with a business key, which is compared letter by letter."""
        index = self.index_of(kind, key)
        return None if index is None else self.record(kind, index)

    def customer_number(self, index: int) -> str:
        """The number of a customer without the rest of it."""
        if self._awkward["customers"].get(index) == "number_case_twin":
            return numbers.customer_number(self._neighbour(index)).lower()
        return numbers.customer_number(index)

    @cached_property
    def _awkward(self) -> dict[Kind, dict[int, str]]:
        return place_rows(self.arrangement, self.awkward, self.kinds)

    @cached_property
    def _names(self) -> Pools:
        return pools(self.place.locale)

    @cached_property
    def _address_of(self) -> Callable[[int], Record]:
        """Addresses by account, kept for a while: an account shares its one with customer and service points."""
        names, place = self._names, self.place
        return lru_cache(maxsize=4096)(lambda account: premises.address(self.seed, account, place, names))

    @cached_property
    def _catalogue(self) -> list[Record]:
        return contracts.products(self.seed, self.place) if self.accounts else []

    @cached_property
    def _offered(self) -> list[Record]:
        """The products that an order for an account's first supply can be for."""
        service = self.place.supplies[0][1]
        return [one for one in self._catalogue if one["active"] and one["service_type"] == service]

    @cached_property
    def _twins(self) -> dict[str, int]:
        placed = self._awkward["customers"].items()
        return {self.customer_number(index): index for index, how in placed if how == "number_case_twin"}

    def _neighbour(self, customer: int) -> int:
        return customer // layout.CUSTOMERS * layout.CUSTOMERS + _TWIN

    def _candidate(self, kind: Kind, key: str) -> int | None:
        if kind == "account_customers":
            return self._link_index(key)
        if kind == "products":
            return next((at for at, product in enumerate(self._catalogue) if product["code"] == key), None)
        if kind == "customers":
            return self._twins.get(key, numbers.customer_index(key))
        readers = {
            "accounts": numbers.account_index,
            "agreements": numbers.agreement_index,
            "service_points": numbers.point_index,
            "orders": numbers.order_index,
        }
        return readers[kind](key)

    def _link_index(self, key: str) -> int | None:
        account = numbers.account_index(key.partition(":")[0])
        if account is None or account >= self.accounts:
            return None
        wanted = self.index_of("customers", key.partition(":")[2])
        places = self.arrangement.links_of_account(account)
        return next((at for at in places if self.arrangement.link(at).customer == wanted), None)

    def _address(self, account: int) -> Record:
        return self._address_of(account)

    def _customer(self, index: int) -> Record:
        home = self.arrangement.home_account(index)
        business = premises.account_class(self.arrangement, home) != "Residential"
        organisation = business and self.arrangement.is_primary(index)
        record = people.customer(self.seed, index, self.place, self._names, organisation=organisation)
        if self._awkward["customers"].get(index) == "duplicate_customer":
            twin = self._customer(self._neighbour(index))
            record.update({member: twin[member] for member in ("type", "forename", "surname", "email")})
        record["number"] = self.customer_number(index)
        record["address"] = self._address(home)
        record["primary_account_number"] = numbers.account_number(home)
        return record

    def _account(self, index: int) -> Record:
        record = premises.account(self.arrangement, index, self.place, self._names, self.as_of)
        record["number"] = numbers.account_number(index)
        record["address"] = self._address(index)
        record["primary_customer_number"] = self.customer_number(self.arrangement.primary_customer(index))
        return record

    def _account_customer(self, index: int) -> Record:
        link = self.arrangement.link(index)
        dice = draws(self.seed, "link", index)
        others = [ROLES[1 + dice[0] % 3]] + ([ROLES[1 + dice[1] % 3]] if dice[2] % 3 == 0 else [])
        roles = [ROLES[0], *others] if link.primary else others
        active = link.primary or dice[3] % 12 != 0
        return {
            "account_number": numbers.account_number(link.account),
            "customer_number": self.customer_number(link.customer),
            "primary": link.primary,
            "roles": list(dict.fromkeys(roles)),
            "active": active,
            "from_date": self._days_ago(365 + dice[4] % 2000),
            "to_date": None if active else self._days_ago(dice[5] % 365),
        }

    def _product(self, index: int) -> Record:
        return {member: value for member, value in self._catalogue[index].items() if member != "term_months"}

    def _agreement(self, index: int) -> Record:
        account, replaced = self.arrangement.agreement(index)
        record = contracts.agreement(self.seed, index, self._catalogue, self.as_of, replaced=replaced)
        record["number"] = numbers.agreement_number(index)
        record["account_number"] = numbers.account_number(account)
        return record

    def _service_point(self, index: int) -> Record:
        account, supply = self.arrangement.point(index)
        identifier_type, service = self.place.supplies[supply]
        return {
            "identifier": numbers.market_identifier(self.place, supply, index),
            "identifier_type": identifier_type,
            "service_type": service,
            "account_number": numbers.account_number(account),
            "address": self._address(account),
            **contracts.service_point(self.seed, index, self.as_of),
        }

    def _order(self, index: int) -> Record:
        account = index * layout.BLOCK + layout.BLOCK - 1
        identifier = numbers.market_identifier(self.place, 0, index * layout.POINTS + layout.BLOCK - 1)
        record = contracts.order(self.seed, index, self._offered, self.as_of, identifier)
        record["number"] = numbers.order_number(index)
        record["account_number"] = numbers.account_number(account)
        record["customer_number"] = self.customer_number(self.arrangement.primary_customer(account))
        return record

    def _days_ago(self, days: int) -> str:
        return date.fromordinal(self.as_of.toordinal() - days).isoformat()

    _makers: ClassVar[dict[Kind, Callable[[Seed, int], Record]]] = {
        "customers": _customer,
        "accounts": _account,
        "account_customers": _account_customer,
        "products": _product,
        "agreements": _agreement,
        "service_points": _service_point,
        "orders": _order,
    }
