"""Reading billing: pages become rows, spooled by parent into buckets small enough to be sorted in memory."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from salesbridge.billing import BillingApi
from salesbridge.billing.shape import MisshapenError, NativePage
from salesbridge.engine.load import files
from salesbridge.engine.load.context import Work
from salesbridge.engine.load.csv_text import line_of
from salesbridge.engine.load.spool import spooled
from salesbridge.model import CsvRow, Entity, RecordRefusedError

#: Records of one durable step; only a page of them is held in memory at once.
SLICE = 20_000
#: Rows that one bucket should hold; a bucket is sorted in memory.
BUCKET = 40_000
#: Added to a row's number, so that numbers have as many digits and sort as text.
_FIRST = 10**12


def buckets(total: int | None) -> int:
    """How many buckets an entity's rows are spread over."""
    return max(1, -(-(total or 20 * BUCKET) // BUCKET))


def bucket_name(bucket: int) -> str:
    """The name of a bucket's file."""
    return f"bucket-{bucket:05}.rows"


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
    with files.folder_at_once(folder) as draft:
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
        self.facts = [work.run.plan["facts"][fact] for _, fact in entity.facts]
        self.line = line_of(entity)
        self.refused: list[Any] = []

    def read(self, after: str | None) -> str | None:
        """Read until the slice is full; returns where the next one begins."""
        for page in self._pages(after):
            self._take(page.items, page.position)
            self.seen += len(page.items)
            after = page.after
            if after is None or self.seen >= SLICE:
                break
        else:
            after = None
        return after

    def _pages(self, after: str | None) -> Iterator[NativePage]:
        """Pages of records as the transform takes them; records that cannot be read at all are refused here."""
        billing, kind = self.work.billing, self.entity.record
        if self.transform.takes_native and isinstance(billing, BillingApi):
            yield from billing.native_pages(kind, after=after)
            return
        for page in billing.pages(kind, after=after):
            for broken in page.malformed:
                self._malformed(broken.position, broken.reason)
            self.seen += len(page.malformed)
            yield NativePage(page.records, kind, page.after)

    def _take(self, items: Sequence[Any], position: Callable[[int], str]) -> None:
        csv_row, today = self.transform.csv_row, self.work.today
        rows = []
        for index, item in enumerate(items):
            try:
                rows.append(csv_row(item, today))
            except RecordRefusedError as refusal:
                self._refuse(item, refusal)
            except MisshapenError as reason:
                self._malformed(position(index), str(reason))
        self._spool(rows)

    def _spool(self, rows: list[CsvRow]) -> None:
        buckets_of = defaultdict(list)
        line, facts, count = self.line, self.facts, self.count
        for number, (key, parents, cells, activation) in enumerate(rows, start=self.next):
            keys = [parent or "" for parent in parents] if None in parents else parents
            parent = (keys and keys[0]) or key
            bucket = zlib.crc32(parent.encode()) % count if count > 1 else 0
            text = line([key, *keys, *facts, *cells])
            buckets_of[bucket].append(spooled((parent, key, str(number), *keys), activation, text))
        self.next += len(rows)
        for bucket, lines in buckets_of.items():
            self.spool.append(bucket_name(bucket), "".join(lines).encode())

    def _refuse(self, item: Any, refusal: RecordRefusedError) -> None:
        record = self.transform.neutral(item)
        self._note(self._name(record), refusal.code, refusal.message, refusal.fields, record)

    def _name(self, record: Any) -> str:
        try:
            return self.transform.key(record)
        except RecordRefusedError:
            return ":".join(str(record.get(name) or "?") for name in self.entity.key)[:255]

    def _malformed(self, position: str, reason: str) -> None:
        self._note(position, "MALFORMED_RECORD", reason, (), {})

    def _note(self, key: str, code: str, message: str, fields: tuple[str, ...], record: Any) -> None:
        self.refused.append({"key": key, "code": code, "message": message, "fields": fields, "row": record})
