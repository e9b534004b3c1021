"""The upload of job data: streamed to a file, never held in memory."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.salesforce import rest
from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.salesforce.bulk_jobs import IngestJobs
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

_GZIP_WINDOW = 31
_UTF8 = {"", "utf-8", "utf8"}


class TooLarge(Exception):  # noqa: N818 - the upload is at fault
    """The data is larger than a job may have."""


def upload_endpoint(org: Org, jobs: IngestJobs) -> Route:
    """The route of Upload Job Data."""

    async def endpoint(request: Request) -> Response:
        problem: ApiError | None = None
        with tempfile.NamedTemporaryFile(prefix="salesforce-upload-", delete=False) as target:
            received = Path(target.name)
            try:
                await _receive(request, target, jobs.settings.max_upload_bytes)
            except ApiError as error:
                problem = error

        def dispatch(request: Request, call: Call) -> Any:
            if problem is not None:
                raise problem
            return _accept(jobs, request, call, received)

        try:
            return await run_in_threadpool(rest._answer, org, dispatch, request, b"")  # noqa: SLF001 - see below
        finally:
            await run_in_threadpool(received.unlink, missing_ok=True)

    # rest.authenticated reads the whole body first; an upload of 100 MB must not pass through memory.
    path = "/services/data/{version}/jobs/ingest/{job}/batches"
    return Route(path, endpoint, methods=["PUT", "GET", "POST", "PATCH", "DELETE"])


async def _receive(request: Request, target: Any, limit: int) -> None:
    """Write the request body, unpacked, to the file.

    Raises:
        ApiError: The body is larger than the limit, or no gzip although it says so.
    """
    unpack = zlib.decompressobj(_GZIP_WINDOW) if request.headers.get("content-encoding", "").lower() == "gzip" else None
    size = 0
    problem = None
    async for chunk in request.stream():
        if problem is not None:
            continue
        try:
            data = unpack.decompress(chunk) if unpack else chunk
        except zlib.error:
            problem = ApiError(400, "UNKNOWN_EXCEPTION", "The request body is not valid compressed data")
            continue
        size += len(data)
        if size > limit:
            problem = _too_large()
            continue
        target.write(data)
    if unpack is not None and not unpack.eof and problem is None:
        problem = ApiError(400, "UNKNOWN_EXCEPTION", "The request body is not valid compressed data")
    if problem is not None:
        raise problem


def _too_large() -> ApiError:
    return ApiError(
        400, "CLIENTINPUTERROR", "ClientInputError : The data exceeds 150 MB after its conversion to base64"
    )


def _accept(jobs: IngestJobs, request: Request, call: Call, received: Path) -> Response:
    """Take the uploaded file into the job.

    Raises:
        ApiError: Another method than PUT, another content type than CSV in UTF-8, or the job takes no (more) data.
    """
    if call.method != "PUT":
        message = f"HTTP Method '{call.method}' not allowed. Allowed are PUT"
        raise ApiError(405, "METHOD_NOT_ALLOWED", message, headers={"Allow": "PUT"})
    _check_type(request, call)
    job = jobs.get(request.path_params["job"])
    with job.lock:
        if job.created_by != call.user_id:
            raise ApiError(400, "INVALIDUSER", "InvalidUser : The job was created by another user")
        if job.state != "Open":
            raise ApiError(400, "INVALIDJOBSTATE", f"InvalidJobState : Job is in state {job.state}, not Open")
        if job.uploaded:
            raise ApiError(400, "CLIENTINPUTERROR", _twice(job.id))
        received.replace(job.file("upload"))
        job.uploaded = True
    return Response(status_code=201)


def _twice(job_id: str) -> str:
    return (
        f"Found multiple contents for job: <{job_id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create "
        "a new Job and make sure you only do 'PUT' once on a given Job."
    )


def _check_type(request: Request, call: Call) -> None:
    parameters = request.headers.get("content-type", "").partition(";")[2]
    charset = parameters.partition("charset=")[2].strip(' "').lower()
    if call.content_type != "text/csv" or charset not in _UTF8:
        given = request.headers.get("content-type", "none")
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type {given} is not supported: send text/csv in UTF-8")
