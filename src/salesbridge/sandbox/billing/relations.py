"""Which records belong to which, without reading all of them: what the seed arranges, and what was written since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from salesbridge.sandbox.billing import layout, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.seed import Seed
    from salesbridge.sandbox.billing.shelf import Shelf

Referenced = Literal["customers", "accounts", "orders"]


class Relations:
    """Look-ups of related records; the caller serialises the calls.

    Args:
        seed: The data before edits.
        shelves: The records by kind.
    """

    def __init__(self, seed: Seed, shelves: Mapping[Kind, Shelf]) -> None:
        self._seed = seed
        self._shelves = shelves
        self._ids: dict[str, set[int]] = {}

    def learn(self, kind: Kind, record: Record) -> None:
        """Remember what a written record belongs to; what it belonged to before stays and is told apart on reading."""
        for relation in _relations(kind, record):
            self._ids.setdefault(relation, set()).add(record["id"])

    def links(self, account: str | None, customer: str | None) -> list[Record]:
        """The account customers of an account or of a customer."""
        name = f"account {account}" if account is not None else f"customer {customer}"
        return self._read("account_customers", self._seeded_links(account, customer) | self._known(name))

    def accounts_of(self, customer: str) -> list[Record]:
        """The accounts whose primary customer has a number."""
        ids = self._seeded_accounts(customer) | self._known(f"primary {customer}")
        return [one for one in self._read("accounts", ids) if one["primary_customer_number"] == customer]

    def members(self, kind: Literal["agreements", "service_points"], account: str) -> list[Record]:
        """The agreements or service points of an account."""
        seeded = {self._seed.id_at(kind, place) for place in self._seeded_members(kind, account)}
        found = self._read(kind, seeded | self._known(f"{kind} of {account}"))
        return [record for record in found if record["account_number"] == account]

    def referenced(self, kind: Referenced, reference: str) -> list[Record]:
        """The records that their creator calls so."""
        found = self._read(kind, self._known(f"{kind} called {reference}"))
        return [record for record in found if record.get("external_reference") == reference]

    def orders_at(self, identifier: str) -> list[Record]:
        """The orders that have a line for a service point."""
        found = self._read("orders", self._seeded_orders(identifier) | self._known(f"order at {identifier}"))
        return [one for one in found if any(line["service_point"] == identifier for line in one["lines"])]

    def agreements_at(self, identifier: str) -> list[Record]:
        """The agreements that orders made for a service point."""
        return self._read("agreements", self._known(f"agreement at {identifier}"))

    def agreements_of_order(self, number: str) -> list[Record]:
        """The agreements that an order brought about."""
        return self._read("agreements", self._known(f"agreement by {number}"))

    def _known(self, relation: str) -> set[int]:
        return self._ids.get(relation, set())

    def _read(self, kind: Kind, ids: Iterable[int]) -> list[Record]:
        found = (self._shelves[kind].get(record_id) for record_id in sorted(ids))
        return [record for record in found if record is not None]

    def _seeded_links(self, account: str | None, customer: str | None) -> set[int]:
        kind: Kind = "accounts" if account is not None else "customers"
        index = self._seed.index_of(kind, account or customer or "")
        if index is None:
            return set()
        arrangement = self._seed.arrangement
        members = arrangement.links_of_account if account is not None else arrangement.links_of_customer
        return {self._seed.id_at("account_customers", place) for place in members(index)}

    def _seeded_accounts(self, customer: str) -> set[int]:
        index = self._seed.index_of("customers", customer)
        if index is None:
            return set()
        arrangement = self._seed.arrangement
        links = (arrangement.link(place) for place in arrangement.links_of_customer(index))
        return {self._seed.id_at("accounts", link.account) for link in links if link.primary}

    def _seeded_members(self, kind: Kind, account: str) -> list[int]:
        index = self._seed.index_of("accounts", account)
        if index is None:
            return []
        arrangement = self._seed.arrangement
        return arrangement.agreements_of(index) if kind == "agreements" else arrangement.points_of(index)

    def _seeded_orders(self, identifier: str) -> set[int]:
        point = numbers.point_index(identifier)
        index = None if point is None else layout.order_at(point)
        if index is None or not 0 <= index < self._seed.counts["orders"]:
            return set()
        return {self._seed.id_at("orders", index)}


def _relations(kind: Kind, record: Record) -> Iterator[str]:
    if reference := record.get("external_reference"):
        yield f"{kind} called {reference}"
    if kind == "account_customers":
        yield from (f"{side} {record[f'{side}_number']}" for side in ("account", "customer"))
    elif kind == "accounts":
        yield f"primary {record['primary_customer_number']}"
    elif kind in {"agreements", "service_points"}:
        yield f"{kind} of {record['account_number']}"
    if kind == "agreements":
        yield f"agreement by {record.get('order_number')}"
        yield f"agreement at {record.get('service_point')}"
    elif kind == "orders":
        yield from {f"order at {line.get('service_point')}" for line in record["lines"]}
