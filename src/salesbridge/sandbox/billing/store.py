"""The records of a billing system: reading, changing, and what was changed."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from salesbridge.sandbox.billing import numbers, order_effects, order_rules, rules
from salesbridge.sandbox.billing.clock import Clock
from salesbridge.sandbox.billing.journal import Journal
from salesbridge.sandbox.billing.names import shown_by_accounts
from salesbridge.sandbox.billing.records import KINDS, Kind, Record, key_of
from salesbridge.sandbox.billing.relations import Referenced, Relations
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Operation = Literal["created", "updated", "deleted"]
_KEPT_CHANGES = 100_000


class UnknownRecordError(LookupError):
    """There is no such record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change; ``sequence`` ascends without gaps.

    ``before`` is None for a created and ``after`` for a deleted record. ``source`` says who: ``api:`` and the
    name of the API's user, ``direct`` for a call in this process, or what that call named.
    """

    sequence: int
    at: int
    kind: Kind
    key: str
    operation: Operation
    before: Record | None
    after: Record | None
    source: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What one call has changed so far."""

    rows: list[tuple[Kind, int, Record | None]]
    changes: list[Change]


class Billing:
    """All records over one clock; safe to use from several threads.

    Args:
        seed: The data to begin with; default an empty system.
        clock: Tells when a change happened.
        file: A SQLite file that keeps the edits; None keeps them in memory.
        kept_changes: How many of the newest changes ``changes`` can answer; None: all.

    Raises:
        OtherSeedError: The file was begun with another seed.
    """

    def __init__(
        self,
        seed: Seed | None = None,
        *,
        clock: Clock | None = None,
        file: Path | None = None,
        kept_changes: int | None = _KEPT_CHANGES,
    ) -> None:
        self.seed = seed or Seed(accounts=0)
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self._shelves = {kind: Shelf(kind, self.seed) for kind in KINDS}
        self.touch_account = True
        self._relations = Relations(self.seed, self._shelves)
        self._waiting: _Waiting | None = None
        self._changes: deque[Change] = deque(maxlen=kept_changes)
        self._listeners: list[Callable[[Change], None]] = []
        self._sequence = 0
        self._journal = Journal(file, repr(self.seed), self.seed.as_of) if file else None
        self._publishing = self._journal is None or self._journal.note("publishing", "on") == "on"
        self._replay()

    @property
    def publishing(self) -> bool:
        """Whether the system publishes events."""
        return self._publishing

    @publishing.setter
    def publishing(self, on: bool) -> None:
        with self.lock:
            self._publishing = on
            if self._journal:
                self._journal.write_note("publishing", "on" if on else "off")

    def get(self, kind: Kind, record_id: int) -> Record | None:
        """The record with an id, or None; do not change it."""
        with self.lock:
            return self._shelves[kind].get(record_id)

    def find(self, kind: Kind, key: str) -> Record | None:
        """The record with a business key, or None; do not change it."""
        with self.lock:
            return self._shelves[kind].find(key)

    def page(self, kind: Kind, *, after: int = 0, limit: int, since: int | None = None) -> list[Record]:
        """Up to ``limit`` records by ascending id, with ids above ``after``, modified at ``since`` or later."""
        with self.lock:
            return self._shelves[kind].page(after, limit, since)

    def count(self, kind: Kind, since: int | None = None) -> int:
        """How many records there are, or were modified at ``since`` or later."""
        with self.lock:
            return self._shelves[kind].count(since)

    def records(self, kind: Kind) -> Iterator[Record]:
        """All records of a kind by ascending id; records created meanwhile may be met."""
        after, size = 0, 1000
        while page := self.page(kind, after=after, limit=size):
            yield from page
            after = page[-1]["id"]

    def links(self, *, account: str | None = None, customer: str | None = None) -> list[Record]:
        """The account customers of an account or of a customer, by ascending id."""
        with self.lock:
            return self._relations.links(account, customer)

    def accounts_of(self, customer: str) -> list[Record]:
        """The accounts whose primary customer has a number, by ascending id."""
        with self.lock:
            return self._relations.accounts_of(customer)

    def members(self, kind: Literal["agreements", "service_points"], account: str) -> list[Record]:
        """The agreements or service points of an account."""
        with self.lock:
            return self._relations.members(kind, account)

    def referenced(self, kind: Referenced, reference: str) -> list[Record]:
        """The records that their creator calls so (``externalReference``), by ascending id."""
        with self.lock:
            return self._relations.referenced(kind, reference)

    def orders_at(self, identifier: str) -> list[Record]:
        """The orders that have a line for a service point."""
        with self.lock:
            return self._relations.orders_at(identifier)

    def agreements_at(self, identifier: str) -> list[Record]:
        """The agreements that orders made for a service point."""
        with self.lock:
            return self._relations.agreements_at(identifier)

    def agreements_of_order(self, number: str) -> list[Record]:
        """The agreements that an order brought about."""
        with self.lock:
            return self._relations.agreements_of_order(number)

    def edited(self, kind: Kind) -> list[Record]:
        """The records that were created or changed since the seed, by ascending id."""
        with self.lock:
            return self._shelves[kind].edited()

    def create(self, kind: Kind, values: Record, *, source: str = "direct") -> Record:
        """Add a record; numbers are allotted here.

        Raises:
            RefusedError: The values break a rule.
        """
        with self.lock, self._at_once():
            shelf = self._shelves[kind]
            given = order_rules.completed(None, values) if kind == "orders" else values
            record = {**rules.defaults(kind), **given, "id": shelf.next_id}
            if kind in _ALLOTTED and "number" not in values:
                record["number"] = self._allot(kind, shelf.next_id - self.seed.id_at(kind, 0))
            rules.check(self, kind, None, record)
            after = self._commit(kind, None, record, source)
            if kind == "accounts":
                self.create("account_customers", rules.first_link(after), source=source)
            return after

    def update(self, kind: Kind, record_id: int, changes: Record, *, source: str = "direct") -> Record:
        """Change members of a record; an address is changed line by line.

        Raises:
            UnknownRecordError: No such record.
            RefusedError: The values break a rule.
        """
        return self.update_together([(kind, record_id, changes)], source=source)[0]

    def update_together(self, updates: list[tuple[Kind, int, Record]], *, source: str = "direct") -> list[Record]:
        """Change several records, all or none of them.

        Raises:
            UnknownRecordError: No such record.
            RefusedError: The values break a rule.
        """
        with self.lock, self._at_once():
            prepared = [(kind, *self._prepared(kind, at, changes)) for kind, at, changes in updates]
            written = [self._commit(kind, before, after, source) for kind, before, after in prepared]
            for kind, before, after in prepared:
                if kind == "orders":
                    order_effects.follow(self, before, after, source)
            return written

    def delete(self, kind: Kind, record_id: int, *, source: str = "direct") -> None:
        """Take a record away.

        Raises:
            UnknownRecordError: No such record.
        """
        with self.lock:
            before = self._shelves[kind].get(record_id)
            if before is None:
                raise UnknownRecordError(f"There is no record {record_id} in {kind}")
            with self._at_once():
                self._shelves[kind].drop(record_id)
                self._write([(kind, record_id, None)])
                self._note("deleted", kind, before, None, source)

    @property
    def last_change(self) -> int:
        """The sequence of the newest change; 0 before the first."""
        return self._sequence

    def changes(self, after: int = 0) -> list[Change]:
        """The kept changes with a sequence above ``after``, oldest first; cheap when there are few of them."""
        with self.lock:
            newest = islice(reversed(self._changes), max(0, self._sequence - after))
            return list(newest)[::-1]

    def on_change(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Tell a listener of every change from now on, in commit order; answers what ends that.

        The listener is called under the lock, when all that one call changes is committed, and has to be quick.
        """
        with self.lock:
            self._listeners.append(listener)

        def end() -> None:
            with self.lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def close(self) -> None:
        """Let go of the file."""
        if self._journal:
            self._journal.close()

    def _prepared(self, kind: Kind, record_id: int, changes: Record) -> tuple[Record, Record]:
        before = self._shelves[kind].get(record_id)
        if before is None:
            raise UnknownRecordError(f"There is no record {record_id} in {kind}")
        after = {**before, **(order_rules.completed(before, changes) if kind == "orders" else changes)}
        if "address" in changes:
            after["address"] = {**before["address"], **changes["address"]}
        rules.check(self, kind, before, after)
        return before, after

    def _commit(self, kind: Kind, before: Record | None, after: Record, source: str) -> Record:
        after["modified"] = self.clock.now()
        if kind == "accounts" and before is None:
            after["created"] = after["modified"]
        self._shelves[kind].put(after)
        self._relations.learn(kind, after)
        self._write([(kind, after["id"], after), *self._touch_accounts(kind, before, after)])
        self._note("created" if before is None else "updated", kind, before, after, source)
        return after

    def _touch_accounts(
        self, kind: Kind, before: Record | None, after: Record
    ) -> list[tuple[Kind, int, Record | None]]:
        """Count the accounts as modified that show what was changed of their primary customer."""
        if kind != "customers" or before is None or not self.touch_account:
            return []
        if shown_by_accounts(before) == shown_by_accounts(after):
            return []
        touched = [{**account, "modified": self.clock.now()} for account in self.accounts_of(after["number"])]
        for account in touched:
            self._shelves["accounts"].put(account)
        return [("accounts", account["id"], account) for account in touched]

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Write what one call changes to the file together, and tell the listeners afterwards."""
        if self._waiting is not None:
            yield
            return
        self._waiting = waiting = _Waiting([], [])
        try:
            yield
        finally:
            self._waiting = None
            if self._journal and waiting.rows:
                self._journal.write(waiting.rows)
            for change in waiting.changes:
                for listener in self._listeners:
                    listener(change)

    def _write(self, rows: list[tuple[Kind, int, Record | None]]) -> None:
        if self._waiting is not None:
            self._waiting.rows.extend(rows)

    def _note(self, operation: Operation, kind: Kind, before: Record | None, after: Record | None, source: str) -> None:
        record = after or before or {}
        self._sequence += 1
        at = after["modified"] if after else self.clock.now()
        key = key_of(kind, record)
        change = Change(self._sequence, at, kind, key, operation, before, after, source)
        self._changes.append(change)
        if self._waiting is not None:
            self._waiting.changes.append(change)

    def _allot(self, kind: Kind, index: int) -> str:
        while self._shelves[kind].find(number := _ALLOTTED[kind](index)) is not None:
            index += 1
        return number

    def _replay(self) -> None:
        if not self._journal:
            return
        for kind, record_id, record in self._journal.edits():
            if record is None:
                self._shelves[kind].drop(record_id)
            else:
                whole = order_rules.completed(None, record) if kind == "orders" else record
                self._shelves[kind].put(whole)
                self._relations.learn(kind, whole)


_ALLOTTED = {
    "customers": numbers.customer_number,
    "accounts": numbers.account_number,
    "agreements": numbers.agreement_number,
    "orders": numbers.order_number,
}
