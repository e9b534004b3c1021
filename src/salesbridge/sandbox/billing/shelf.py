"""The records of one kind: seeded ones made on reading, with edits laid over them."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import islice
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.records import Kind, Record, first_id, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.seed import Seed


class Shelf:
    """Records by id and business key; memory grows with the edits only."""

    def __init__(self, kind: Kind, seed: Seed) -> None:
        self.kind = kind
        self._seed = seed
        self._first = first_id(kind)
        self._seeded = seed.counts[kind]
        self._history = seed.history[kind]
        self._edited: dict[int, Record | None] = {}
        self._touched: list[int] = []
        self._created: dict[str, int] = {}
        self._gone = 0
        self.next_id = self._first + self._seeded

    def get(self, record_id: int) -> Record | None:
        """The record with an id; None when there is none or it was deleted."""
        if record_id in self._edited:
            return self._edited[record_id]
        index = record_id - self._first
        return self._seed.record(self.kind, index) if 0 <= index < self._seeded else None

    def find(self, key: str) -> Record | None:
        """The record with a business key, which is compared letter by letter."""
        if (created := self._created.get(key)) is not None:
            return self._edited[created]
        index = self._seed.index_of(self.kind, key)
        return None if index is None else self.get(self._first + index)

    def put(self, record: Record) -> None:
        """Keep an edited or created record under its id."""
        record_id = record["id"]
        if record_id >= self._first + self._seeded:
            self._created[key_of(self.kind, record)] = record_id
            self.next_id = max(self.next_id, record_id + 1)
        self._lay(record_id, record)

    def drop(self, record_id: int) -> None:
        """Forget a record; its id is not given again."""
        record = self.get(record_id)
        self.next_id = max(self.next_id, record_id + 1)
        if record is None:
            return
        if self._created.pop(key_of(self.kind, record), None) is None:
            self._gone += 1
        self._lay(record_id, None)

    def page(self, after: int, limit: int, since: int | None = None) -> list[Record]:
        """The first ``limit`` records by ascending id with an id above ``after``."""
        ids = self._ids(after) if since is None else self._ids_since(after, since)
        records = (self.get(record_id) for record_id in ids)
        return list(islice((record for record in records if record is not None), limit))

    def count(self, since: int | None = None) -> int:
        """How many records there are, or were modified at ``since`` or later."""
        if since is None:
            return self._seeded + len(self._created) - self._gone
        covered = sum(
            1
            for record_id in self._touched
            if record_id < self._first + self._seeded and self._history.modified(record_id - self._first) >= since
        )
        edited = sum(1 for record in self._edited.values() if record and record["modified"] >= since)
        return self._history.count_since(since) - covered + edited

    def edited(self) -> list[Record]:
        """The records that were created or changed, by ascending id."""
        found = (self._edited[record_id] for record_id in self._touched)
        return [record for record in found if record is not None]

    def _lay(self, record_id: int, record: Record | None) -> None:
        if record_id not in self._edited:
            insort(self._touched, record_id)
        self._edited[record_id] = record

    def _ids(self, after: int) -> Iterator[int]:
        return iter(range(max(after + 1, self._first), self.next_id))

    def _ids_since(self, after: int, since: int) -> Iterator[int]:
        start = max(after + 1, self._first)
        edited = self._edited_since(bisect_left(self._touched, start), since)
        upcoming = next(edited, None)
        for index in self._history.indexes_since(since, start - self._first):
            record_id = index + self._first
            if record_id in self._edited:
                continue
            while upcoming is not None and upcoming < record_id:
                yield upcoming
                upcoming = next(edited, None)
            yield record_id
        if upcoming is not None:
            yield upcoming
            yield from edited

    def _edited_since(self, at: int, since: int) -> Iterator[int]:
        for record_id in self._touched[at:]:
            record = self._edited[record_id]
            if record is not None and record["modified"] >= since:
                yield record_id
