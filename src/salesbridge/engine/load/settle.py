"""Closing a stage: every record that was read has one outcome, and the sums say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from salesbridge.engine.load import files
from salesbridge.engine.load.context import Work
from salesbridge.model import Entity
from salesbridge.store.errors import Rejected, write_row_errors

_MENDS = {
    "MISSING_PARENT": "Give the record its account or customer in billing, then start the load again.",
    "MALFORMED_RECORD": "Ask the billing system's operator for this record; nothing of it was sent.",
    "REQUIRED_FIELD_MISSING": "Fill the field in billing, then start the load again.",
    "INVALID_MARKET_IDENTIFIER": "Correct the identifier in billing: a digit is wrong or missing.",
    "STRING_TOO_LONG": "Shorten the value in billing, or lengthen the field in Salesforce and in the data model.",
    "UNREPRESENTABLE_VALUE": "Change the text in billing, or enter it in Salesforce by hand.",
    "PARENT_NOT_LOADED": "Mend the parent record, which has an error of its own, then start the load again.",
}
_CORRECT = "Correct the value in billing, then start the load again."


def settle(work: Work, entity: Entity, saves: int, waves: int) -> dict[str, int]:
    """Count a stage's outcomes from what its steps noted, and keep a row for every record that did not arrive.

    Args:
        work: The run.
        entity: The stage's entity.
        saves: Waves of the save phase, which decide the outcomes.
        waves: All waves; those after the save phase belong to the activation.

    Returns:
        ``read``, ``written_created``, ``written_updated``, ``unchanged``, ``rejected``, ``parked``, ``superseded``.
    """
    folder = work.stage_folder(entity.name)
    cut = files.manifest(folder / "wave-0") or {}
    gathered = [files.manifest(path) or {} for path in sorted((folder / "gather").glob("[0-9]*[0-9]"))]
    results = list(_results(folder, range(saves)))
    stage = work.stage(entity.name)
    rejected = sum(g["refused"] for g in gathered) + sum(r["failed"] for r in results) + _last(results, saves)
    counts = {
        "read": sum(g["read"] for g in gathered),
        "written_created": sum(r["created"] for r in results),
        "written_updated": sum(r["updated"] for r in results),
        "unchanged": int(cut.get("unchanged", 0)),
        "rejected": rejected,
        "parked": int(cut.get("parked", 0)),
        "superseded": int(cut.get("superseded", 0)),
    }
    rows = (_rejected(row) for row in _errors(folder, {saves - 1, waves - 1}))
    write_row_errors(work.door, stage.pk, rows, source="settle")
    work.door.stages.filter(pk=stage.pk).update(**counts)
    return counts


def closes(counts: dict[str, int]) -> bool:
    """Whether everything adds up: read = written + unchanged + rejected + parked + superseded."""
    return counts["read"] == sum(value for name, value in counts.items() if name != "read")


def _results(folder: Path, waves: range) -> Iterator[dict[str, Any]]:
    for wave in waves:
        for path in sorted((folder / f"wave-{wave}-results").glob("part-*[0-9]")):
            yield {**(files.manifest(path) or {}), "wave": wave}


def _last(results: list[dict[str, Any]], saves: int) -> int:
    """Rows that were still to be sent again when the waves ended: they are rejected for good."""
    return sum(result["again"] for result in results if result["wave"] == saves - 1)


def _errors(folder: Path, final: set[int]) -> Iterator[dict[str, Any]]:
    """Every row that did not arrive; rows to be sent again count only in the final waves."""
    for refused in files.lines(*sorted((folder / "gather").glob("[0-9]*[0-9]/refused.ndjson"))):
        yield {**refused, "mend": _MENDS.get(refused["code"], _CORRECT)}
    for parked in files.lines(folder / "wave-0" / "parked.ndjson"):
        yield _parked(parked)
    for path in sorted(folder.glob("wave-*-results/part-*[0-9]/*.ndjson")):
        wave = int(path.parent.parent.name.split("-")[1])
        if path.name == "failed.ndjson" or wave in final:
            yield from files.lines(path)


def _parked(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": row["key"],
        "code": "PARENT_NOT_LOADED",
        "message": f"waits for {row['parent']}, which is not in Salesforce",
        "fields": (),
        "mend": _MENDS["PARENT_NOT_LOADED"],
        "row": {"cells": row["cells"]},
    }


def _rejected(row: dict[str, Any]) -> Rejected:
    text = orjson.dumps(row["row"], default=str).decode().replace("\\u0000", "")
    return Rejected(row["key"][:255], row["code"][:100], row["message"], row["mend"], tuple(row["fields"]), text)
