"""Conditional requests: entity tags on accounts, modification dates on every record and describe."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

import orjson

from .results import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from .results import Row


def http_date(moment: datetime) -> str:
    """A moment as HTTP headers spell it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def modified(row: Row) -> datetime:
    """When the row was last changed, in whole seconds."""
    return datetime.fromisoformat(row["SystemModstamp"])


def etag(row: Row) -> str:
    """The strong entity tag of a row's present state."""
    return f'"{b64encode(hashlib.sha1(orjson.dumps(row)).digest()).decode()}"'  # noqa: S324 - no secret


def headers_of(sobject: str, row: Row) -> dict[str, str]:
    """The validators a record is answered with; only accounts have entity tags."""
    validators = {"Last-Modified": http_date(modified(row))}
    return {**validators, "ETag": etag(row)} if sobject == "Account" else validators


def unchanged_since(request: Request, moment: datetime) -> bool:
    """Whether ``If-Modified-Since`` says the caller already has this state."""
    since = _date(request, "if-modified-since", strict=False)
    return since is not None and moment.replace(microsecond=0) <= since


def check_record(request: Request, sobject: str, row: Row, method: str) -> bool:
    """Whether the answer is 304 Not Modified.

    Source: REST API Developer Guide, *Conditional Request Headers*.

    Raises:
        ApiError: 412 when a precondition fails, 400 for a malformed header on a write.
    """
    writing = method != "GET"
    before = _date(request, "if-unmodified-since", strict=writing)
    if before is not None and modified(row) > before:
        _failed("If-Unmodified-Since")
    if sobject == "Account":
        mine = etag(row)
        wanted, unwanted = _tags(request, "if-match"), _tags(request, "if-none-match")
        if wanted and mine not in wanted and "*" not in wanted:
            _failed("If-Match")
        if mine in unwanted or "*" in unwanted:
            if writing:
                _failed("If-None-Match")
            return True
    return not writing and unchanged_since(request, modified(row))


def _failed(header: str) -> None:
    raise ApiError(412, "PRECONDITION_FAILED", f"The {header} precondition was not met")


def _tags(request: Request, name: str) -> list[str]:
    tags = (tag.strip() for tag in request.headers.get(name, "").split(","))
    return [tag.replace('-gzip"', '"') for tag in tags if tag]


def _date(request: Request, name: str, *, strict: bool) -> datetime | None:
    text = request.headers.get(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError as error:
        if strict:
            raise ApiError(400, "INVALID_HEADER", f"The value of the header {name} is not a date") from error
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
