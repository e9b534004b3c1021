"""Salesforce Files: versions of documents with their bytes, as JSON or multipart.

Sources: Object Reference, *ContentVersion*, *ContentDocumentLink*; REST API Developer Guide, *Insert or Update Blob
Data* and *Get Blob Data*.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.salesforce import sobjects
from salesbridge.sandbox.salesforce.file_rules import ContentVersionRules
from salesbridge.sandbox.salesforce.multipart import parts
from salesbridge.sandbox.salesforce.records import row_by_id
from salesbridge.sandbox.salesforce.rest import authenticated
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.rules_index import RULES

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

JSON_LIMIT = 50 * 1024 * 1024
"""Characters a request that is not multipart may have; 37.5 MB of data (Insert or Update Blob Data)."""

_PATH = "/services/data/{version}/sobjects/ContentVersion"


def routes(org: Org) -> list[Route]:
    """The routes of files; they must stand before those of ``sobjects``, which take every name."""
    RULES.setdefault("ContentVersion", ContentVersionRules())
    return [
        Route(_PATH, authenticated(org, POST=_create), methods=["POST"]),
        Route(_PATH + "/{id}/VersionData", authenticated(org, GET=_data), methods=["GET"]),
    ]


def _create(request: Request, call: Call) -> Any:
    """Insert a ContentVersion; a multipart request carries the bytes as they are."""
    request.path_params["name"] = "ContentVersion"
    if call.content_type == "multipart/form-data":
        call.body = _as_json(request.headers["content-type"], call.body)
        call.content_type = "application/json"
    elif len(call.body) > JSON_LIMIT:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "A request that is not multipart is limited to 50 MB of text")
    return sobjects._create(request, call)  # noqa: SLF001 - from here on an insert like any other


def _as_json(content_type: str, body: bytes) -> bytes:
    """The JSON request that says the same as the multipart one: one part of fields, one of bytes."""
    found = parts(content_type, body)
    plain = [part for part in found.values() if part.filename is None and part.content_type == "application/json"]
    binary = [part for part in found.values() if part.filename is not None]
    if len(found) != 2 or len(plain) != 1 or len(binary) != 1:  # noqa: PLR2004 - fields and bytes
        problem = "Multipart message not formatted correctly: one JSON part and one part with a filename are needed"
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", problem)
    try:
        record = orjson.loads(plain[0].data)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from None
    if not isinstance(record, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The part with the fields must be a JSON object")
    return orjson.dumps(record | {binary[0].name: base64.b64encode(binary[0].data).decode()})


def _data(request: Request, call: Call) -> Response:
    """The bytes of a version (Get Blob Data)."""
    with call.org.lock:
        row = row_by_id(call, call.org.sobject("ContentVersion"), request.path_params["id"])
    return Response(base64.b64decode(row["VersionData"]), media_type="application/octet-stream")
