"""Ingest jobs of Bulk API 2.0: what a job is, its states, and the org's list of jobs."""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.bulk_csv import Dialect
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.scratch import Scratch

if TYPE_CHECKING:
    from pathlib import Path

    from salesbridge.sandbox.salesforce.org import Org

JOB_PREFIX = "750"
TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
FAILED_ID_VERSION = 53.0
"""The API version whose failed results first have ``sf__Id`` (Get Job Failed Record Results)."""


@dataclass(slots=True)
class BulkSettings:
    """The allocations and the pace of the simulated Bulk API; all may be changed while the org runs.

    ``lanes`` is how many batches of one job run side by side, ``jobs_at_once`` how many jobs do, ``queue_seconds``
    how long a job waits before it starts. ``seed`` decides the order of result rows. Source of the figures: Bulk API
    and Bulk API 2.0 Limits and Allocations.
    """

    lanes: int = 4
    jobs_at_once: int = 4
    batch_records: int = 10_000
    chunk_records: int = 200
    daily_batches: int = 15_000
    daily_records: int = 150_000_000
    daily_query_jobs: int = 10_000
    max_upload_bytes: int = 112_500_000
    max_multipart_characters: int = 100_000
    query_page: int = 50_000
    retention: dt.timedelta = dt.timedelta(days=7)
    queue_seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a client asks for when it creates an ingest job."""

    object: str
    operation: str
    external_id: str | None
    dialect: Dialect
    assignment_rule: str | None = None


@dataclass(slots=True, eq=False)
class IngestJob:
    """One ingest job. ``lock`` guards its state; ``stop`` is set when it shall not go on."""

    id: str
    request: JobRequest
    created_by: str
    created: dt.datetime
    api_version: float
    folder: Path
    state: str = "Open"
    modified: dt.datetime = field(init=False)
    error_message: str | None = None
    processed: int = 0
    failed: int = 0
    active_ms: int = 0
    total_ms: int = 0
    uploaded: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    finished: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    def file(self, part: str) -> Path:
        """Where the upload (``upload``) or a result (``successful``, ``failed``, ``unprocessed``) is kept."""
        return self.folder / f"{self.id}.{part}.csv"

    def move(self, state: str, at: dt.datetime) -> None:
        """Enter a state."""
        with self.lock:
            self.state, self.modified = state, at
            if state in TERMINAL:
                self.finished.set()

    def as_json(self, *, detail: bool = False) -> dict[str, Any]:
        """The job as the API shows it; ``detail`` adds what Get Information About an Ingest Job adds."""
        request, dialect = self.request, self.request.dialect
        shown: dict[str, Any] = {"id": self.id, "operation": request.operation, "object": request.object}
        shown |= {"createdById": self.created_by, "createdDate": wire(self.created)}
        shown |= {"systemModstamp": wire(self.modified), "state": self.state}
        if request.external_id:
            shown["externalIdFieldName"] = request.external_id
        if request.assignment_rule:
            shown["assignmentRuleId"] = request.assignment_rule
        shown |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": self.api_version}
        if detail:
            shown["jobType"] = "V2Ingest"
        if self.state == "Open":
            shown["contentUrl"] = f"services/data/v{self.api_version:.1f}/jobs/ingest/{self.id}/batches"
        shown |= {"lineEnding": dialect.line_ending, "columnDelimiter": dialect.column_delimiter}
        return shown | (self._numbers() if detail else {})

    def _numbers(self) -> dict[str, Any]:
        numbers: dict[str, Any] = {"retries": 0, "totalProcessingTime": self.total_ms}
        numbers |= {"apiActiveProcessingTime": self.active_ms, "apexProcessingTime": 0}
        if self.state != "Open":
            numbers |= {"numberRecordsProcessed": self.processed, "numberRecordsFailed": self.failed}
        if self.error_message:
            numbers["errorMessage"] = self.error_message
        return numbers

    def discard(self) -> None:
        """Stop the job and delete its data."""
        self.stop.set()
        for part in ("upload", "successful", "failed", "unprocessed"):
            self.file(part).unlink(missing_ok=True)


def wire(moment: dt.datetime) -> str:
    """A moment as job information spells it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class IngestJobs:
    """The ingest jobs of one org and the folder their data lives in.

    Args:
        org: The org; its clock decides when finished jobs are forgotten.
        settings: Allocations and pace.
    """

    def __init__(self, org: Org, settings: BulkSettings) -> None:
        self._org = weakref.ref(org)
        self.settings = settings
        self._jobs: dict[str, IngestJob] = {}
        self._guard = threading.Lock()
        self._scratch = Scratch("bulk")
        self.slots = threading.BoundedSemaphore(settings.jobs_at_once)
        self.held: dict[str, frozenset[str]] = {}

    @property
    def org(self) -> Org:
        """The org these jobs belong to."""
        org = self._org()
        if org is None:
            raise RuntimeError("The org of these jobs is gone")
        return org

    def create(self, request: JobRequest, *, user: str, api_version: float) -> IngestJob:
        """Open a job."""
        org = self.org
        name = org.new_id(JOB_PREFIX)
        job = IngestJob(name, request, user, org.clock(), api_version, self._scratch.path)
        with self._guard:
            self._jobs[job.id] = job
        return job

    def get(self, job_id: str) -> IngestJob:
        """The job of that id, given with 15 or 18 characters.

        Raises:
            ApiError: 404 ``NOT_FOUND`` when there is none (deleted, or older than seven days).
        """
        self._forget_old()
        job = self._jobs.get(job_id) or next((j for i, j in self._jobs.items() if i[:15] == job_id), None)
        if job is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return job

    def all(self) -> list[IngestJob]:
        """Every job the org remembers, oldest first."""
        self._forget_old()
        with self._guard:
            return list(self._jobs.values())

    def delete(self, job: IngestJob) -> None:
        """Remove a job and its data.

        Raises:
            ApiError: The job is open or being processed (Delete a Job).
        """
        with job.lock:
            if job.state not in TERMINAL | {"UploadComplete"}:
                problem = "Error encountered when deleting the job because the job is not terminated"
                raise ApiError(400, "API_ERROR", problem)
            job.stop.set()
        with self._guard:
            self._jobs.pop(job.id, None)
        job.discard()

    def _forget_old(self) -> None:
        oldest = self.org.clock() - self.settings.retention
        with self._guard:
            old = [job for job in self._jobs.values() if job.state in TERMINAL and job.modified < oldest]
            for job in old:
                del self._jobs[job.id]
        for job in old:
            job.discard()

    def locked_elsewhere(self, job_id: str) -> set[str]:
        """The records other running jobs hold at this moment."""
        return set().union(*[ids for other, ids in list(self.held.items()) if other != job_id])

    def close(self) -> None:
        """Stop every job and delete all data."""
        for job in self.all():
            job.discard()
