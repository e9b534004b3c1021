"""Bulk API 2.0 over HTTP: ingest jobs. Source: Bulk API 2.0 and Bulk API Developer Guide."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response

from salesbridge.sandbox.salesforce import bulk_query
from salesbridge.sandbox.salesforce.bulk_csv import page
from salesbridge.sandbox.salesforce.bulk_jobs import TERMINAL, BulkSettings, IngestJob, IngestJobs
from salesbridge.sandbox.salesforce.bulk_listing import listed
from salesbridge.sandbox.salesforce.bulk_requests import ingest_request, wanted_state
from salesbridge.sandbox.salesforce.bulk_results import unprocessed
from salesbridge.sandbox.salesforce.bulk_run import BATCHES, Run
from salesbridge.sandbox.salesforce.bulk_upload import upload_endpoint
from salesbridge.sandbox.salesforce.multipart import parts
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

_JOBS: weakref.WeakKeyDictionary[Org, IngestJobs] = weakref.WeakKeyDictionary()
_GUARD = threading.Lock()
_ABORT_SECONDS = 10.0
RESULTS = {
    "successfulResults": "successful",
    "failedResults": "failed",
    "unprocessedrecords": "unprocessed",
    # The guide's walkthroughs (Bulk API 2.0, Step 3: Bulk Insert) write this resource so.
    "unprocessedRecords": "unprocessed",
}


def ingest_jobs(org: Org) -> IngestJobs:
    """The ingest jobs of an org; ``ingest_jobs(org).settings`` holds its allocations and its pace."""
    with _GUARD:
        if org not in _JOBS:
            _JOBS[org] = IngestJobs(org, BulkSettings())
        return _JOBS[org]


def routes(org: Org) -> list[Route]:
    """The routes of ingest and query jobs."""
    ingest = _Ingest(ingest_jobs(org))
    made = [
        resource(org, "/jobs/ingest", POST=ingest.create, GET=ingest.list),
        resource(org, "/jobs/ingest/{job}", GET=ingest.read, PATCH=ingest.change, DELETE=ingest.delete),
        upload_endpoint(org, ingest.jobs),
    ]
    for path, part in RESULTS.items():
        made.append(resource(org, f"/jobs/ingest/{{job}}/{path}", GET=ingest.results(part)))
    return [*made, *bulk_query.routes(org, ingest.jobs.settings)]


def start(jobs: IngestJobs, job: IngestJob) -> None:
    """Let the job be processed in the background."""
    threading.Thread(target=Run(job, jobs), name=f"bulk-{job.id}", daemon=True).start()


class _Ingest:
    """The handlers of ingest jobs.

    Args:
        jobs: The org's jobs.
    """

    def __init__(self, jobs: IngestJobs) -> None:
        self.jobs = jobs

    def create(self, request: Request, call: Call) -> dict[str, Any]:
        """Create a Job, with its data when the request is multipart."""
        self._check_allocation()
        if call.content_type == "multipart/form-data":
            return self._create_with_data(request, call)
        if call.content_type != "application/json":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type {call.content_type} is not supported")
        return self._created(call, call.body).as_json()

    def _check_allocation(self) -> None:
        if self.jobs.org.limits.used(BATCHES) >= self.jobs.settings.daily_batches:
            raise ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded.")

    def _created(self, call: Call, body: bytes) -> IngestJob:
        allowed = call.org.directory.allows(call.user_id, "BulkApiHardDelete")
        wanted = ingest_request(body, call.org, hard_delete=allowed)
        return self.jobs.create(wanted, user=call.user_id, api_version=call.version)

    def _create_with_data(self, request: Request, call: Call) -> dict[str, Any]:
        found = parts(request.headers["content-type"], call.body)
        if set(found) != {"job", "content"}:
            raise ApiError(400, "INVALID_MULTIPART_REQUEST", "A multipart job needs the parts 'job' and 'content'")
        if found["content"].content_type != "text/csv":
            raise ApiError(400, "INVALID_MULTIPART_REQUEST", "The part 'content' must be text/csv")
        limit = self.jobs.settings.max_multipart_characters
        if len(found["content"].data.decode("utf-8", "replace")) > limit:
            raise ApiError(400, "INVALID_MULTIPART_REQUEST", f"The part 'content' exceeds {limit} characters")
        job = self._created(call, found["job"].data)
        job.file("upload").write_bytes(found["content"].data)
        job.uploaded = True
        job.move("UploadComplete", call.org.clock())
        shown = job.as_json()
        start(self.jobs, job)
        return shown

    def list(self, request: Request, call: Call) -> dict[str, Any]:
        """Get Information About All Ingest Jobs."""
        jobs = [(job.id, job.as_json() | {"jobType": "V2Ingest"}) for job in self.jobs.all()]
        return listed(jobs, request, f"{call.base}/jobs/ingest", "V2Ingest")

    def read(self, request: Request, _call: Call) -> dict[str, Any]:
        """Get Information About an Ingest Job."""
        return self._job(request).as_json(detail=True)

    def _job(self, request: Request) -> IngestJob:
        return self.jobs.get(request.path_params["job"])

    def change(self, request: Request, call: Call) -> dict[str, Any]:
        """Upload Complete, or Abort a Job."""
        job = self._job(request)
        state = wanted_state(call.body, ("UploadComplete", "Aborted"))
        if state == "Aborted":
            self._abort(job, call)
            return job.as_json()
        with job.lock:
            self._check_closable(job, call)
            job.move("UploadComplete", call.org.clock())
        shown = job.as_json()
        start(self.jobs, job)
        return shown

    @staticmethod
    def _check_closable(job: IngestJob, call: Call) -> None:
        """Only an open job with data can be closed, and only by its creator (Limits, *Job close*)."""
        if job.created_by != call.user_id:
            raise ApiError(400, "INVALIDUSER", "InvalidUser : Only the user who created a job can close it")
        if job.state != "Open":
            problem = f"InvalidJobState : Job is in state {job.state}; only an Open job can be moved to UploadComplete"
            raise ApiError(400, "INVALIDJOBSTATE", problem)
        if not job.uploaded:
            raise ApiError(400, "INVALIDJOBSTATE", "InvalidJobState : No data has been uploaded to this job")

    def _abort(self, job: IngestJob, call: Call) -> None:
        if job.created_by != call.user_id and not call.org.directory.allows(call.user_id, "ManageDataIntegrations"):
            raise ApiError(400, "INVALIDUSER", "InvalidUser : Aborting needs the permission Manage Data Integrations")
        with job.lock:
            if job.state in TERMINAL:
                raise ApiError(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
            job.stop.set()
            waiting = job.state == "Open"
            if waiting:
                unprocessed(job, "", [])
                job.move("Aborted", call.org.clock())
        if not waiting:
            job.finished.wait(_ABORT_SECONDS)

    def delete(self, request: Request, _call: Call) -> None:
        """Delete a Job."""
        self.jobs.delete(self._job(request))

    def results(self, part: str) -> Callable[[Request, Call], Response]:
        """The handler of one kind of results."""

        def handler(request: Request, _call: Call) -> Response:
            job = self._job(request)
            if job.state not in TERMINAL:
                problem = "InvalidJobState : Results are available once the job is JobComplete, Failed or Aborted"
                raise ApiError(400, "INVALIDJOBSTATE", problem)
            return _csv(request, job, job.file(part))

        return handler


def _csv(request: Request, job: IngestJob, path: Path) -> Response:
    """A result file: whole, or a page of it when ``maxRecords`` or ``locator`` ask for one."""
    most, locator = request.query_params.get("maxRecords"), request.query_params.get("locator")
    if most is None and locator is None:
        return FileResponse(path, media_type="text/csv", headers={"Sforce-Locator": "null"})
    if most is not None and (not most.isdigit() or int(most) < 1):
        raise ApiError(400, "INVALIDOPERATION", "InvalidOperation : maxRecords must be a positive number")
    try:
        found = page(path, job.request.dialect, locator, int(most) if most else 2**62)
    except ValueError as error:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", str(error)) from None
    headers = {"Sforce-Locator": found.locator, "Sforce-NumberOfRecords": str(found.records)}
    return Response(found.data, media_type="text/csv", headers=headers)
