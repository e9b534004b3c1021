"""Bulk API 2.0: ingest and query jobs, streamed both ways."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote as percent

import orjson

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.csv_stream import csv_rows
from salesbridge.salesforce.errors import SalesforceError, job_error
from salesbridge.salesforce.links import job_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from salesbridge.salesforce.rest import Salesforce

# 150 MB once Salesforce has base64-encoded it (Bulk API 2.0 guide, "Upload Job Data").
MAX_UPLOAD_BYTES: Final = 100_000_000
TERMINAL: Final = frozenset({"JobComplete", "Failed", "Aborted"})

JobKind = Literal["ingest", "query"]
Which = Literal["successful", "failed", "unprocessed"]
BulkOperation = Literal["insert", "update", "upsert", "delete", "hardDelete"]
_RESULTS: Final[Mapping[Which, str]] = {
    "successful": "successfulResults",
    "failed": "failedResults",
    "unprocessed": "unprocessedrecords",
}
_JSON: Final = {"Content-Type": "application/json"}
_CSV: Final = {"Accept": "text/csv"}
_CHUNK: Final = 1 << 18
_BOM: Final = b"\xef\xbb\xbf"
_PAGE_ROWS: Final = "50000"


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk job as Salesforce last told it.

    Attributes:
        id: 18 characters, ``750...``.
        state: Open, UploadComplete, InProgress, JobComplete, Failed or Aborted.
        processed: Records processed, the failed included.
        failed: Records refused; a job may be ``JobComplete`` and have them.
        error_message: Why the job itself failed.
        sobject: API name.
        operation: insert, update, upsert, delete, hardDelete, query or queryAll.
        external_id: Field an upsert goes by.
        api_version: As created; results must be asked for with the same.
        retries: How often Salesforce itself retried batches.
        total_ms: Processing time in milliseconds.
        created_at: Raw text.
    """

    id: str
    state: str
    processed: int = 0
    failed: int = 0
    error_message: str | None = None
    sobject: str | None = None
    operation: str | None = None
    external_id: str | None = None
    api_version: str | None = None
    retries: int = 0
    total_ms: int | None = None
    created_at: str | None = None

    @property
    def done(self) -> bool:
        """Whether the state is final."""
        return self.state in TERMINAL

    @property
    def error(self) -> SalesforceError | None:
        """Why the job itself failed, with what a person does about it."""
        return job_error(self.error_message) if self.error_message else None


