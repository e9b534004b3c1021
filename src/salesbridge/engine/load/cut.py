"""Cutting the spool into CSV parts: sorted by parent, without doubles, each row decided by ``sync``."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction

from salesbridge.engine.load import files
from salesbridge.engine.load.context import Work
from salesbridge.engine.load.gather import buckets
from salesbridge.engine.load.memory import rarely_collecting
from salesbridge.model import EXTERNAL_ID, Entity, Phase, header
from salesbridge.store.links import read_links, salesforce_ids
from salesbridge.sync.load import row_to_send, shape

#: Bytes of one upload. Salesforce takes 150 MB after base64, which is 100 MB raw (Bulk API 2.0 guide, "Limits").
PART_BYTES = 95_000_000
#: Rows of one part: ten of Salesforce's internal batches, so that progress and cancelling are fine-grained.
PART_ROWS = 100_000
#: Rows after which a part is weighed; what they add stays far below the room that PART_BYTES leaves.
_WEIGHED_EVERY = 512
#: Parents that are looked up at once.
_LOOKUP = 5_000

Spooled = tuple[str, str, int, list[str | None], list[str], list[str]]


def cut(work: Work, entity: Entity) -> dict[str, Any]:
    """Write the parts of an entity's first wave.

    Returns:
        Counts: ``parts``, ``rows``, ``unchanged``, ``parked``, ``superseded``, ``activate``.
    """
    folder = work.stage_folder(entity.name) / "wave-0"
    done = files.manifest(folder)
    if done is None:
        with rarely_collecting(), files.folder_at_once(folder) as draft:
            cutter = _Cutter(work, entity, draft)
            total = work.stage(entity.name).total
            for bucket in range(buckets(total)):
                cutter.take(_sorted(work.stage_folder(entity.name), bucket))
            done = files.note(draft, cutter.finish())
    register(work, entity, 0, folder, done["files"])
    return done


def _sorted(folder: Path, bucket: int) -> list[bytes]:
    """A bucket's lines by parent, key and number; as text they take a quarter of the memory of rows."""
    return sorted(files.raw_lines(*sorted((folder / "gather").glob(f"*/bucket-{bucket:05}.ndjson"))))


def _last_of_each(lines: list[bytes]) -> Iterator[Spooled]:
    """The rows of sorted lines, the last mention of a key only."""
    held: Spooled | None = None
    for line in lines:
        row: Spooled = orjson.loads(line)
        if held is not None and held[1] != row[1]:
            yield held
        held = row
    if held is not None:
        yield held


class _Cutter:
    """The decisions of one cut."""

    def __init__(self, work: Work, entity: Entity, draft: Path) -> None:
        self.work = work
        self.entity = entity
        self.draft = draft
        self.shape = shape(entity)
        self.facts = [work.run.plan["facts"][fact] for _, fact in entity.facts]
        self.linked = work.door.links(work.instance).filter(entity=entity.name).exists()
        self.parts = Parts(draft, self.shape.names)
        self.counts = {"unchanged": 0, "parked": 0, "superseded": 0, "activate": 0}

    def take(self, lines: list[bytes]) -> None:
        """Decide the rows of one bucket, whose lines are sorted."""
        rows = _last_of_each(lines)
        self.counts["superseded"] += len(lines)
        while batch := list(islice(rows, _LOOKUP)):
            self.counts["superseded"] -= len(batch)
            self._decide(batch)

    def _decide(self, rows: list[Spooled]) -> None:
        links = self._links([row[1] for row in rows])
        known = [self._known(at, rows) for at in range(len(self.entity.parents))]
        parked, activations = [], []
        for parent, key, _, parents, cells, activation in rows:
            missing = self._missing(parents, known)
            if missing:
                parked.append({"key": key, "parent": missing, "cells": cells})
                continue
            link = links.get(key)
            row = row_to_send(self.shape, [key, *_texts(parents), *self.facts, *cells], link and link[1])
            if row is None:
                self.counts["unchanged"] += 1
            else:
                self.parts.add(row, parent)
            if any(activation) and not (link and self._active(link[1], activation)):
                activations.append((parent, key, activation))
        self._note(parked, activations)

    def _note(self, parked: list[Any], activations: list[Any]) -> None:
        files.append(self.draft / "parked.ndjson", parked)
        files.append(self.draft / "activate.ndjson", activations)
        self.counts["parked"] += len(parked)
        self.counts["activate"] += len(activations)

    def _links(self, keys: Sequence[str]) -> dict[str, tuple[str, Any]]:
        if not self.linked:
            return {}
        return read_links(self.work.door, self.work.instance.pk, self.entity.name, keys)

    def _known(self, at: int, rows: list[Spooled]) -> Mapping[str, str]:
        wanted = {row[3][at] for row in rows}
        parent = self.entity.parents[at].entity
        return salesforce_ids(self.work.door, self.work.instance.pk, parent, [key for key in wanted if key])

    def _missing(self, parents: list[str | None], known: list[Mapping[str, str]]) -> str | None:
        for parent, key, there in zip(self.entity.parents, parents, known, strict=True):
            if key and key not in there:
                return f"{parent.entity} {key}"
        return None

    def _active(self, agreed: dict[str, str | None], activation: list[str]) -> bool:
        names = header(self.entity, Phase.ACTIVATE)[1:]
        return all(agreed.get(name) == cell for name, cell in zip(names, activation, strict=True) if cell)

    def finish(self) -> dict[str, Any]:
        """Close the last part and return the counts."""
        written = self.parts.close()
        return {**self.counts, "rows": sum(part["rows"] for part in written), "files": written}


class Parts:
    """CSV files of limited size; siblings of one parent lie in one of them, unless they alone are too many bytes.

    Args:
        folder: Where the files go.
        names: The CSV header.
        most: Rows of one part.
    """

    def __init__(self, folder: Path, names: Sequence[str], most: int = PART_ROWS) -> None:
        self.folder = folder
        self.names = names
        self.most = most
        self.written: list[dict[str, Any]] = []
        self._file: io.TextIOWrapper | None = None
        self._writer: Any = None
        self._rows = 0
        self._parent: str | None = None

    def add(self, row: Sequence[str], parent: str) -> None:
        """Append a row. A full part ends between two parents; one that is too heavy ends wherever that is."""
        full = self._rows >= self.most and parent != self._parent
        if self._file is not None and (full or self._heavy(self._file)):
            self._end()
        if self._file is None:
            self._begin()
        self._writer.writerow(row)
        self._rows += 1
        self._parent = parent

    def close(self) -> list[dict[str, Any]]:
        """End the last part and return all: name, rows, bytes and SHA-256."""
        self._end()
        return self.written

    def _heavy(self, file: io.TextIOWrapper) -> bool:
        return not self._rows % _WEIGHED_EVERY and os.fstat(file.fileno()).st_size >= PART_BYTES

    def _begin(self) -> None:
        path = self.folder / f"part-{len(self.written) + 1:05}.csv"
        self._file = path.open("w", files.BUFFER, encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(self.names)
        self._rows = 0

    def _end(self) -> None:
        if self._file is None:
            return
        self._file.close()
        path = Path(self._file.name)
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        self.written.append({"name": path.name, "rows": self._rows, "bytes": path.stat().st_size, "checksum": checksum})
        self._file = None


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
                parts.add(row, parent)
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


def _texts(parents: list[str | None]) -> list[str]:
    return [key or "" for key in parents]
