"""Both sides' listings of an entity, each record as cells in one order with a hash: what a comparison is made of.

Salesforce is read by one bulk query, whose CSV has an empty cell for null and spells values otherwise than a JSON
record; billing by all its pages. Cells are those that decisions compare (:mod:`salesbridge.engine.live.seen`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any

import orjson

from salesbridge.billing import BillingApi
from salesbridge.billing.shape import MisshapenError
from salesbridge.engine import connections
from salesbridge.engine.live.seen import rounded_cell
from salesbridge.engine.live.site import Site
from salesbridge.model import Entity, Phase, RecordRefusedError, Transform, columns, header
from salesbridge.model.kinds import CLEAR, Kind, Phone, RefusedError, Text, cell_of
from salesbridge.model.swift import NativeForm
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.bulk import Bulk
from salesbridge.store.comparison import Comparison, ToldByBilling, ToldBySalesforce
from salesbridge.sync.merge import slots

#: Rows that are held in memory at once.
CHUNK = 5_000
_POLL_S = 2.0
_REMEMBERED = 4096
#: What a value that is of no kind is counted under.
MALFORMED = "MALFORMED_RECORD"

Progress = Callable[[str, int], None]
Spelling = Callable[[str], str | None]


class Sides:
    """Reads both sides of an entity into a comparison.

    Args:
        site: The instance.
        entity: What to read.
        today: The day on which derived values are taken.
        tell: Told of the progress: which side, and how many of its records have been read.
    """

    def __init__(self, site: Site, entity: Entity, today: date, tell: Progress) -> None:
        self._site = site
        self._entity = entity
        self._today = today
        self._tell = tell
        self._names = [slot.name for slot in slots(entity)]
        told = _columns(entity)
        self._places = [told.index(name) for name in self._names]
        scales = site.scales[entity.name]
        self._scales = [(at, scales[name]) for at, name in enumerate(self._names) if name in scales]
        self._shared: list[str] | None = None
        self.unnamed: dict[str, int] = {}

    def read(self, comparison: Comparison) -> None:
        """Read both sides; Salesforce works on its query while billing is read.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
            BillingError: The billing system refuses or does not answer.
        """
        bulk = Bulk(self._site.salesforce)
        job = bulk.create_query(self._soql())
        self._in_chunks("billing", self._billing(), comparison.take_billing)
        self._in_chunks("Salesforce", self._salesforce(_rows(bulk, job.id)), comparison.take_salesforce)

    def _in_chunks(self, side: str, rows: Iterator[Any], take: Callable[[list[Any]], None]) -> None:
        count = 0
        with closing(rows):  # type: ignore[type-var]
            while chunk := list(islice(rows, CHUNK)):
                take(chunk)
                count += len(chunk)
                self._tell(side, count)

    def _soql(self) -> str:
        facts = self._site.facts
        where = " AND ".join(f"{name} = '{facts[fact]}'" for name, fact in self._entity.facts if fact in facts)
        return f"SELECT Id, {', '.join(self._names)} FROM {self._entity.name}" + (f" WHERE {where}" if where else "")

    def _salesforce(self, rows: Iterator[list[str]]) -> Iterator[ToldBySalesforce]:
        """What Salesforce lists; billing must have been read, so that it is known what both tell."""
        spell, shared = org_spelling(self._entity), self._shared
        places = [self._names.index(name) for name in shared or ()]
        parents = [1 + at for at in range(len(self._entity.parents))] if self._entity.adopts else []
        everything = places == list(range(len(self._names)))
        next(rows, None)
        for record_id, *row in rows:
            try:
                cells = [spelt(cell) for spelt, cell in zip(spell, row, strict=True)]
            except RefusedError as refusal:
                yield ToldBySalesforce(record_id, _key(row, parents), None, None, refusal.code)
                continue
            text = orjson.dumps(dict(zip(self._names, cells, strict=True)))
            hashed = text if everything else orjson.dumps({self._names[at]: cells[at] for at in places})
            yield ToldBySalesforce(record_id, _key(row, parents), _hash(hashed), text.decode())

    def _billing(self) -> Iterator[ToldByBilling]:
        transform = self._transform()
        for items in self._pages(transform):
            for item in items:
                told = self._told(transform, item)
                if told is not None:
                    yield told

    def _transform(self) -> Transform:
        billing, entity = self._site.billing, self._entity
        shape = billing.shape(entity.record) if isinstance(billing, BillingApi) else None
        native = NativeForm(shape.members, shape.keys, shape.read) if shape else None
        tenant = self._site.tenant
        return Transform(entity, connections.form(tenant.product, tenant.zone), native=native)

    def _pages(self, transform: Transform) -> Iterator[Sequence[Any]]:
        billing, kind = self._site.billing, self._entity.record
        if transform.takes_native and isinstance(billing, BillingApi):
            for native in billing.native_pages(kind):
                yield native.items
            return
        for page in billing.pages(kind):
            self._count_unnamed(MALFORMED, len(page.malformed))
            yield page.records

    def _told(self, transform: Transform, item: Any) -> ToldByBilling | None:
        try:
            key, parents, save, activate = transform.csv_row(item, self._today)
        except RecordRefusedError as refusal:
            return self._refused(transform, item, refusal.code)
        except MisshapenError:
            self._count_unnamed(MALFORMED, 1)
            return None
        cells = self._cells([key, *parents, *save, *activate])
        text = orjson.dumps(cells)
        names = list(cells)
        if self._shared is None:
            self._shared = names
        alike = names == self._shared
        return ToldByBilling(key, _hash(text) if alike else None, text.decode())

    def _cells(self, row: Sequence[str | None]) -> dict[str, str | None]:
        """Cells in the order of the slots; a column of which billing says nothing is absent."""
        cells = [row[at] for at in self._places]
        if CLEAR in cells:
            cells = [None if cell == CLEAR else cell for cell in cells]
        for at, scale in self._scales:
            cells[at] = rounded_cell(cells[at], scale)
        told = zip(self._names, cells, strict=True)
        return {name: cell for name, cell in told if cell != ""} if "" in cells else dict(told)

    def _refused(self, transform: Transform, item: Any, code: str) -> ToldByBilling | None:
        try:
            key = transform.key(transform.neutral(item))
        except RecordRefusedError:
            self._count_unnamed(code, 1)
            return None
        return ToldByBilling(key, None, None, code)

    def _count_unnamed(self, code: str, count: int) -> None:
        """Records of billing that cannot even be identified."""
        if count:
            self.unnamed[code] = self.unnamed.get(code, 0) + count


def _columns(entity: Entity) -> list[str]:
    """What a transform's row holds, in its order: external id, parents, cells of the save and of the activate phase."""
    facts = {name for name, _ in entity.facts}
    return [*(name for name in header(entity) if name not in facts), *header(entity, Phase.ACTIVATE)[1:]]


