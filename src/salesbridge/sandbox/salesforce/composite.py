"""Composite requests: a series of parts that may refer to one another, in one call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import subrequests
from .rest import resource
from .results import ApiError
from .subrequests import InvalidReferenceError, Outcome, Part, failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import Route

    from .org import Org
    from .rest import Call

_MOST_PARTS = 25
_MOST_HEAVY = 5
_HEAVY = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects|composite/tree)\b")
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_INHERITED = frozenset({"accept", "authorization", "content-type"})
_REFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*\Z")
_STRICT_IDS = 52.0
HALTED = "PROCESSING_HALTED"
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."


class _RolledBackError(Exception):
    """Undoes the transaction around a composite request."""


def routes(org: Org) -> list[Route]:
    """The composite resource itself."""
    return [resource(org, "/composite", GET=_listing, POST=_composite)]


def _listing(request: Request, call: Call) -> Any:  # noqa: ARG001
    here = f"{call.base}/composite"
    return {
        "tree": f"{here}/tree",
        "batch": f"{here}/batch",
        "sobjects": f"{here}/sobjects",
        "graph": f"{here}/graph",
    }


def _composite(request: Request, call: Call) -> Any:
    body = call.json_object()
    parts = read_parts(body.get("compositeRequest"), call.version)
    if len(parts) > _MOST_PARTS:
        message = f"The request contains {len(parts)} subrequests; the most is {_MOST_PARTS}"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    heavy = [part for part in parts if _HEAVY.match(part.url)]
    if len(heavy) > _MOST_HEAVY:
        message = f"At most {_MOST_HEAVY} subrequests may be queries or collections"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    outcomes = run_parts(request, call, parts, all_or_none=body.get("allOrNone") is True)
    answers = [each.composite_json(part.reference_id) for part, each in zip(parts, outcomes, strict=True)]
    return {"compositeResponse": answers}


def read_parts(sent: Any, version: float) -> list[Part]:
    """The parts a request lists.

    Raises:
        ApiError: 400 when the list or one of its parts is malformed.
    """
    if not isinstance(sent, list) or not sent:
        raise ApiError(400, "INVALID_INPUT", "The request must contain a list of subrequests")
    parts = [_part(each) for each in sent]
    ids = [part.reference_id for part in parts]
    for reference_id in ids:
        if ids.count(reference_id) > 1:
            raise ApiError(400, "INVALID_INPUT", f"Duplicate reference id: {reference_id}")
        if version >= _STRICT_IDS and not _REFERENCE_ID.match(reference_id):
            message = (
                f"The reference id {reference_id} is invalid: it must start with a letter or a number and"
                " contain only letters, numbers and underscores"
            )
            raise ApiError(400, "INVALID_INPUT", message)
    return parts


def _part(sent: Any) -> Part:
    if not isinstance(sent, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Each subrequest must be an object")
    method, url, reference_id = (sent.get(key) for key in ("method", "url", "referenceId"))
    if method not in _METHODS:
        raise ApiError(400, "INVALID_INPUT", f"The method {method} is not one of {', '.join(sorted(_METHODS))}")
    if not isinstance(url, str) or not url.startswith("/services/data/v"):
        raise ApiError(400, "INVALID_INPUT", f"The url {url} must start with /services/data/vXX.X/")
    if not isinstance(reference_id, str) or not reference_id:
        raise ApiError(400, "INVALID_INPUT", "Each subrequest needs a referenceId")
    headers = sent.get("httpHeaders") or {}
    refused = [key for key in headers if key.lower() in _INHERITED]
    if refused:
        raise ApiError(400, "INVALID_INPUT", f"A subrequest can't set the header {refused[0]}")
    return Part(method, url, sent.get("body"), headers, reference_id)


def run_parts(request: Request, call: Call, parts: Sequence[Part], *, all_or_none: bool) -> list[Outcome]:
    """Run the parts one after another; with ``all_or_none`` one failure undoes them all.

    Parts that refer to a failed part are halted. Parts run in the order given, which collation allows.
    """
    outcomes: list[Outcome] = []
    try:
        with call.org.transaction(call.user_id):
            _run_each(request, call, parts, outcomes, all_or_none=all_or_none)
    except _RolledBackError:
        failed = len(outcomes) - 1
        halted = failure(400, HALTED, _ROLLED_BACK)
        kept = [each if index == failed or _is_list(each) else halted for index, each in enumerate(outcomes)]
        return kept + [halted] * (len(parts) - len(outcomes))
    return outcomes


def _is_list(outcome: Outcome) -> bool:
    """Whether this is a collections answer, which keeps its text even when it is rolled back."""
    return outcome.succeeded and isinstance(outcome.body, list)


def _run_each(
    request: Request, call: Call, parts: Sequence[Part], outcomes: list[Outcome], *, all_or_none: bool
) -> None:
    answered: dict[str, Any] = {}
    for part in parts:
        outcome = _run_one(request, call, part, answered)
        outcomes.append(outcome)
        if outcome.succeeded:
            answered[part.reference_id] = outcome.body
        if all_or_none and (not outcome.succeeded or _has_failed_rows(part, outcome)):
            raise _RolledBackError


def _has_failed_rows(part: Part, outcome: Outcome) -> bool:
    rows = outcome.body if part.method != "GET" and isinstance(outcome.body, list) else []
    return any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _run_one(request: Request, call: Call, part: Part, answered: dict[str, Any]) -> Outcome:
    try:
        url = subrequests.resolved(part.url, answered)
        body = subrequests.resolved(part.body, answered)
    except InvalidReferenceError as error:
        return failure(400, HALTED, str(error))
    return subrequests.run(request, call, Part(part.method, str(url), body, part.headers, part.reference_id))
