"""Reading a job's three result files: links for what was written, reasons for what was not, a next wave for locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from salesbridge.engine.load import files
from salesbridge.engine.load.context import LoadStopped, Work
from salesbridge.model import EXTERNAL_ID, Entity
from salesbridge.salesforce.bulk import Bulk, Job
from salesbridge.salesforce.errors import parse_row_error
from salesbridge.store.links import write_links
from salesbridge.store.models import Part
from salesbridge.sync.load import CLEAR, agreed_of, kept_columns

_BATCH = 10_000
#: Row errors that may pass when the row is sent again.
RETRIED = frozenset({"UNABLE_TO_LOCK_ROW"})
#: Job errors that say that the file itself is wrong: sending it again cannot help.
_OUR_FAULT = frozenset({"INVALID_BATCH", "CLIENT_INPUT_ERROR", "INVALID_JOB"})


def result_folder(work: Work, entity: Entity, part: Part) -> Path:
    """Where a part's results are kept."""
    return work.stage_folder(entity.name) / f"wave-{part.wave}-results" / f"part-{part.number:05}"


def collect(work: Work, entity: Entity, part: Part, job: Job) -> dict[str, Any]:
    """Read the results of an ended job.

    Returns:
        ``created``, ``updated``, ``failed`` and ``again`` counts, whose sum is the part's rows.

    Raises:
        LoadStopped: Salesforce refused the file as a whole, or its numbers do not add up.
    """
    folder = result_folder(work, entity, part)
    done = files.manifest(folder)
    if done is not None:
        return done
    _stop_on_our_fault(entity, job)
    with files.folder_at_once(folder) as draft:
        bulk = Bulk(work.salesforce)
        created, updated = _successes(work, entity, bulk.results(part.job_id, "successful"))
        failed, again = _failures(draft, job, bulk.results(part.job_id, "failed"))
        again += _unprocessed(draft, job, bulk.results(part.job_id, "unprocessed"))
        facts = {"created": created, "updated": updated, "failed": failed, "again": again}
        if created + updated + failed + again != part.rows:
            raise LoadStopped(
                f"{entity.name}: {part.rows} rows were sent, but the results of job {part.job_id} hold "
                f"{created + updated + failed + again}.",
                "Look at the job in Salesforce (Setup > Bulk Data Load Jobs); batches beyond the daily allocation "
                "leave no results. Start the load again: what was written is not written twice.",
                "RESULTS_INCOMPLETE",
            )
        part.state = "collected"
        part.save(update_fields=["state"])
        return files.note(draft, facts)


def _stop_on_our_fault(entity: Entity, job: Job) -> None:
    error = job.error
    if job.state == "Failed" and error is not None and error.code in _OUR_FAULT:
        raise LoadStopped(f"{entity.name}: Salesforce refused the file: {error.message}", error.mend, error.code)
    if job.state == "Aborted":
        raise LoadStopped(
            f"{entity.name}: somebody aborted bulk job {job.id} in Salesforce.",
            "Start the load again when nothing stands against it.",
            "JOB_ABORTED",
        )


def _successes(work: Work, entity: Entity, rows: Iterator[list[str]]) -> tuple[int, int]:
    names = next(rows, [])[2:]
    created = updated = 0
    links = _links(names, kept_columns(entity))
    while batch := list(islice(rows, _BATCH)):
        new = sum([row[1] == "true" for row in batch])
        created, updated = created + new, updated + len(batch) - new
        write_links(work.door, work.instance.pk, entity.name, map(links, batch), work.run_id)
    return created, updated


def _links(names: list[str], born: frozenset[str]) -> Callable[[list[str]], tuple[str, str, str]]:
    """What makes a link of a row of the successful results: key, Salesforce id, agreed values as JSON.

    It says what ``agreed_of`` says, which takes the rows that clear a field.
    """
    key_at = names.index(EXTERNAL_ID) + 2 if names else 0
    none: frozenset[str] = frozenset()

    def link(row: list[str]) -> tuple[str, str, str]:
        kept = born if row[1] == "true" else none
        if CLEAR in row:
            agreed = agreed_of(names, row[2:], born=kept)
        else:
            agreed = {name: cell or None for name, cell in zip(names, row[2:], strict=True) if cell or name in kept}
            agreed.pop(EXTERNAL_ID, None)
        return row[key_at], row[0], orjson.dumps(agreed).decode()

    return link


def _failures(draft: Path, job: Job, rows: Iterator[list[str]]) -> tuple[int, int]:
    names = next(rows, [])[2:]
    failed = again = 0
    while batch := list(islice(rows, _BATCH)):
        errors = [_failure(job, names, row) for row in batch]
        passing = [error for error in errors if error["code"] in RETRIED]
        files.append(draft / "again.ndjson", passing)
        files.append(draft / "failed.ndjson", [error for error in errors if error["code"] not in RETRIED])
        again, failed = again + len(passing), failed + len(errors) - len(passing)
    return failed, again


def _failure(job: Job, names: list[str], row: list[str]) -> dict[str, Any]:
    error = parse_row_error(row[1])
    cells = dict(zip(names, row[2:], strict=True))
    return {
        "key": cells.get(EXTERNAL_ID, ""),
        "code": error.code,
        "message": error.message,
        "fields": error.fields,
        "mend": error.mend,
        "row": cells,
        "job": job.id,
    }


def _unprocessed(draft: Path, job: Job, rows: Iterator[list[str]]) -> int:
    names = next(rows, [])
    count = 0
    while batch := list(islice(rows, _BATCH)):
        message = job.error_message or f"the job ended as {job.state} before this row was reached"
        files.append(
            draft / "again.ndjson",
            (
                {"key": row[names.index(EXTERNAL_ID)], "code": "UNPROCESSED", "message": message, "fields": (),
                 "mend": "Start the load again.", "row": dict(zip(names, row, strict=True)), "job": job.id}
                for row in batch
            ),
        )  # fmt: skip
        count += len(batch)
    return count
