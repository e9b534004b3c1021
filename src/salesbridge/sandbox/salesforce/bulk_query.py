"""Bulk API 2.0 over HTTP: query jobs. Source: Bulk API 2.0 and Bulk API Developer Guide."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from salesbridge.sandbox.salesforce.bulk_csv import page
from salesbridge.sandbox.salesforce.bulk_jobs import JOB_PREFIX, TERMINAL, BulkSettings
from salesbridge.sandbox.salesforce.bulk_listing import listed
from salesbridge.sandbox.salesforce.bulk_query_jobs import QUERY_JOBS, QueryJob, QueryRun, checked
from salesbridge.sandbox.salesforce.bulk_requests import (
    QUERY_PROPERTIES,
    dialect,
    invalid_job,
    read_object,
    wanted_state,
)
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.scratch import Scratch

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

RESULT_PAGES_VERSION = 58.0
URIS = 5


def routes(org: Org, settings: BulkSettings) -> list[Route]:
    """The routes of query jobs."""
    query = _Query(org, settings)
    one = "/jobs/query/{job}"
    return [
        resource(org, "/jobs/query", POST=query.create, GET=query.list),
        resource(org, one, GET=query.read, PATCH=query.abort, DELETE=query.delete),
        resource(org, one + "/results", GET=query.results),
        resource(org, one + "/resultPages", GET=query.result_pages),
    ]


class _Query:
    """The handlers of query jobs, and the jobs of one org.

    Args:
        org: The org.
        settings: Allocations, page size and retention.
    """

    def __init__(self, org: Org, settings: BulkSettings) -> None:
        self._org, self._settings = org, settings
        self._jobs: dict[str, QueryJob] = {}
        self._guard = threading.Lock()
        self._scratch = Scratch("query")

    def create(self, _request: Request, call: Call) -> dict[str, Any]:
        """Create a Query Job."""
        if self._org.limits.used(QUERY_JOBS) >= self._settings.daily_query_jobs:
            raise ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : DailyBulkV2QueryJobs Limit exceeded.")
        found = read_object(call.body, QUERY_PROPERTIES)
        if found.get("operation") not in ("query", "queryAll"):
            raise invalid_job("operation must be query or queryAll")
        if not found.get("query"):
            raise invalid_job("query is required")
        job = self._new(found, call)
        shown = job.as_json()
        threading.Thread(target=QueryRun(self._org, job, self._settings), name=f"bulk-{job.id}", daemon=True).start()
        return shown

    def _new(self, found: dict[str, Any], call: Call) -> QueryJob:
        org, soql = self._org, found["query"]
        sobject = checked(org, soql, call.user_id, call.version)
        org.limits.charge(1, limit=QUERY_JOBS)
        name = org.new_id(JOB_PREFIX)
        file = self._scratch.path / f"{name}.csv"
        operation, style = found["operation"], dialect(found)
        job = QueryJob(name, operation, soql, sobject, style, call.user_id, org.clock(), call.version, file)
        with self._guard:
            self._jobs[name] = job
        return job

    def list(self, request: Request, call: Call) -> dict[str, Any]:
        """Get Information About All Query Jobs."""
        self._forget_old()
        jobs = [(job.id, job.as_json() | {"jobType": "V2Query"}) for job in list(self._jobs.values())]
        return listed(jobs, request, f"{call.base}/jobs/query", "V2Query")

    def _forget_old(self) -> None:
        oldest = self._org.clock() - self._settings.retention
        with self._guard:
            for job in list(self._jobs.values()):
                if job.state in TERMINAL and job.modified < oldest:
                    self._remove(job)

    def _remove(self, job: QueryJob) -> None:
        self._jobs.pop(job.id, None)
        job.file.unlink(missing_ok=True)

    def _job(self, request: Request) -> QueryJob:
        self._forget_old()
        wanted = request.path_params["job"]
        job = self._jobs.get(wanted) or next((j for i, j in self._jobs.items() if i[:15] == wanted), None)
        if job is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return job

    def read(self, request: Request, _call: Call) -> dict[str, Any]:
        """Get Information About a Query Job."""
        return self._job(request).as_json(detail=True)

    def abort(self, request: Request, call: Call) -> dict[str, Any]:
        """Abort a Query Job."""
        job = self._job(request)
        wanted_state(call.body, ("Aborted",))
        if job.created_by != call.user_id and not call.org.directory.allows(call.user_id, "ManageDataIntegrations"):
            raise ApiError(400, "INVALIDUSER", "InvalidUser : Aborting needs the permission Manage Data Integrations")
        with job.lock:
            if job.state in TERMINAL:
                raise ApiError(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
            job.stop.set()
            job.state, job.modified = "Aborted", self._org.clock()
        return job.as_json()

    def delete(self, request: Request, _call: Call) -> None:
        """Delete a Query Job."""
        job = self._job(request)
        if job.state not in TERMINAL:
            problem = "Error encountered when deleting the job because the job is not terminated"
            raise ApiError(400, "API_ERROR", problem)
        with self._guard:
            self._remove(job)

    def _complete(self, request: Request, call: Call) -> QueryJob:
        job = self._job(request)
        if call.version != job.api_version:
            problem = f"The job was created with API version {job.api_version:.1f}: get its results with the same"
            raise ApiError(409, "API_VERSION_MISMATCH", problem)
        if job.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"InvalidJobState : Job is in state {job.state}, not JobComplete")
        return job

    def results(self, request: Request, call: Call) -> Response:
        """Get Results for a Query Job: the last page has the literal ``null`` as its locator."""
        job = self._complete(request, call)
        asked = request.query_params.get("maxRecords")
        if asked is not None and (not asked.isdigit() or int(asked) < 1):
            raise ApiError(400, "INVALIDOPERATION", "InvalidOperation : maxRecords must be a positive number")
        most = int(asked) if asked else self._settings.query_page
        try:
            found = page(job.file, job.dialect, request.query_params.get("locator"), most)
        except ValueError as error:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", str(error)) from None
        headers = {"Sforce-Locator": found.locator, "Sforce-NumberOfRecords": str(found.records)}
        return Response(found.data, media_type="text/csv", headers=headers)

    def result_pages(self, request: Request, call: Call) -> dict[str, Any]:
        """Get Parallel Results for a Query Job: up to five addresses at once."""
        if call.version < RESULT_PAGES_VERSION:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        job = self._complete(request, call)
        at = request.query_params.get("locator")
        if at is not None and at not in job.marks:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", f"The locator {at!r} is not one of this job's results")
        first = job.marks.index(at) if at else 0
        here = f"{call.base}/jobs/query/{job.id}"
        shown = [{"resultUrl": f"{here}/results?locator={mark}"} for mark in job.marks[first : first + URIS]]
        rest = job.marks[first + URIS :]
        following = f"{here}/resultPages?locator={rest[0]}" if rest else None
        return {"resultPages": shown, "nextRecordsUrl": following, "done": not rest}
