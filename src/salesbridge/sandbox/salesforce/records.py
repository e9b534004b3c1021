"""Rows on the wire: a record as JSON, the row a path names, and the answer a save result becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .ids import normal_id
from .results import ApiError, SaveError, SaveResult
from .save import LOCKED
from .values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .rest import Call
    from .results import Row
    from .save import Operation
    from .schema import Field, SObject

CREATED_VERSION = 46.0
"""The first version whose upserts answer with a body that tells whether the record is new."""
_STATUS = {
    "ENTITY_IS_DELETED": 404,
    "NOT_FOUND": 404,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": 403,
}


def not_found() -> ApiError:
    """The answer to what isn't there."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def refuse(error: SaveError) -> NoReturn:
    """End a single-record request with a save error.

    Raises:
        ApiError: Always.
    """
    raise ApiError(_STATUS.get(error.code, 400), error.code, error.message, error.fields)


def record_url(call: Call, sobject: str, id_: str) -> str:
    """The path of a record."""
    return f"{call.base}/sobjects/{sobject}/{id_}"


def record_json(call: Call, sobject: SObject, row: Row, fields: Iterable[Field]) -> dict[str, Any]:
    """A record as the API gives it: its attributes, then the fields with null for the empty ones."""
    url = record_url(call, sobject.name, row["Id"])
    body: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}}
    for field in fields:
        value = row.get(field.name)
        body[field.name] = f"{url}/{field.name}" if field.type == "base64" and value is not None else value
    return body


def chosen_fields(call: Call, sobject: SObject, names: Iterable[str] | None) -> list[Field]:
    """The fields a request asks for; all the caller may see when it names none.

    Raises:
        ApiError: 400 ``INVALID_FIELD``.
    """
    visible = call.org.visible_fields(call.user_id, sobject)
    if names is None:
        return visible
    known = {field.name.casefold(): field for field in visible}
    chosen: dict[str, Field] = {}
    for name in names:
        field = known.get(name.strip().casefold())
        if field is None:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        chosen[field.name] = field
    return list(chosen.values())


def row_by_id(call: Call, sobject: SObject, value: str) -> Row:
    """The row a path segment names.

    Raises:
        ApiError: 404 when there is none or it is deleted, 400 ``MALFORMED_ID``.
    """
    try:
        return call.org.live_row(sobject, value)
    except RefusedError as refusal:
        if refusal.error.code == "INVALID_CROSS_REFERENCE_KEY":
            raise not_found() from refusal
        refuse(refusal.error)


def key_field(call: Call, sobject: SObject, name: str) -> Field:
    """The external id field of that name.

    A key that is not unique needs the permission View All Data. Source: REST API Developer Guide, *sObject Rows by
    External ID*.

    Raises:
        ApiError: 404 ``NOT_FOUND``.
    """
    field = sobject.upsert_key(name)
    hidden = call.org.field_access(call.user_id, sobject).hidden
    if field is None or field.name in hidden or _guarded(call, field):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message)
    return field


def _guarded(call: Call, field: Field) -> bool:
    return field.external_id and not field.unique and not call.org.directory.allows(call.user_id, "ViewAllData")


def rows_by_key(call: Call, sobject: SObject, field: Field, value: str) -> list[Row]:
    """The rows whose external id is ``value``.

    Raises:
        ApiError: 300 with their paths when there are several.
    """
    wanted: Any = value
    if field.type == "id":
        wanted = normal_id(value) or value
    elif field.type in {"double", "int", "currency", "percent"}:
        wanted = _number(value)
    found = call.org.find(sobject.name, field.name, wanted)
    if len(found) > 1:
        urls = [record_url(call, sobject.name, row["Id"]) for row in found]
        raise ApiError(300, "MULTIPLE_CHOICES", "Several records match", body=urls)
    return found


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def save(
    call: Call,
    operation: Operation,
    sobject: str,
    records: Sequence[Mapping[str, Any]],
    *,
    external_id: str | None = None,
) -> list[SaveResult]:
    """Save records as the caller, under the fault ``lock_rows`` if it is armed."""
    org = call.org
    if org.faults.armed("lock_rows") is None:
        return org.save(operation, sobject, records, user=call.user_id, external_id=external_id)
    results: list[SaveResult] = []
    for record in records:
        if org.faults.strikes("lock_rows", call.base):
            results.append(SaveResult(None, success=False, errors=(LOCKED,)))
        else:
            results += org.save(operation, sobject, [record], user=call.user_id, external_id=external_id)
    return results


def save_body(call: Call, result: SaveResult, *, created: bool | None = None) -> dict[str, Any]:
    """The body of a successful create or upsert; ``created`` only for upserts of version 46 and later."""
    errors = [error.collections_json() for error in result.errors]
    body: dict[str, Any] = {"id": result.id, "success": True, "errors": errors}
    return body if created is None or call.version < CREATED_VERSION else {**body, "created": created}
