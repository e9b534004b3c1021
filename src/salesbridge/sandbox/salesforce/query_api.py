"""The query resources of the REST API: query, queryAll and their following pages.

Sources: REST API Developer Guide, *Query*, *QueryAll*, *Query More Results*, *QueryAll More Results*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .cursors import Cursors
from .rest import Call, Handler, resource
from .results import ApiError
from .setup_objects import setup_tables
from .soql import QueryResult, run_query

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from .org import Org
    from .soql import RowSource

__all__ = ["Runner", "query_routes", "routes", "run_query"]

Runner = Callable[[Call, str, bool], QueryResult]
"""Runs a statement for a call; the flag tells whether rows in the recycle bin take part."""

OPTIONS = "sforce-query-options"


def routes(org: Org) -> list[Route]:
    """``/query`` and ``/queryAll`` over the org's rows."""

    def run(call: Call, soql: str, deleted: bool) -> QueryResult:  # noqa: FBT001 - a Runner
        source = cast("RowSource", setup_tables(org, soql, call.user_id) or org)
        return run_query(source, soql, include_deleted=deleted, user=call.user_id, version=call.version)

    return query_routes(org, run)


def query_routes(org: Org, run: Runner, prefix: str = "") -> list[Route]:
    """The four query resources below ``/services/data/{version}{prefix}``.

    Both kinds of following pages share their locators, and ``nextRecordsUrl`` always says ``query``.

    Args:
        org: Gives locators their ids and lifetime, and the lock that is held while rows are read.
        run: Runs a statement.
        prefix: E.g. ``/tooling``.
    """
    cursors = Cursors(org, f"{prefix}/query")

    def more(request: Request, call: Call) -> dict[str, Any]:
        with org.lock:
            return cursors.more(call, request.path_params["locator"], request.headers.get(OPTIONS))

    found: list[Route] = []
    for name, deleted in (("query", False), ("queryAll", True)):
        first = _first(org, run, cursors, deleted=deleted)
        found.append(resource(org, f"{prefix}/{name}", GET=first))
        found.append(resource(org, f"{prefix}/{name}/{{locator}}", GET=more))
    return found


def _first(org: Org, run: Runner, cursors: Cursors, *, deleted: bool) -> Handler:
    def first(request: Request, call: Call) -> dict[str, Any]:
        soql = request.query_params.get("q", "")
        if not soql.strip():
            raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
        with org.lock:
            return cursors.first(call, run(call, soql, deleted), request.headers.get(OPTIONS))

    return first