def _rows(bulk: Bulk, job_id: str) -> Iterator[list[str]]:
    job = bulk.wait(job_id, "query", poll=_POLL_S)
    if job.state != "JobComplete":
        raise job.error or SalesforceError(
            f"The query job ended as {job.state}.", kind="transient", code="QUERY_JOB", mend="It is begun again."
        )
    yield from bulk.query_rows(job_id)


def _key(row: Sequence[str], parents: Sequence[int]) -> str | None:
    """The external id: the one that the record carries, else the one that its parents make."""
    if row[0] or not parents:
        return row[0] or None
    parts = [row[at] for at in parents]
    return ":".join(parts) if all(parts) else None


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), signed=True)


def org_spelling(entity: Entity) -> list[Spelling]:
    """How the CSV cells of a bulk query become cells, by slot; an empty one is null.

    The functions raise :class:`~salesbridge.model.kinds.RefusedError` for a value that is none of its kind.
    """
    kinds: Mapping[str, Kind] = {column.name: column.kind for column in columns(entity)}
    return [_as_it_is if slot.name not in kinds else _spelling(kinds[slot.name]) for slot in slots(entity)]


def _as_it_is(cell: str) -> str | None:
    return cell or None


def _spelling(kind: Kind) -> Spelling:
    nothing = _cell(kind, kind.cleared)

    def spelt(cell: str) -> str | None:
        return _cell(kind, kind.from_cell(cell)) if cell else nothing

    if type(kind) in {Text, Phone}:
        return _plain(kind.salesforce_type.length, spelt)
    return lru_cache(_REMEMBERED)(spelt)


def _plain(length: int, spelt: Spelling) -> Spelling:
    """Most texts are cells as they are; the others take the way of their kind."""

    def quick(cell: str) -> str | None:
        if cell and len(cell) <= length and cell.isprintable() and cell == cell.strip() and cell != CLEAR:
            return cell
        return spelt(cell)

    return quick


def _cell(kind: Kind, value: Any) -> str | None:
    cell = cell_of(kind, value)
    return None if cell == CLEAR else cell
