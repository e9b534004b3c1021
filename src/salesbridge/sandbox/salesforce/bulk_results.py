"""Result files of an ingest job, written row by row to disk."""

from __future__ import annotations

import random
import shutil
from typing import IO, TYPE_CHECKING, Self

from salesbridge.sandbox.salesforce.bulk_jobs import FAILED_ID_VERSION
from salesbridge.sandbox.salesforce.results import SaveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salesbridge.sandbox.salesforce.bulk_csv import Batch
    from salesbridge.sandbox.salesforce.bulk_jobs import IngestJob
    from salesbridge.sandbox.salesforce.results import SaveResult

Outcome = tuple[list[str], "SaveError | SaveResult"]


class Results:
    """The successful and the failed rows of one job.

    Rows of a chunk are written in a shuffled order: *the order of records in the response is not guaranteed to match
    the ordering of records in the original job data* (Get Job Successful Record Results).

    Args:
        job: The job.
        header: Its header row, echoed as sent.
        seed: What the order is drawn from, together with nothing else, so that it repeats.
    """

    def __init__(self, job: IngestJob, header: str, seed: int) -> None:
        self._job = job
        self._header = header
        self._random = random.Random(seed)
        self._dialect = job.request.dialect
        self._width = header.count(self._dialect.delimiter) + 1
        self._with_id = job.api_version >= FAILED_ID_VERSION
        self._successful: IO[str]
        self._failed: IO[str]

    def __enter__(self) -> Self:
        write_empty(self._job, self._header)
        self._successful = self._job.file("successful").open("a", encoding="utf-8", newline="")
        self._failed = self._job.file("failed").open("a", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        self._successful.close()
        self._failed.close()

    def write(self, outcomes: list[Outcome]) -> int:
        """Write the rows of one chunk; how many of them failed."""
        self._random.shuffle(outcomes)
        good, bad = [], []
        render = self._dialect.render
        for values, outcome in outcomes:
            if isinstance(outcome, SaveError):
                bad.append(render(self._failure(values, "", (outcome,))))
            elif outcome.success:
                good.append(render([outcome.id or "", "true" if outcome.created else "false", *values]))
            else:
                bad.append(render(self._failure(values, outcome.id or "", outcome.errors)))
        self._successful.write("".join(good))
        self._failed.write("".join(bad))
        return len(bad)

    def _failure(self, values: list[str], record_id: str, errors: Sequence[SaveError]) -> list[str]:
        echoed = [*values[: self._width], *[""] * (self._width - len(values))]
        text = ";".join(error_text(error) for error in errors)
        return [record_id, text, *echoed] if self._with_id else [text, *echoed]


def error_text(error: SaveError) -> str:
    """An error as ``sf__Error`` spells it: ``CODE:message:FIELD,FIELD --``, or ``CODE:message:--`` without a field."""
    fields = ",".join(error.fields)
    return f"{error.code}:{error.message}:{fields} --" if fields else f"{error.code}:{error.message}:--"


def write_empty(job: IngestJob, header: str) -> None:
    """Begin both result files: the ``sf__`` columns quoted, the caller's header as it was sent."""
    dialect = job.request.dialect
    first = '"sf__Id"' + dialect.delimiter
    failed_id = first if job.api_version >= FAILED_ID_VERSION else ""
    for part, columns in (("successful", first + '"sf__Created"'), ("failed", failed_id + '"sf__Error"')):
        line = columns + dialect.delimiter + header if header else columns
        job.file(part).write_bytes((line + dialect.newline).encode())


def unprocessed(job: IngestJob, header: str, progress: list[tuple[Batch, int]]) -> None:
    """Write the rows no chunk reached, as they were sent: unprocessed rows are not failed rows.

    Args:
        job: The job that came to its end.
        header: Its header row; empty when the upload could not even be divided into rows.
        progress: Each batch of the job with the number of its rows that were processed.
    """
    if not job.file("successful").exists():
        write_empty(job, header)
    target = job.file("unprocessed")
    if not header:
        shutil.copyfile(job.file("upload"), target) if job.file("upload").exists() else target.touch()
        return
    dialect = job.request.dialect
    with target.open("w", encoding="utf-8", newline="") as output, job.file("upload").open("rb") as upload:
        output.write(header + dialect.newline)
        for batch, done in progress:
            if done < batch.records:
                rows = list(dialect.slice(upload, batch.position, batch.records))[done:]
                output.writelines(row + dialect.newline for row in rows)
