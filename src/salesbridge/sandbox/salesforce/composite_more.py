"""The composite request's relatives: graphs, batches and trees."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from . import subrequests
from .binding import bind
from .composite import HALTED, read_parts, run_parts
from .records import save
from .rest import resource
from .results import ApiError
from .subrequests import Part, failure
from .wire import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import Route

    from .org import Org
    from .rest import Call
    from .schema import SObject

_GRAPH_URL = re.compile(r"/services/data/v(\d+)\.\d/sobjects/([^/?]+)(?:/[^?]+)?\Z")
_GRAPH_VERSION = 50
_MOST_NODES = 500
_MOST_GRAPHS = 75
_MOST_FAILURES = 14
_MOST_KINDS = 15
_DEEPEST = 15
_MOST_PARTS = 25
_MOST_RECORDS = 200
_MOST_DEPTH = 5
_MOST_TYPES = 5
_ERROR = 400


def routes(org: Org) -> list[Route]:
    """The routes of graphs, batches and trees."""
    return [
        resource(org, "/composite/graph", POST=_graphs),
        resource(org, "/composite/batch", POST=_batch),
        resource(org, "/composite/tree/{name}", POST=_tree),
    ]


# -- graph -----------------------------------------------------------------------------------------------------------


def _graphs(request: Request, call: Call) -> Any:
    sent = call.json_object().get("graphs")
    if not isinstance(sent, list) or not sent or len(sent) > _MOST_GRAPHS:
        raise ApiError(400, "INVALID_INPUT", f"The request must contain 1 to {_MOST_GRAPHS} graphs")
    graphs = [(str(each.get("graphId")), read_parts(each.get("compositeRequest"), call.version)) for each in sent]
    _check_graphs(graphs)
    answers: list[dict[str, Any]] = []
    failures = 0
    for graph_id, parts in graphs:
        halted = failures > _MOST_FAILURES
        answer = _halted_graph(graph_id, parts) if halted else _graph(request, call, graph_id, parts)
        failures += not answer["isSuccessful"]
        answers.append(answer)
    return {"graphs": answers}


def _check_graphs(graphs: Sequence[tuple[str, list[Part]]]) -> None:
    nodes = [part for _, parts in graphs for part in parts]
    if len(nodes) > _MOST_NODES:
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", f"The graphs may hold {_MOST_NODES} nodes together")
    repeated = [graph_id for graph_id, count in Counter(each for each, _ in graphs).items() if count > 1]
    if repeated:
        raise ApiError(400, "INVALID_INPUT", f"Duplicate graph id: {repeated[0]}")
    if len({_kind(part) for part in nodes}) > _MOST_KINDS:
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", f"The graphs may hold {_MOST_KINDS} different nodes")
    if any(_depth(parts) > _DEEPEST for _, parts in graphs):
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", f"A graph may be {_DEEPEST} nodes deep")


def _kind(part: Part) -> tuple[str, str, str]:
    """What makes a node different from others: method, API version and object.

    Raises:
        ApiError: The node is no record.
    """
    match = _GRAPH_URL.match(part.url)
    if match is None or int(match.group(1)) < _GRAPH_VERSION:
        raise ApiError(400, "INVALID_INPUT", f"The url {part.url} is not supported in a composite graph")
    return part.method, match.group(1), match.group(2).casefold()


def _depth(parts: Sequence[Part]) -> int:
    """The longest chain of references, counted in nodes."""
    depths: dict[str, int] = {}
    for part in parts:
        named = subrequests.references([part.url, part.body])
        depths[part.reference_id] = 1 + max((depths.get(each, 0) for each in named), default=0)
    return max(depths.values())


def _graph(request: Request, call: Call, graph_id: str, parts: Sequence[Part]) -> dict[str, Any]:
    outcomes = run_parts(request, call, parts, all_or_none=True)
    answers = [each.composite_json(part.reference_id) for part, each in zip(parts, outcomes, strict=True)]
    succeeded = all(each.succeeded for each in outcomes)
    return {"graphId": graph_id, "graphResponse": {"compositeResponse": answers}, "isSuccessful": succeeded}


def _halted_graph(graph_id: str, parts: Sequence[Part]) -> dict[str, Any]:
    halted = failure(400, HALTED, "Processing was halted since too many graphs failed.")
    answers = [halted.composite_json(part.reference_id) for part in parts]
    return {"graphId": graph_id, "graphResponse": {"compositeResponse": answers}, "isSuccessful": False}


# -- batch -----------------------------------------------------------------------------------------------------------


def _batch(request: Request, call: Call) -> Any:
    body = call.json_object()
    sent = body.get("batchRequests")
    if not isinstance(sent, list) or not 0 < len(sent) <= _MOST_PARTS:
        raise ApiError(400, "INVALID_INPUT", f"The request must contain 1 to {_MOST_PARTS} subrequests")
    parts = [_batch_part(each, call) for each in sent]
    call.org.limits.charge(len(parts) - 1)
    results: list[dict[str, Any]] = []
    halted = False
    for part in parts:
        outcome = subrequests.run(request, call, part) if not halted else _halted()
        halted = halted or (body.get("haltOnError") is True and outcome.status >= _ERROR)
        results.append({"statusCode": outcome.status, "result": outcome.body})
    return {"hasErrors": any(each["statusCode"] >= _ERROR for each in results), "results": results}


def _halted() -> subrequests.Outcome:
    return failure(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")


def _batch_part(sent: Any, call: Call) -> Part:
    url = sent.get("url") if isinstance(sent, dict) else None
    match = re.match(r"v(\d+)\.\d/", url) if isinstance(url, str) else None
    if match is None or float(match.group(1)) > call.version:
        message = f"The url {url} must start with a version no later than v{call.version:.1f}"
        raise ApiError(400, "INVALID_INPUT", message)
    return Part(str(sent.get("method")), f"/services/data/{url}", sent.get("richInput"), {})


# -- tree ------------------------------------------------------------------------------------------------------------


class _Tree:
    """The records of a tree request, saved parents first.

    Args:
        call: The call.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self.made: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self._types: set[str] = set()
        self._references: set[str] = set()
        self._count = 0

    def save(self, sobject: SObject, records: Any, depth: int, parent: tuple[str, str] | None) -> None:
        """Save records of one object and what hangs below them."""
        if not isinstance(records, list) or depth > _MOST_DEPTH:
            raise ApiError(400, "INVALID_INPUT", f"Give lists of records, at most {_MOST_DEPTH} levels deep")
        for record in records:
            own, below = self._split(sobject, record)
            if parent is not None:
                own[parent[0]] = parent[1]
            id_ = self._save_one(sobject, own, self._reference(sobject, record))
            for link, field, children in below:
                self.save(self._call.org.sobject(link), children, depth + 1, (field, id_ or ""))

    def check(self) -> None:
        """Undo the whole tree when a record of it failed.

        Raises:
            _TreeFailedError: A record failed.
        """
        if self.failed:
            raise _TreeFailedError

    def _reference(self, sobject: SObject, record: dict[str, Any]) -> str:
        attributes = record.get("attributes")
        reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
        named = attributes.get("type") if isinstance(attributes, dict) else None
        if not isinstance(reference, str) or self._call.org.visible_sobject(str(named)) is not sobject:
            raise ApiError(400, "INVALID_INPUT", "Give each record the attributes type and referenceId")
        if reference in self._references:
            raise ApiError(400, "INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {reference}")
        self._references.add(reference)
        self._types.add(sobject.name)
        self._count += 1
        if self._count > _MOST_RECORDS or len(self._types) > _MOST_TYPES:
            message = f"A tree request holds at most {_MOST_RECORDS} records of {_MOST_TYPES} types"
            raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
        return reference

    def _split(self, sobject: SObject, record: Any) -> tuple[dict[str, Any], list[tuple[str, str, Any]]]:
        """A record's own values, and its children by object and parent field."""
        if not isinstance(record, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "Each record must be an object")
        own: dict[str, Any] = {}
        below: list[tuple[str, str, Any]] = []
        links = {
            (each.relationship_name or "").casefold(): each for each in self._call.org.schema.children(sobject.name)
        }
        for key, value in record.items():
            link = links.get(key.casefold())
            if link is not None and isinstance(value, dict) and "records" in value:
                below.append((link.child, link.field, value["records"]))
            else:
                own[key] = value
        return own, below

    def _save_one(self, sobject: SObject, record: dict[str, Any], reference: str) -> str | None:
        bind(self._call, sobject, [record])
        result = save(self._call, "insert", sobject.name, [record])[0]
        if result.success:
            self.made.append({"referenceId": reference, "id": result.id})
        else:
            errors = [error.collections_json() for error in result.errors]
            self.failed.append({"referenceId": reference, "errors": errors})
        return result.id


class _TreeFailedError(Exception):
    """Undoes the transaction around a tree request."""


def _tree(request: Request, call: Call) -> Any:
    sobject = call.org.sobject(request.path_params["name"])
    tree = _Tree(call)
    try:
        with call.org.transaction(call.user_id):
            tree.save(sobject, call.json_object().get("records"), 1, None)
            tree.check()
    except _TreeFailedError:
        raise ApiError(400, "", "", body={"hasErrors": True, "results": tree.failed}) from None
    return JsonResponse({"hasErrors": False, "results": tree.made}, 201)
