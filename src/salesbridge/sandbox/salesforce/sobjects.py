"""The resources of single records: describe, create, read, update, delete, by id and by external id."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from . import conditional
from .binding import bind
from .describe import describe_brief, describe_full
from .ids import normal_id
from .records import (
    CREATED_VERSION,
    chosen_fields,
    key_field,
    not_found,
    record_json,
    record_url,
    refuse,
    row_by_id,
    rows_by_key,
    save,
    save_body,
)
from .rest import resource
from .results import ApiError
from .wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from .org import Org
    from .rest import Call
    from .results import Row, SaveResult
    from .schema import Field, SObject

_RECENT = 5
_FILE_LIKE = (".inc",)


def routes(org: Org) -> list[Route]:
    """Every route below ``/sobjects`` for single records."""
    return [
        resource(org, "/sobjects", GET=_describe_global),
        resource(org, "/sobjects/{name}", GET=_basic_information, POST=_create),
        resource(org, "/sobjects/{name}/describe", GET=_describe),
        resource(org, "/sobjects/{name}/{id}", GET=_read, PATCH=_update, DELETE=_delete, POST=_create_by_id),
        resource(org, "/sobjects/{name}/{key}/{value:path}", GET=_read_by_key, PATCH=_upsert, DELETE=_delete_by_key),
    ]


def _sobject(request: Request, call: Call) -> SObject:
    return call.org.sobject(request.path_params["name"])


def _names(request: Request) -> list[str] | None:
    text = request.query_params.get("fields")
    return text.split(",") if text else None


# -- describe ------------------------------------------------------------------------------------------------------


def _describe_global(request: Request, call: Call) -> Any:
    if conditional.unchanged_since(request, call.org.schema_changed_at()):
        return Response(status_code=304)
    found = [call.org.sobject(name) for name in call.org.visible_names()]
    sobjects = [describe_brief(each, call.base) for each in found]
    return _dated({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects}, call)


def _dated(body: Any, call: Call, sobject: str | None = None) -> JsonResponse:
    moment = conditional.http_date(call.org.schema_changed_at(sobject))
    return JsonResponse(body, 200, {"Last-Modified": moment})


def _basic_information(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    with call.org.lock:
        rows = list(islice(reversed(call.org.table(sobject.name).live.values()), _RECENT))
    named = [field for field in sobject.fields.values() if field.name == "Id" or field.name_field]
    recent = [record_json(call, sobject, row, named) for row in rows]
    return {"objectDescribe": describe_brief(sobject, call.base), "recentItems": recent}


def _describe(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    if conditional.unchanged_since(request, call.org.schema_changed_at(sobject.name)):
        return Response(status_code=304)
    visible = set(call.org.visible_names())
    fields = [_as_allowed(field, call, sobject) for field in call.org.visible_fields(call.user_id, sobject)]
    children = [link for link in call.org.schema.children(sobject.name) if link.child in visible]
    return _dated(describe_full(sobject, fields, children, call.base), call, sobject.name)


def _as_allowed(field: Field, call: Call, sobject: SObject) -> Field:
    """A field that the caller may only read is told as one that cannot be written."""
    read_only = field.name in call.org.field_access(call.user_id, sobject).read_only
    return replace(field, createable=False, updateable=False) if read_only else field


# -- by id -----------------------------------------------------------------------------------------------------------


def _saved(result: SaveResult) -> SaveResult:
    if not result.success:
        refuse(result.errors[0])
    return result


def _create(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    if not sobject.createable:
        raise ApiError(405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are HEAD,GET")
    record = call.json_object()
    bind(call, sobject, [record])
    result = _saved(save(call, "insert", sobject.name, [record])[0])
    return _created(call, sobject, result)


def _created(call: Call, sobject: SObject, result: SaveResult, *, upsert: bool = False) -> JsonResponse:
    location = record_url(call, sobject.name, result.id or "")
    body = save_body(call, result, created=True if upsert else None)
    return JsonResponse(body, 201, {"Location": location})


def _create_by_id(request: Request, call: Call) -> Any:
    """``POST /sobjects/X/Id``: an insert spelt as an upsert with no id."""
    if request.path_params["id"].casefold() != "id":
        raise ApiError(405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are DELETE,GET,PATCH")
    return _create(request, call)


def _read(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    with call.org.lock:
        return _record(request, call, sobject, row_by_id(call, sobject, request.path_params["id"]))


def _record(request: Request, call: Call, sobject: SObject, row: Row) -> Response:
    fields = chosen_fields(call, sobject, _names(request))
    headers = conditional.headers_of(sobject.name, row)
    if conditional.check_record(request, sobject.name, row, "GET"):
        return Response(status_code=304, headers=headers)
    return JsonResponse(record_json(call, sobject, row, fields), 200, headers)


def _update(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    with call.org.lock:
        row = row_by_id(call, sobject, request.path_params["id"])
        conditional.check_record(request, sobject.name, row, "PATCH")
        _saved(_patched(call, sobject, row, call.json_object()))


def _patched(call: Call, sobject: SObject, row: Row, record: dict[str, Any]) -> SaveResult:
    if any(key.casefold() == "id" for key in record):
        message = "The Id field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    bind(call, sobject, [record])
    return save(call, "update", sobject.name, [{**record, "Id": row["Id"]}])[0]


def _delete(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    with call.org.lock:
        row = row_by_id(call, sobject, request.path_params["id"])
        _saved(save(call, "delete", sobject.name, [{"Id": row["Id"]}])[0])


# -- by external id, or along a relationship ------------------------------------------------------------------------


def _one(call: Call, sobject: SObject, key: str, value: str) -> tuple[SObject, Row]:
    """The single row an external id, or a record's relationship, names.

    Raises:
        ApiError: 404 when there is none, 300 when there are several.
    """
    if value.endswith(_FILE_LIKE):
        raise not_found()
    if normal_id(key) is not None and sobject.field(key) is None:
        return _related(call, sobject, row_by_id(call, sobject, key), value)
    found = rows_by_key(call, sobject, key_field(call, sobject, key), value)
    if not found:
        raise not_found()
    return sobject, found[0]


def _related(call: Call, sobject: SObject, row: Row, name: str) -> tuple[SObject, Row]:
    reference = sobject.relationship(name)
    id_ = row.get(reference.name) if reference is not None else None
    table = call.org.table_of_prefix(id_[:3]) if id_ is not None else None
    if id_ is None or table is None or id_ not in table.live:
        raise not_found()
    return call.org.sobject(table.name), table.live[id_]


def _read_by_key(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    key, value = request.path_params["key"], request.path_params["value"]
    reference = normal_id(key) is not None and sobject.field(key) is None
    children = [link for link in call.org.schema.children(sobject.name) if reference]
    link = next((each for each in children if _same(each.relationship_name, value)), None)
    with call.org.lock:
        if link is not None:
            row = row_by_id(call, sobject, key)
            return _children(request, call, link.child, call.org.find(link.child, link.field, row["Id"]))
        return _record(request, call, *_one(call, sobject, key, value))


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.casefold()


def _children(request: Request, call: Call, name: str, rows: list[Row]) -> Any:
    child = call.org.sobject(name)
    fields = chosen_fields(call, child, _names(request))
    records = [record_json(call, child, row, fields) for row in rows]
    return {"done": True, "totalSize": len(records), "records": records}


def _upsert(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    key, value = request.path_params["key"], request.path_params["value"]
    record = call.json_object()
    with call.org.lock:
        if normal_id(key) is not None and sobject.field(key) is None:
            target, row = _one(call, sobject, key, value)
            _saved(_patched(call, target, row, record))
            return None
        return _upserted(request, call, sobject, record)


def _upserted(request: Request, call: Call, sobject: SObject, record: dict[str, Any]) -> Any:
    value = request.path_params["value"]
    field = key_field(call, sobject, request.path_params["key"])
    if value.endswith(_FILE_LIKE):
        raise not_found()
    if any(sobject.field(name) is field for name in record):
        message = f"The {field.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    bind(call, sobject, [record])
    found = rows_by_key(call, sobject, field, value)
    if not found and request.query_params.get("updateOnly", "").lower() == "true":
        raise not_found()
    if found:
        conditional.check_record(request, sobject.name, found[0], "PATCH")
    keyed = {**record, field.name: value}
    result = _saved(save(call, "upsert", sobject.name, [keyed], external_id=field.name)[0])
    if result.created:
        return _created(call, sobject, result, upsert=True)
    return None if call.version < CREATED_VERSION else save_body(call, result, created=False)


def _delete_by_key(request: Request, call: Call) -> Any:
    sobject = _sobject(request, call)
    with call.org.lock:
        target, row = _one(call, sobject, request.path_params["key"], request.path_params["value"])
        _saved(save(call, "delete", target.name, [{"Id": row["Id"]}])[0])
