"""Resources about the org as a whole: versions, resources, limits, record counts and replication."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from . import versions
from .rest import resource
from .results import ApiError
from .values import datetime_text
from .wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .org import Org
    from .rest import Call

_RESOURCES = ("sobjects", "query", "queryAll", "limits", "composite", "jobs", "tooling", "metadata", "search")
_MONTH = timedelta(days=30)


def routes(org: Org) -> list[Route]:
    """The routes of versions, resources, limits and replication."""
    return [
        Route("/services/data", _versions, methods=["GET"]),
        resource(org, "/", GET=_resources),
        resource(org, "/limits", GET=_limits),
        resource(org, "/limits/recordCount", GET=_record_count),
        resource(org, "/sobjects/{name}/updated", GET=_updated),
        resource(org, "/sobjects/{name}/deleted", GET=_deleted),
    ]


def _versions(_request: Request) -> Response:
    return JsonResponse(versions.listing())


def _resources(request: Request, call: Call) -> Any:  # noqa: ARG001
    return {name: f"{call.base}/{name}" for name in _RESOURCES}


def _limits(request: Request, call: Call) -> Any:  # noqa: ARG001
    return call.org.limits.as_json()


def _record_count(request: Request, call: Call) -> Any:
    sent = request.query_params.get("sObjects")
    asked = sent.split(",") if sent else call.org.visible_names()
    known = [found for name in asked if (found := call.org.visible_sobject(name.strip())) is not None]
    counts = [{"count": call.org.count(each.name), "name": each.name} for each in known]
    return {"sObjects": counts if sent else [each for each in counts if each["count"]]}


# -- replication -----------------------------------------------------------------------------------------------------


def _span(request: Request, call: Call) -> tuple[datetime, datetime]:
    """The span asked for, in whole minutes.

    Source: REST API Developer Guide, *sObject Get Updated*.

    Raises:
        ApiError: 400 when a date is missing, malformed, out of order or too long ago.
    """
    start, end = (_moment(request, name) for name in ("start", "end"))
    if start >= end:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate")
    if start < call.org.clock() - _MONTH:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate is not within the last 30 days")
    return start, end


def _moment(request: Request, name: str) -> datetime:
    text = request.query_params.get(name, "").replace(" ", "+")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, "INVALID_FIELD", f"The parameter {name} must be a dateTime") from error
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.replace(second=0, microsecond=0)


def _covered(call: Call, end: datetime) -> str:
    return datetime_text(min(end, call.org.clock()).replace(second=0, microsecond=0))


def _updated(request: Request, call: Call) -> Any:
    sobject = call.org.sobject(request.path_params["name"])
    start, end = _span(request, call)
    with call.org.lock:
        ids = [row["Id"] for row in call.org.rows(sobject.name) if start <= _stamp(row["SystemModstamp"]) < end]
    return {"ids": ids, "latestDateCovered": _covered(call, end)}


def _stamp(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _deleted(request: Request, call: Call) -> Any:
    sobject = call.org.sobject(request.path_params["name"])
    start, end = _span(request, call)
    with call.org.lock:
        gone = [
            {"id": each.id, "deletedDate": each.stamp}
            for each in call.org.deletions.entries(sobject.name)
            if start <= _stamp(each.stamp) < end
        ]
    earliest = datetime_text(call.org.clock() - _MONTH)
    return {"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": _covered(call, end)}
