"""Cutting the spool into CSV parts: sorted by parent, without doubles, each row decided by ``sync``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction

from salesbridge.engine.load import csv_text, files
from salesbridge.engine.load.context import Work
from salesbridge.engine.load.gather import bucket_name, buckets
from salesbridge.engine.load.parts import Parts
from salesbridge.engine.load.spool import Spooled, sorted_rows
from salesbridge.model import EXTERNAL_ID, Entity, Phase, header
from salesbridge.store.links import read_links, salesforce_ids, unlinked
from salesbridge.sync.load import Agreed, row_to_send, shape

#: Parents that are looked up at once.
_LOOKUP = 5_000


def cut(work: Work, entity: Entity) -> dict[str, Any]:
    """Write the parts of an entity's first wave.

    Returns:
        Counts: ``parts``, ``rows``, ``unchanged``, ``parked``, ``superseded``, ``activate``.
    """
    folder = work.stage_folder(entity.name) / "wave-0"
    done = files.manifest(folder)
    if done is None:
        with files.folder_at_once(folder) as draft:
            cutter = _Cutter(work, entity, draft)
            total = work.stage(entity.name).total
            for bucket in range(buckets(total)):
                cutter.take(_bucket(work, entity, bucket))
            done = files.note(draft, cutter.finish())
    register(work, entity, 0, folder, done["files"])
    return done


def _bucket(work: Work, entity: Entity, bucket: int) -> Iterator[Spooled]:
    paths = sorted((work.stage_folder(entity.name) / "gather").glob(f"*/{bucket_name(bucket)}"))
    return sorted_rows(paths, len(entity.parents))


class _Cutter:
    """The decisions of one cut."""

    def __init__(self, work: Work, entity: Entity, draft: Path) -> None:
        self.work = work
        self.entity = entity
        self.draft = draft
        self.shape = shape(entity)
        self.line = csv_text.line_of(entity)
        self.linked = work.door.links(work.instance).filter(entity=entity.name).exists()
        self.parts = Parts(draft, self.shape.names)
        self.counts = {"unchanged": 0, "parked": 0, "superseded": 0, "activate": 0}

    def take(self, rows: Iterator[Spooled]) -> None:
        """Decide the rows of one bucket, which are sorted."""
        latest = self._last_of_each(rows)
        while batch := list(islice(latest, _LOOKUP)):
            self._decide(batch)

    def _last_of_each(self, rows: Iterator[Spooled]) -> Iterator[Spooled]:
        """The last mention of each key."""
        held: Spooled | None = None
        for row in rows:
            if held is not None:
                if held.key == row.key:
                    self.counts["superseded"] += 1
                else:
                    yield held
            held = row
        if held is not None:
            yield held

    def _decide(self, rows: list[Spooled]) -> None:
        links = self._links(rows)
        present = self._parked(rows, [self._absent(at, rows) for at in range(len(self.entity.parents))])
        if self.linked:
            self._send_changes(present, links)
        else:
            for row in present:
                self.parts.add(row.text, row.parent)
        later = [row for row in present if row.activation and not self._active(row, links)]
        self.counts["activate"] += len(later)
        files.append(self.draft / "activate.ndjson", map(_activation, later))

    def _send_changes(self, rows: list[Spooled], links: Mapping[str, Agreed]) -> None:
        """Send what is new or not yet agreed on."""
        for row, cells in zip(rows, csv.reader(row.text.decode() for row in rows), strict=True):
            changed = row_to_send(self.shape, cells, links.get(cells[0]))
            if changed is None:
                self.counts["unchanged"] += 1
            else:
                self.parts.add(self.line(changed).encode(), row.parent)

    def _links(self, rows: list[Spooled]) -> dict[str, Agreed]:
        if not self.linked:
            return {}
        keys = [row.key.decode() for row in rows]
        found = read_links(self.work.door, self.work.instance.pk, self.entity.name, keys)
        return {key: agreed for key, (_, agreed) in found.items()}

    def _absent(self, at: int, rows: list[Spooled]) -> set[bytes]:
        """The keys of parents that are named but not in Salesforce."""
        named = {row.parents[at] for row in rows} - {b""}
        parent = self.entity.parents[at].entity
        return {key.encode() for key in unlinked(self.work.door, self.work.instance.pk, parent, _texts(named))}

    def _parked(self, rows: list[Spooled], absent: list[set[bytes]]) -> list[Spooled]:
        """Park the rows whose parents are not there; returns the others."""
        if not any(absent):
            return rows
        waits = [self._waits_for(row, absent) for row in rows]
        parked = [(row, parent) for row, parent in zip(rows, waits, strict=True) if parent]
        self.counts["parked"] += len(parked)
        files.append(self.draft / "parked.ndjson", (self._parked_row(row, parent) for row, parent in parked))
        return [row for row, parent in zip(rows, waits, strict=True) if not parent]

    def _waits_for(self, row: Spooled, absent: list[set[bytes]]) -> str:
        for parent, key, missing in zip(self.entity.parents, row.parents, absent, strict=True):
            if key in missing:
                return f"{parent.entity} {key.decode()}"
        return ""

    def _parked_row(self, row: Spooled, parent: str) -> dict[str, Any]:
        cells = next(csv.reader([row.text.decode()]))
        own = 1 + len(self.entity.parents) + len(self.entity.facts)
        return {"key": row.key.decode(), "parent": parent, "cells": cells[own:]}

    def _active(self, row: Spooled, links: Mapping[str, Agreed]) -> bool:
        agreed = links.get(row.key.decode())
        names = header(self.entity, Phase.ACTIVATE)[1:]
        cells = orjson.loads(row.activation)
        return agreed is not None and all(
            agreed.get(name) == cell for name, cell in zip(names, cells, strict=True) if cell
        )

    def finish(self) -> dict[str, Any]:
        """Close the last part and return the counts."""
        written = self.parts.close()
        return {**self.counts, "rows": sum(part["rows"] for part in written), "files": written}


def _activation(row: Spooled) -> tuple[str, str, list[str]]:
    return row.parent.decode(), row.key.decode(), orjson.loads(row.activation)


def _texts(keys: set[bytes]) -> list[str]:
    return [key.decode() for key in keys]


def cut_again(work: Work, entity: Entity, wave: int, rows: Iterator[Any], *, names: Sequence[str], most: int) -> int:
    """Write a later wave from rows as ``(parent, cells)``, and return the number of its parts."""
    folder = work.stage_folder(entity.name) / f"wave-{wave}"
    done = files.manifest(folder)
    if done is None:
        with files.folder_at_once(folder) as draft:
            parts = Parts(draft, names, most)
            # as text, since a run may activate as many contracts as there are customers; what orjson answers is decoded
            # because its bytes keep room that they do not need
            for line in sorted(files.line(row).decode() for row in rows):
                parent, row = orjson.loads(line)
                parts.add(csv_text.line(row).encode(), parent.encode())
            done = files.note(draft, {"files": parts.close()})
    register(work, entity, wave, folder, done["files"])
    return len(done["files"])


def retry(work: Work, entity: Entity, wave: int, most: int) -> int:
    """Cut a later wave from the rows of the one before that met a lock or were not reached."""
    earlier = work.stage_folder(entity.name) / f"wave-{wave - 1}-results"
    rows = files.lines(*sorted(earlier.glob("part-*[0-9]/again.ndjson")))
    first = next(rows, None)
    names = tuple(first["row"]) if first else ()
    parent = entity.parents[0].column if entity.parents else ""
    all_rows = chain([first] if first else [], rows)
    pairs = ((row["row"].get(parent) or row["key"], list(row["row"].values())) for row in all_rows)
    return cut_again(work, entity, wave, pairs, names=names, most=most)


def activations(work: Work, entity: Entity) -> Iterator[Any]:
    """Rows of the activation phase for records that are in Salesforce by now."""
    folder = work.stage_folder(entity.name) / "wave-0"
    batch: list[Any] = []
    for row in files.lines(folder / "activate.ndjson"):
        batch.append(row)
        if len(batch) == _LOOKUP:
            yield from _there(work, entity, batch)
            batch = []
    yield from _there(work, entity, batch)


def _there(work: Work, entity: Entity, batch: list[Any]) -> Iterator[Any]:
    there = salesforce_ids(work.door, work.instance.pk, entity.name, [key for _, key, _ in batch])
    yield from ((parent, [key, *cells]) for parent, key, cells in batch if key in there)


def activation_header(entity: Entity) -> tuple[str, ...]:
    """The CSV header of the activation phase."""
    return (EXTERNAL_ID, *header(entity, Phase.ACTIVATE)[1:])


def register(work: Work, entity: Entity, wave: int, folder: Path, parts: list[dict[str, Any]]) -> None:
    """Note a wave's parts, in place of what an interrupted attempt noted; parts with a job stay as they are."""
    stage = work.stage(entity.name)
    with transaction.atomic():
        have = set(work.door.parts.filter(stage=stage, wave=wave).values_list("number", flat=True))
        for number, part in enumerate(parts, start=1):
            if number not in have:
                work.door.parts.create(
                    stage=stage, wave=wave, number=number, path=str(folder / part["name"]), rows=part["rows"],
                    bytes=part["bytes"], checksum=part["checksum"], operation="upsert", state="ready",
                )  # fmt: skip
