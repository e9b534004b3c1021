"""sObject Collections: up to 200 records in one call, each with an outcome of its own."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from .binding import bind
from .ids import normal_id
from .records import chosen_fields, key_field, record_json, save
from .rest import resource
from .results import ApiError, SaveError, SaveResult
from .save import ROLLED_BACK, rolled_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.routing import Route

    from .org import Org
    from .rest import Call
    from .save import Operation
    from .schema import SObject

MOST_RECORDS = 200
_MOST_READ = 2_000
_MOST_CHUNKS = 10
Chunk = tuple["SObject", list[dict[str, Any]]]


def routes(org: Org) -> list[Route]:
    """The routes below ``/composite/sobjects``."""
    return [
        resource(org, "/composite/sobjects", POST=_create, PATCH=_update, DELETE=_delete),
        resource(org, "/composite/sobjects/{name}", GET=_read, POST=_read),
        resource(org, "/composite/sobjects/{name}/{key}", PATCH=_upsert),
    ]


def _envelope(call: Call) -> tuple[list[dict[str, Any]], bool]:
    """The records of a request and its ``allOrNone``.

    Raises:
        ApiError: 400 when the envelope is malformed or holds too many records.
    """
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records) or not records:
        raise ApiError(400, "INVALID_INPUT", "The request must contain a list of records")
    if len(records) > MOST_RECORDS:
        raise ApiError(
            400, "EXCEEDED_MAX_SIZE_REQUEST", f"record limit reached. cannot submit more than {MOST_RECORDS} records"
        )
    return records, body.get("allOrNone") is True


def _type_of(call: Call, record: dict[str, Any]) -> SObject:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_INPUT", "Include the type attribute in the attributes of each record")
    found = call.org.visible_sobject(name)
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return found


def _chunks(call: Call, records: list[dict[str, Any]]) -> list[Chunk]:
    typed = [(_type_of(call, record), record) for record in records]
    runs = [list(run) for _, run in groupby(typed, key=lambda pair: pair[0].name)]
    if len(runs) > _MOST_CHUNKS:
        message = (
            f"The request contains {len(runs)} chunks of types; the most is {_MOST_CHUNKS}. Sort the records by type"
        )
        raise ApiError(400, "INVALID_INPUT", message)
    chunks = [(run[0][0], [record for _, record in run]) for run in runs]
    for sobject, rows in chunks:
        bind(call, sobject, rows)
    return chunks


def _create(request: Request, call: Call) -> Any:  # noqa: ARG001
    records, all_or_none = _envelope(call)
    return _answers(_in_chunks(call, "insert", _chunks(call, records), all_or_none=all_or_none))


def _update(request: Request, call: Call) -> Any:  # noqa: ARG001
    records, all_or_none = _envelope(call)
    return _answers(_in_chunks(call, "update", _chunks(call, records), all_or_none=all_or_none))


def _in_chunks(call: Call, operation: Operation, chunks: Sequence[Chunk], *, all_or_none: bool) -> list[SaveResult]:
    def run() -> list[SaveResult]:
        results: list[SaveResult] = []
        for sobject, records in chunks:
            results += save(call, operation, sobject.name, records)
        return results

    return together(call.org, run, all_or_none=all_or_none)


def together(org: Org, save: Callable[[], list[SaveResult]], *, all_or_none: bool) -> list[SaveResult]:
    """The results of saves; undone, and marked so, when one failed and all were to succeed."""
    with org.transaction():
        point = org.savepoint()
        results = save()
        if not all_or_none or all(result.success for result in results):
            return results
        org.rollback_to(point)
    return [rolled_back(result) for result in results]


def _answers(results: Sequence[SaveResult], *, upsert: bool = False) -> list[dict[str, Any]]:
    return [_answer(result, upsert=upsert) for result in results]


def _answer(result: SaveResult, *, upsert: bool) -> dict[str, Any]:
    errors = [error.collections_json() for error in result.errors]
    known = result.id is not None and (result.success or ROLLED_BACK in result.errors)
    body: dict[str, Any] = {"id": result.id} if known else {}
    body |= {"success": result.success, "errors": errors}
    return {**body, "created": result.created} if upsert and result.success else body


def _upsert(request: Request, call: Call) -> Any:
    records, all_or_none = _envelope(call)
    sobject = call.org.sobject(request.path_params["name"])
    field = key_field(call, sobject, request.path_params["key"])
    others = [each for each in records if _type_of(call, each) is not sobject]
    if others:
        raise ApiError(400, "INVALID_INPUT", f"Every record of this request must be of type {sobject.name}")
    bind(call, sobject, records)

    def run() -> list[SaveResult]:
        return save(call, "upsert", sobject.name, records, external_id=field.name)

    return _answers(together(call.org, run, all_or_none=all_or_none), upsert=True)


def _delete(request: Request, call: Call) -> Any:
    ids = [each for each in request.query_params.get("ids", "").split(",") if each]
    if not ids or len(ids) > MOST_RECORDS:
        raise ApiError(400, "INVALID_INPUT", f"Name 1 to {MOST_RECORDS} ids in the ids parameter")
    all_or_none = request.query_params.get("allOrNone", "").lower() == "true"
    results = together(call.org, lambda: [_delete_one(call, id_) for id_ in ids], all_or_none=all_or_none)
    return _answers(results)


def _delete_one(call: Call, value: str) -> SaveResult:
    id_ = normal_id(value)
    table = call.org.table_of_prefix(id_[:3]) if id_ is not None else None
    if id_ is None or table is None:
        return SaveResult(value, success=False, errors=(SaveError("MALFORMED_ID", f"malformed id {value}"),))
    return save(call, "delete", table.name, [{"Id": id_}])[0]


def _read(request: Request, call: Call) -> Any:
    sobject = call.org.sobject(request.path_params["name"])
    ids, names = _wanted(request, call)
    if len(ids) > _MOST_READ:
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", f"Name at most {_MOST_READ} ids")
    fields = chosen_fields(call, sobject, names)
    with call.org.lock:
        rows = [call.org.get(sobject.name, id_) if isinstance(id_, str) else None for id_ in ids]
    return [None if row is None else record_json(call, sobject, row, fields) for row in rows]


def _wanted(request: Request, call: Call) -> tuple[list[Any], list[str]]:
    if call.method == "GET":
        body: dict[str, Any] = {
            "ids": request.query_params.get("ids", "").split(","),
            "fields": request.query_params.get("fields", "").split(","),
        }
    else:
        body = call.json_object()
    ids, names = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(names, list) or not any(ids) or not any(names):
        raise ApiError(400, "INVALID_INPUT", "Both ids and fields are required")
    return ids, [str(name) for name in names]
