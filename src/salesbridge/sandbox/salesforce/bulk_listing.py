"""Lists of jobs: filters and pages of a thousand. Source: Get Information About All Ingest Jobs / Query Jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

PAGE = 1000
JOB_TYPES = frozenset({"BigObjectIngest", "Classic", "V2Ingest", "V2Query"})
_PARAMETERS = frozenset({"isPkChunkingEnabled", "jobType", "concurrencyMode", "queryLocator"})


def listed(jobs: list[tuple[str, dict[str, Any]]], request: Request, path: str, own_type: str) -> dict[str, Any]:
    """A page of jobs.

    Args:
        jobs: Id and shown form of every job of this kind.
        request: Its query parameters filter and page.
        path: The path of the list, for ``nextRecordsUrl``.
        own_type: The ``jobType`` of these jobs.

    Raises:
        ApiError: An unknown job type or a locator this list never gave.
    """
    asked = request.query_params
    chosen = [shown for _, shown in jobs] if _wanted(asked, own_type) else []
    first = _first(asked.get("queryLocator"))
    rows = chosen[first : first + PAGE]
    done = first + PAGE >= len(chosen)
    last = jobs[min(first + PAGE, len(jobs)) - 1][0] if jobs else ""
    return {
        "done": done,
        "records": rows,
        "nextRecordsUrl": None if done else f"{path}?queryLocator={last}-{first + PAGE}",
    }


def _wanted(asked: Any, own_type: str) -> bool:
    job_type = asked.get("jobType")
    if job_type is not None and job_type not in JOB_TYPES:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unknown jobType {job_type}")
    chunked = asked.get("isPkChunkingEnabled", "false").lower() == "true" and own_type == "V2Ingest"
    serial = asked.get("concurrencyMode", "parallel").lower() != "parallel"
    return job_type in (None, own_type) and not chunked and not serial


def _first(locator: str | None) -> int:
    if locator is None:
        return 0
    _, dash, number = locator.rpartition("-")
    if not dash or not number.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", f"The locator {locator!r} was not given out by this list")
    return int(number)
