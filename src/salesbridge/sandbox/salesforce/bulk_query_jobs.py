"""Query jobs of Bulk API 2.0: what may be asked, and running it into a result file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.bulk_csv import Dialect, locator
from salesbridge.sandbox.salesforce.bulk_jobs import TERMINAL, BulkSettings, wire
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.soql import ast, parse, run_query, unparse
from salesbridge.sandbox.salesforce.soql.errors import SoqlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.schema import SObject
    from salesbridge.sandbox.salesforce.soql import QueryResult

QUERY_JOBS = "DailyBulkV2QueryJobs"
ORDERED_COLUMNS_VERSION = 50.0
"""First version with columns in the order of the query; before, alphabetically (Get Results for a Query Job)."""

_SLICE = 2_000
_COMPOUND = frozenset({"address", "location"})


@dataclasses.dataclass(slots=True, eq=False)
class QueryJob:
    """One query job. ``marks`` are the locators at which pages of the default size begin."""

    id: str
    operation: str
    query: str
    object: str
    dialect: Dialect
    created_by: str
    created: dt.datetime
    api_version: float
    file: Path
    state: str = "UploadComplete"
    modified: dt.datetime = dataclasses.field(init=False)
    error_message: str | None = None
    processed: int = 0
    total_ms: int = 0
    marks: list[str] = dataclasses.field(default_factory=list)
    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock, repr=False)
    stop: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    def as_json(self, *, detail: bool = False) -> dict[str, Any]:
        """The job as the API shows it; ``detail`` adds what Get Information About a Query Job adds."""
        shown: dict[str, Any] = {"id": self.id, "operation": self.operation, "object": self.object}
        shown |= {"createdById": self.created_by, "createdDate": wire(self.created)}
        shown |= {"systemModstamp": wire(self.modified), "state": self.state, "concurrencyMode": "Parallel"}
        shown |= {"contentType": "CSV", "apiVersion": self.api_version}
        dialect = {"lineEnding": self.dialect.line_ending, "columnDelimiter": self.dialect.column_delimiter}
        if not detail:
            return shown | dialect
        numbers = {"numberRecordsProcessed": self.processed, "retries": 0, "totalProcessingTime": self.total_ms}
        failure = {"errorMessage": self.error_message} if self.error_message else {}
        return shown | {"jobType": "V2Query"} | dialect | numbers | {"isPkChunkingSupported": True} | failure


def checked(org: Org, soql: str, user: str, version: float) -> str:
    """Refuse what Bulk API 2.0 cannot query; the name of the object asked.

    Raises:
        ApiError: The statement is malformed, names what is not there, or uses GROUP BY, OFFSET, an aggregate, a
            parent-to-child subquery or a compound field (Create a Query Job).
    """
    try:
        query = parse(soql)
    except SoqlError as error:
        raise error.answer(soql) from None
    refused = _unsupported(query)
    if refused:
        raise ApiError(400, "API_ERROR", f"{refused} not supported in Bulk V2 Query with CSV content type")
    with org.lock:
        result = run_query(org, unparse(dataclasses.replace(query, limit=0)), user=user, version=version)
        sobject = org.schema.sobject(result.sobject)
    if sobject is not None:
        _refuse_compounds(org, sobject, result)
    return result.sobject


def _unsupported(query: ast.Query) -> str | None:
    if query.group_by:
        return "GROUP BY"
    if query.offset is not None:
        return "OFFSET"
    if any(isinstance(item, ast.SelectChildren) for item in query.select):
        return "Aggregate Relationships"
    operands = [item.operand for item in query.select if isinstance(item, ast.SelectField)]
    return "Aggregate functions" if any(isinstance(each, ast.Aggregate) for each in operands) else None


def _refuse_compounds(org: Org, sobject: SObject, result: QueryResult) -> None:
    for column in result.columns:
        *steps, name = column.split(".")
        owner: SObject | None = sobject
        for step in steps:
            field = owner.relationship(step) if owner else None
            owner = org.schema.sobject(field.reference_to[0]) if field and field.reference_to else None
        found = owner.field(name) if owner else None
        if found is not None and found.type in _COMPOUND:
            problem = "Selecting compound data not supported in Bulk Query"
            raise ApiError(400, "FEATURENOTENABLED", f"FeatureNotEnabled : {problem}")


class QueryRun:
    """One pass through one query job.

    Args:
        org: The org asked.
        job: The job, in state UploadComplete.
        settings: Page size and waiting time.
    """

    def __init__(self, org: Org, job: QueryJob, settings: BulkSettings) -> None:
        self._org, self._job, self._settings = org, job, settings

    def __call__(self) -> None:
        """Run the query to one of its final states; nothing is raised."""
        started = time.perf_counter()
        if self._job.stop.wait(self._settings.queue_seconds):
            return
        with self._job.lock:
            if self._job.state in TERMINAL:
                return
            self._move("InProgress")
        try:
            self._write()
        except ApiError as error:
            self._finish("Failed", started, f"{error.code}: {error.message}")
        else:
            self._finish("JobComplete", started)

    def _move(self, state: str) -> None:
        self._job.state, self._job.modified = state, self._org.clock()

    def _finish(self, state: str, started: float, message: str | None = None) -> None:
        with self._job.lock:
            self._job.total_ms = int((time.perf_counter() - started) * 1000)
            if self._job.state not in TERMINAL:
                self._job.error_message = message
                self._move(state)

    def _write(self) -> None:
        job, org = self._job, self._org
        slow = org.faults.strikes("slow_batch", f"/jobs/query/{job.id}/{job.object}")
        if slow is not None:
            job.stop.wait(slow.seconds)
        deleted = job.operation == "queryAll"
        with org.lock:
            result = run_query(org, job.query, include_deleted=deleted, user=job.created_by, version=job.api_version)
        order = list(range(len(result.columns)))
        if job.api_version < ORDERED_COLUMNS_VERSION:
            order.sort(key=result.columns.__getitem__)
        with job.file.open("wb") as file:
            file.write(job.dialect.render([result.columns[at] for at in order]).encode())
            for line in self._lines(result, order):
                if job.processed % self._settings.query_page == 0:
                    job.marks.append(locator(file.tell(), job.processed))
                file.write(line)
                job.processed += 1

    def _lines(self, result: QueryResult, order: list[int]) -> Iterator[bytes]:
        for start in range(0, len(result), _SLICE):
            if self._job.stop.is_set():
                return
            for values in result.values(start, start + _SLICE):
                yield self._job.dialect.render([_text(values[at]) for at in order]).encode()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text[:-5] + "Z" if text.endswith(".000+0000") else text
