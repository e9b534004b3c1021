"""Processing of an ingest job: batches in lanes, chunks of 200 rows, locks, results."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from salesbridge.sandbox.salesforce.bulk_columns import Plan, plan, read_header
from salesbridge.sandbox.salesforce.bulk_csv import Batch, JobFailure, RowFault
from salesbridge.sandbox.salesforce.bulk_results import Results, unprocessed
from salesbridge.sandbox.salesforce.results import ApiError, SaveError
from salesbridge.sandbox.salesforce.save import LOCKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.salesforce.bulk_jobs import IngestJob, IngestJobs
    from salesbridge.sandbox.salesforce.results import SaveResult

BATCHES = "DailyBulkApiBatches"
RECORDS = "DailyBulkApiRecords"
RowRead = tuple[list[str], dict[str, Any] | SaveError]
"""The values of a row and the record they make, or why they make none."""


class Stopped(Exception):  # noqa: N818 - the job was aborted or deleted, which is nobody's error
    """The job was told to stop."""


@dataclass(slots=True)
class Lane:
    """One batch being processed: where it is and how many of its records are behind it."""

    batch: Batch
    records: Iterator[str]
    done: int = 0

    @property
    def over(self) -> bool:
        """Whether the whole batch is processed."""
        return self.done >= self.batch.records


class Run:
    """One pass through one job.

    Batches run ``lanes`` at a time. At each step every lane saves one chunk: chunks of the same step count as
    simultaneous, so a later lane finds the parents of the earlier ones locked. That makes lock errors a function of
    the file alone (General Guidelines for Data Loads; Organize Data to Minimize Lock Contention).

    Args:
        job: The job, in state UploadComplete.
        jobs: The org's jobs.
    """

    def __init__(self, job: IngestJob, jobs: IngestJobs) -> None:
        self.job = job
        self.jobs = jobs
        self.org = jobs.org
        self.settings = jobs.settings
        self.dialect = job.request.dialect
        self.header = ""
        self.lanes: list[Lane] = []
        self.plan = Plan(())
        self._path = f"/jobs/ingest/{job.id}/{job.request.object}"
        self._started = time.perf_counter()

    def __call__(self) -> None:
        """Process the job to one of its final states; nothing is raised."""
        try:
            self._wait()
            with self.jobs.slots:
                self._work()
        except Stopped:
            self._finish("Aborted")
        except JobFailure as failure:
            self._finish("Failed", str(failure))
        except ApiError as error:
            self._finish("Failed", f"{error.code} : {error.message}")
        except Exception as error:
            self._finish("Failed", f"Unknown : {type(error).__name__}: {error}")
            raise
        else:
            self._finish("JobComplete")
        finally:
            self.jobs.held.pop(self.job.id, None)

    def _wait(self) -> None:
        if self.job.stop.wait(self.settings.queue_seconds) if self.settings.queue_seconds else self.job.stop.is_set():
            raise Stopped

    def _finish(self, state: str, message: str | None = None) -> None:
        job = self.job
        job.total_ms = job.active_ms = int((time.perf_counter() - self._started) * 1000)
        if job.stop.is_set() and not job.file("upload").exists():
            job.finished.set()
            return
        unprocessed(job, self.header, [(lane.batch, lane.done) for lane in self.lanes])
        with job.lock:
            job.error_message = message
            job.move("Aborted" if job.stop.is_set() else state, self.org.clock())

    def _work(self) -> None:
        job = self.job
        with job.lock:
            if job.stop.is_set():
                raise Stopped
            job.move("InProgress", self.org.clock())
        upload = job.file("upload")
        self.header, batches = self.dialect.index(upload, self.settings.batch_records)
        allowed = self._charge(batches)
        with ExitStack() as stack:
            for batch in batches[:allowed]:
                file = stack.enter_context(_Later(upload))
                self.lanes.append(Lane(batch, file.slice(self.dialect, batch)))
            self._plan()
            results = stack.enter_context(Results(job, self.header, self.settings.seed))
            self._waves(results)
        if allowed < len(batches):
            raise JobFailure("ExceededQuota : ApiBatchItems Limit exceeded.")

    def _charge(self, batches: list[Batch]) -> int:
        """Take the batches from the daily allocation; how many of them it still covers."""
        limits = self.org.limits
        allowed = 0
        for batch in batches:
            if limits.used(BATCHES) >= self.settings.daily_batches:
                break
            if limits.used(RECORDS) + batch.records > self.settings.daily_records:
                break
            limits.charge(1, limit=BATCHES)
            limits.charge(batch.records, limit=RECORDS)
            allowed += 1
        return allowed

    def _plan(self) -> None:
        request = self.job.request
        sobject = self.org.visible_sobject(request.object)
        if sobject is None:
            raise JobFailure(f"InvalidEntity : Entity '{request.object}' is not supported by the Bulk API.")
        self.plan = plan(
            self.org.schema,
            sobject,
            read_header(self.dialect.parse, self.header),
            operation=request.operation,
            external_id=request.external_id,
            visible=lambda owner, field: field.name not in self.org.field_access(self.job.created_by, owner).hidden,
        )

    def _waves(self, results: Results) -> None:
        for first in range(0, len(self.lanes), self.settings.lanes):
            wave = self.lanes[first : first + self.settings.lanes]
            for _ in wave:
                self._batch_faults()
            while any(not lane.over for lane in wave):
                self._step([lane for lane in wave if not lane.over], results)

    def _batch_faults(self) -> None:
        slow = self.org.faults.strikes("slow_batch", self._path)
        if slow is not None and self.job.stop.wait(slow.seconds):
            raise Stopped
        if self.org.faults.strikes("job_failed", self._path):
            raise JobFailure("InternalServerError : The batch could not be processed. Batch will not be retried.")

    def _step(self, lanes: list[Lane], results: Results) -> None:
        held: set[str] = set()
        for position, lane in enumerate(lanes):
            if self.job.stop.is_set():
                raise Stopped
            following = position + 1 < len(lanes)
            self._chunk(lane, held, results, keep=following)
            self.jobs.held[self.job.id] = frozenset(held)

    def _chunk(self, lane: Lane, held: set[str], results: Results, *, keep: bool) -> None:
        """Save the lane's next rows; ``held`` gains what they lock when other lanes must know (``keep``)."""
        size = min(self.settings.chunk_records, lane.batch.records - lane.done)
        rows = [self._read(record) for _, record in zip(range(size), lane.records, strict=False)]
        rows = [self._unlucky(row) for row in rows] if self.org.faults.armed("lock_rows") else rows
        good = [record for _, record in rows if not isinstance(record, SaveError)]
        locked = held | self.jobs.locked_elsewhere(self.job.id)
        saved = iter(self._named(good, self._save(good, locked), locked))
        outcomes = [(values, r if isinstance(r, SaveError) else next(saved)) for values, r in rows]
        if keep or len(self.jobs.held) > 1:
            held |= self._locks(good)
        lane.done += size
        failed = results.write(outcomes)
        with self.job.lock:
            self.job.processed += size
            self.job.failed += failed

    def _unlucky(self, row: RowRead) -> RowRead:
        """The row, or its refusal when the fault ``lock_rows`` strikes it."""
        return (row[0], LOCKED) if self.org.faults.strikes("lock_rows", self._path) else row

    def _named(self, records: list[dict[str, Any]], results: list[SaveResult], locked: set[str]) -> list[SaveResult]:
        """Name the locked records in the lock errors of a chunk, as the org does."""
        found = [each for each, result in zip(records, results, strict=True) if LOCKED in result.errors]
        if not found:
            return results
        ids = sorted(self._locks(found) & locked)
        text = f"unable to obtain exclusive access to this record or {len(ids)} records: {','.join(ids)}"
        error = replace(LOCKED, message=text) if ids else LOCKED
        return [replace(each, errors=(error,)) if LOCKED in each.errors else each for each in results]

    def _read(self, record: str) -> RowRead:
        try:
            values = self.dialect.parse(record)
        except RowFault as fault:
            values = record.split(self.dialect.delimiter)
            return values, SaveError("INVALID_FIELD", str(fault))
        return values, self.plan.record(values)

    def _save(self, records: list[dict[str, Any]], locked: set[str]) -> list[SaveResult]:
        request = self.job.request
        if not records:
            return []
        if request.operation == "hardDelete":
            return self._hard_delete(records, locked)
        return self.org.save(
            request.operation,  # type: ignore[arg-type]  # ingest_request allows these operations only
            request.object,
            records,
            user=self.job.created_by,
            external_id=request.external_id,
            locked=locked,
        )

    def _hard_delete(self, records: list[dict[str, Any]], locked: set[str]) -> list[SaveResult]:
        """Delete without the recycle bin (Create a Job, *hardDelete*)."""
        org, name, user = self.org, self.job.request.object, self.job.created_by
        with org.transaction(user):
            results = org.save("delete", name, records, user=user, locked=locked)
            for result in results:
                if result.success and result.id:
                    org.put(name, result.id, None)
        return results

    def _locks(self, records: list[dict[str, Any]]) -> set[str]:
        with self.org.lock:
            return set().union(*[self.org.locking_parents(self.job.request.object, each) for each in records])


class _Later:
    """An upload opened when its first record is asked for, so that a wave's files only are open at once."""

    def __init__(self, path: Any) -> None:
        self._path = path
        self._file: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def slice(self, dialect: Any, batch: Batch) -> Iterator[str]:
        self._file = self._path.open("rb")
        yield from dialect.slice(self._file, batch.position, batch.records)
        self._file.close()
