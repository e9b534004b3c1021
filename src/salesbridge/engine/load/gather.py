"""Reading billing: pages become rows, spooled by parent into buckets small enough to be sorted in memory."""

from __future__ import annotations

import zlib
from collections import defaultdict
from typing import Any

from salesbridge.engine.load import files
from salesbridge.engine.load.context import Work
from salesbridge.engine.load.memory import rarely_collecting
from salesbridge.model import Entity, RecordRefusedError

#: Records of one durable step; only a page of them is held in memory at once.
SLICE = 20_000
#: Rows that one bucket should hold; a bucket is sorted in memory.
BUCKET = 40_000
#: Added to a row's number, so that numbers have as many digits and sort as text.
_FIRST = 10**12


def buckets(total: int | None) -> int:
    """How many buckets an entity's rows are spread over."""
    return max(1, -(-(total or 20 * BUCKET) // BUCKET))


def gather(work: Work, entity: Entity, number: int, after: str | None) -> dict[str, Any]:
    """Read one slice of an entity's records into the spool.

    Args:
        work: The run.
        entity: What to read.
        number: The slice, from 0.
        after: Where the slice begins; None for the beginning.

    Returns:
        ``read``, ``rows``, ``refused`` counts and ``after``, where the next slice begins, None at the end.
    """
    folder = work.stage_folder(entity.name) / "gather" / f"{number:06}"
    done = files.manifest(folder)
    if done is not None:
        return done
    with rarely_collecting(), files.folder_at_once(folder) as draft:
        with files.Spool(draft) as spool:
            slice_ = _Slice(work, entity, buckets(work.stage(entity.name).total), number, spool)
            after = slice_.read(after)
        files.append(draft / "refused.ndjson", slice_.refused)
        facts = {"read": slice_.seen, "refused": len(slice_.refused), "after": after}
        return files.note(draft, facts)


class _Slice:
    """One slice while it is read."""

    def __init__(self, work: Work, entity: Entity, count: int, number: int, spool: files.Spool) -> None:
        self.work = work
        self.entity = entity
        self.count = count
        self.spool = spool
        self.next = _FIRST + number * SLICE * 10
        self.seen = 0
        self.transform = work.transform(entity)
        self.buckets: dict[int, list[bytes]] = defaultdict(list)
        self.refused: list[Any] = []

    def read(self, after: str | None) -> str | None:
        """Read until the slice is full; returns where the next one begins."""
        for page in self.work.billing.pages(self.entity.record, after=after):
            for broken in page.malformed:
                self._refuse(broken.position, "MALFORMED_RECORD", broken.reason, (), {})
            for record in page.records:
                self._take(record)
            self._write()
            self.seen += len(page.records) + len(page.malformed)
            after = page.after
            if after is None or self.seen >= SLICE:
                break
        else:
            after = None
        return after

    def _take(self, record: dict[str, Any]) -> None:
        try:
            key, parents, cells, activation = self.transform.csv_row(record, self.work.today)
        except RecordRefusedError as refusal:
            self._refuse(self._name(record), refusal.code, refusal.message, refusal.fields, record)
            return
        parent = parents[0] if parents and parents[0] else key
        bucket = zlib.crc32(parent.encode()) % self.count
        self.buckets[bucket].append(files.line((parent, key, self.next, parents, cells, activation)))
        self.next += 1

    def _write(self) -> None:
        for bucket, rows in self.buckets.items():
            self.spool.append(f"bucket-{bucket:05}.ndjson", rows)
        self.buckets.clear()

    def _name(self, record: dict[str, Any]) -> str:
        try:
            return self.transform.key(record)
        except RecordRefusedError:
            return ":".join(str(record.get(name) or "?") for name in self.entity.key)[:255]

    def _refuse(self, key: str, code: str, message: str, fields: tuple[str, ...], record: dict[str, Any]) -> None:
        self.refused.append({"key": key, "code": code, "message": message, "fields": fields, "row": record})
