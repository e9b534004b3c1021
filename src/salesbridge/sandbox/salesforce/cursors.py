"""Query locators: where an answer that did not fit one page goes on.

Sources: REST API Developer Guide, *Query*, *Query More Results*, *QueryAll More Results*, *Query Options Header*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .results import ApiError
from .soql import QueryResult

if TYPE_CHECKING:
    from .org import Org
    from .rest import Call

LIFETIME = timedelta(days=2)
"""How long a query locator lives."""

DEFAULT_BATCH = 2000
SMALLEST_BATCH = 200

_LOCATOR = re.compile(r"(01g[0-9A-Za-z]{12,15})-(\d{1,9})\Z")
_BATCH_SIZE = re.compile(r"\bbatchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """An answer to be continued, for the user who asked and the page size asked for."""

    result: QueryResult
    user: str
    size: int
    expires: datetime


class Cursors:
    """The open query locators of an org.

    Args:
        org: Gives ids, the clock and the lock.
        path: What stands between the API version and the locator, e.g. ``/query``.
    """

    def __init__(self, org: Org, path: str = "/query") -> None:
        self._org = org
        self._path = path
        self._open: dict[str, _Cursor] = {}

    def first(self, call: Call, result: QueryResult, options: str | None) -> dict[str, Any]:
        """The first page of an answer.

        Args:
            call: Who asks.
            result: The whole answer.
            options: The ``Sforce-Query-Options`` header.

        Raises:
            ApiError: ``EXCEEDED_ID_LIMIT``: an aggregate answer has more groups than a page and no locator.
        """
        size = min(batch_size(options), result.max_batch)
        if not result.paged and len(result) > DEFAULT_BATCH:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            )
            raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
        if not result.paged:
            size = DEFAULT_BATCH
        cursor = _Cursor(result, call.user_id, size, self._org.clock() + LIFETIME)
        return self._page(call, cursor, 0, None)

    def more(self, call: Call, locator: str, options: str | None) -> dict[str, Any]:
        """The page a locator leads to; it can be asked for again while the locator lives.

        Raises:
            ApiError: ``INVALID_QUERY_LOCATOR``: never given out, expired, or another user's.
        """
        match = _LOCATOR.match(locator)
        cursor = None if match is None else self._open.get(match[1])
        if match is None or cursor is None or self._expired(match[1], cursor) or cursor.user != call.user_id:
            raise _unknown()
        start = int(match[2])
        if start >= len(cursor.result):
            raise _unknown()
        if options is not None:
            size = min(batch_size(options), cursor.result.max_batch)
            cursor = replace(cursor, size=size)
        return self._page(call, cursor, start, match[1])

    def _expired(self, id_: str, cursor: _Cursor) -> bool:
        if self._org.clock() <= cursor.expires:
            return False
        self._open.pop(id_, None)
        return True

    def _page(self, call: Call, cursor: _Cursor, start: int, id_: str | None) -> dict[str, Any]:
        result = cursor.result
        records, following = result.page(start, cursor.size)
        self._cut_children(call, cursor, records)
        done = following >= len(result)
        body: dict[str, Any] = {"totalSize": result.total_size, "done": done}
        if not done:
            id_ = id_ or self._opened(cursor)
            body["nextRecordsUrl"] = f"{call.base}{self._path}/{id_}-{following}"
        body["records"] = records
        return body

    def _cut_children(self, call: Call, cursor: _Cursor, records: list[dict[str, Any]]) -> None:
        """Give child lists longer than a page a locator of their own."""
        for record in records:
            nested = {key: each for key, each in record.items() if isinstance(each, dict) and "records" in each}
            for key, children in nested.items():
                if len(children["records"]) > cursor.size:
                    rest = QueryResult.of_records(key, children["records"], cursor.result.max_batch)
                    record[key] = self._page(call, replace(cursor, result=rest), 0, None)
                else:
                    self._cut_children(call, cursor, children["records"])

    def _opened(self, cursor: _Cursor) -> str:
        now = self._org.clock()
        self._open = {id_: each for id_, each in self._open.items() if now <= each.expires}
        id_ = self._org.new_id("01g")
        self._open[id_] = cursor
        return id_


def batch_size(options: str | None) -> int:
    """The page size a ``Sforce-Query-Options`` header asks for, kept between 200 and 2,000 (advisory)."""
    match = _BATCH_SIZE.search(options or "")
    return DEFAULT_BATCH if match is None else max(SMALLEST_BATCH, min(DEFAULT_BATCH, int(match[1])))


def _unknown() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