class Bulk:
    """Bulk jobs of one org.

    An ingest job: ``create``, ``upload`` (one file, once), ``close``, ``wait``, then ``results``, whose rows come in
    any order: carry a key column of your own.
    """

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    def create(
        self,
        sobject: str,
        operation: BulkOperation,
        external_id: str | None = None,
        line_ending: Literal["LF", "CRLF"] = "LF",
    ) -> Job:
        """Opens an ingest job for comma-separated UTF-8 data."""
        body = {
            "object": sobject,
            "operation": operation,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": line_ending,
            **({"externalIdFieldName": external_id} if external_id else {}),
        }
        return self._job("POST", "ingest", body=body)

    def upload(self, job_id: str, path: Path) -> None:
        """Streams a CSV file into an open job; a job takes one upload.

        After an unknown outcome abort the job and begin another: Salesforce does not tell whether an open job has data.

        Raises:
            SalesforceError: ``UPLOAD_TOO_LARGE``, ``UPLOAD_HAS_BOM``, or what Salesforce says.
        """
        size = path.stat().st_size
        _require_uploadable(path, size)
        headers = {"Content-Type": "text/csv; charset=UTF-8", "Content-Length": str(size)}

        @contextlib.contextmanager
        def body() -> Iterator[Mapping[str, Any]]:
            with path.open("rb") as file:
                yield {"content": iter(lambda: file.read(_CHUNK), b"")}

        self._salesforce.send(Call("PUT", self._path("ingest", job_id, "/batches"), "bulk", headers=headers, body=body))

    def close(self, job_id: str) -> Job:
        """Says that the upload is complete: Salesforce begins to process."""
        return self._job("PATCH", "ingest", job_id, body={"state": "UploadComplete"})

    def info(self, job_id: str, kind: JobKind = "ingest") -> Job:
        """Asks for the state of a job."""
        return self._job("GET", kind, job_id)

    def abort(self, job_id: str, kind: JobKind = "ingest") -> Job:
        """Stops a job; records already saved stay saved."""
        return self._job("PATCH", kind, job_id, body={"state": "Aborted"})

    def delete(self, job_id: str, kind: JobKind = "ingest") -> None:
        """Deletes a finished job with its data; Salesforce does so by itself after seven days."""
        self._salesforce.send(Call("DELETE", self._path(kind, job_id), "bulk"))

    def jobs(self, kind: JobKind = "ingest") -> Iterator[Job]:
        """Yields the org's jobs of Bulk API 2.0, in no particular order."""
        job_type = "V2Ingest" if kind == "ingest" else "V2Query"
        params: dict[str, str] | None = {"jobType": job_type}
        path = self._path(kind)
        while True:
            page = self._salesforce.json(Call("GET", path, "bulk", params=params))
            yield from (_job(record) for record in page["records"])
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            path, params = "/" + str(page["nextRecordsUrl"]).lstrip("/"), None

    def link(self, job_id: str) -> str:
        """Gives the page of the job in Salesforce."""
        return job_link(self._salesforce.token.instance_url, job_id)

    def wait(
        self,
        job_id: str,
        kind: JobKind = "ingest",
        *,
        poll: float = 5.0,
        timeout: float | None = None,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Waits until a job is done, asking seldom: a poll is an API call.

        Args:
            job_id: The job.
            kind: Ingest or query.
            poll: Longest pause between two polls in seconds; the first pauses are shorter.
            timeout: Seconds after which the job is given as it is, not done.
            on_progress: Called after every poll.
        """
        began = time.monotonic()
        pause = poll / 16
        while True:
            job = self.info(job_id, kind)
            if on_progress:
                on_progress(job)
            if job.done or (timeout is not None and time.monotonic() - began >= timeout):
                return job
            time.sleep(pause)
            pause = min(poll, pause * 1.25)

    def results(self, job_id: str, which: Which) -> Iterator[list[str]]:
        """Yields the rows of a finished ingest job's result file, header first, as it streams in.

        ``successful`` has ``sf__Id, sf__Created``, ``failed`` has ``sf__Id, sf__Error`` (see
        ``errors.parse_row_error``) before the columns sent, ``unprocessed`` the columns alone. An empty file yields
        nothing.
        """
        return self._rows(self._path("ingest", job_id, f"/{_RESULTS[which]}/"), {})

    def create_query(self, soql: str, *, all: bool = False) -> Job:  # noqa: A002  the interface's word
        """Starts a query job; no GROUP BY, OFFSET, aggregates or child subqueries."""
        return self._job("POST", "query", body={"operation": "queryAll" if all else "query", "query": soql})

    def query_rows(self, job_id: str) -> Iterator[list[str]]:
        """Yields the rows of a finished query job, header first, following its locators."""
        return self._rows(self._path("query", job_id, "/results"), {"maxRecords": _PAGE_ROWS})

    def query(self, soql: str, *, all: bool = False, poll: float = 5.0) -> Iterator[list[str]]:  # noqa: A002  as above
        """Runs a query job to its end and yields its rows, header first.

        Raises:
            SalesforceError: The job failed or was aborted.
        """
        job = self.wait(self.create_query(soql, all=all).id, "query", poll=poll)
        if job.state != "JobComplete":
            raise job.error or job_error(f"InvalidJobState : The query job ended as {job.state}")
        yield from self.query_rows(job.id)

    def _rows(self, path: str, params: dict[str, str]) -> Iterator[list[str]]:
        header: list[str] | None = None
        locator = ""
        while locator != "null":
            page = {**params, **({"locator": locator} if locator else {})}
            with self._salesforce.stream(Call("GET", path, "bulk", params=page, headers=_CSV)) as response:
                rows = csv_rows(response)
                if header is None:
                    header = next(rows, None)
                    yield from [header] if header else []
                else:
                    next(rows, None)
                yield from _counted(rows, response.headers.get("sforce-numberofrecords"))
                locator = _next_locator(locator, response.headers.get("sforce-locator"))

    def _path(self, kind: JobKind, job_id: str | None = None, rest: str = "") -> str:
        base = f"{self._salesforce.base_path}/jobs/{kind}"
        return f"{base}/{percent(job_id, safe='')}{rest}" if job_id else base

    def _job(self, method: str, kind: JobKind, job_id: str | None = None, body: Mapping[str, Any] | None = None) -> Job:
        content = orjson.dumps(body) if body is not None else None
        headers = _JSON if body is not None else {}
        return _job(
            self._salesforce.json(Call(method, self._path(kind, job_id), "bulk", headers=headers, content=content))
        )


def _job(record: Mapping[str, Any]) -> Job:
    version = record.get("apiVersion")
    return Job(
        id=str(record["id"]),
        state=str(record["state"]),
        processed=int(record.get("numberRecordsProcessed") or 0),
        failed=int(record.get("numberRecordsFailed") or 0),
        error_message=record.get("errorMessage") or None,
        sobject=record.get("object"),
        operation=record.get("operation"),
        external_id=record.get("externalIdFieldName"),
        api_version=None if version is None else str(version),
        retries=int(record.get("retries") or 0),
        total_ms=record.get("totalProcessingTime"),
        created_at=record.get("createdDate"),
    )


def _counted(rows: Iterator[list[str]], promised: str | None) -> Iterator[list[str]]:
    """Passes rows on and refuses a page that ends early: a cut-off CSV can still be well-formed."""
    count = 0
    for row in rows:
        count += 1
        yield row
    if promised is not None and promised.isdigit() and int(promised) != count:
        raise SalesforceError(
            f"A result page has {count} rows where Salesforce promised {promised}.",
            kind="transient",
            code="BAD_RESULT",
            mend="The results are fetched again by themselves; check proxies if it lasts.",
        )


def _next_locator(current: str, told: str | None) -> str:
    """Gives the next page's locator; the literal ``null`` ends (Bulk API 2.0 guide, "Get Results for a Query Job")."""
    following = told or "null"
    if following == current:
        raise SalesforceError(
            "The result pages do not advance.",
            kind="transient",
            code="BAD_RESULT",
            mend="The results are fetched again by themselves; check proxies if it lasts.",
        )
    return following


def _require_uploadable(path: Path, size: int) -> None:
    if size > MAX_UPLOAD_BYTES:
        raise SalesforceError(
            f"{path.name} has {size} bytes; a job takes {MAX_UPLOAD_BYTES}.",
            kind="permanent",
            code="UPLOAD_TOO_LARGE",
            mend="Split the data over several jobs.",
        )
    with path.open("rb") as file:
        if file.read(len(_BOM)) == _BOM:
            raise SalesforceError(
                f"{path.name} begins with a byte order mark, which would become part of the first column's name.",
                kind="permanent",
                code="UPLOAD_HAS_BOM",
                mend="Write the file as UTF-8 without a byte order mark.",
            )
