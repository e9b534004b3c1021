"""Tooling API: queries on the org's own definitions. Source: Tooling API Developer Guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.query_api import query_routes
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.soql import Tables, ast, parse, run_query
from salesbridge.sandbox.salesforce.soql.errors import SoqlError
from salesbridge.sandbox.salesforce.tooling_rows import ToolingRows
from salesbridge.sandbox.salesforce.tooling_schema import tooling_schema

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call
    from salesbridge.sandbox.salesforce.soql import QueryResult, RowSource

_REIFIED = {"fielddefinition": frozenset({"entitydefinitionid", "durableid", "entitydefinition.qualifiedapiname"})}
_ONE = "/tooling/sobjects/{name}/{id}"


def routes(org: Org) -> list[Route]:
    """``/tooling/query`` and ``GET /tooling/sobjects/{name}/{id}``."""
    tooling = _Tooling(org)
    return [
        *query_routes(org, tooling.run, "/tooling"),
        resource(org, _ONE, GET=tooling.read, PATCH=tooling.update),
    ]


class _Tooling:
    """The handlers of the Tooling API.

    Args:
        org: The org whose definitions are shown.
    """

    def __init__(self, org: Org) -> None:
        rows = ToolingRows(org, metadata_store(org))
        self._org = org
        self._tables = Tables(tooling_schema(), rows.tables(), self._now, org.settings)

    def _now(self) -> datetime:
        return self._org.clock()

    def run(self, call: Call, soql: str, deleted: bool) -> QueryResult:  # noqa: FBT001 - a Runner
        """Run a statement on the virtual tables."""
        _check_reified(soql)
        return run_query(
            cast("RowSource", self._tables),
            soql,
            include_deleted=deleted,
            user=call.user_id,
            version=call.version,
            path="/tooling",
        )

    def read(self, request: Request, call: Call) -> dict[str, Any]:
        """One record with all its fields."""
        sobject = self._tables.schema.sobject(request.path_params["name"])
        wanted = request.path_params["id"]
        rows = self._tables.rows(sobject.name) if sobject is not None else iter(())
        row = next((each for each in rows if wanted in (each.get("Id"), str(each.get("Id"))[:15])), None)
        if sobject is None or row is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        url = f"{call.base}/tooling/sobjects/{sobject.name}/{row['Id']}"
        shown: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}}
        return shown | {name: row.get(name) for name in sobject.fields}

    def update(self, _request: Request, _call: Call) -> None:
        """Refuse: *Apex triggers cannot be deactivated using Tooling API* (ApexTrigger); deploy metadata instead.

        Raises:
            ApiError: Always.
        """
        problem = "This org changes definitions by metadata deployments only; Apex can't be deactivated by Tooling API"
        raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", problem)


def _check_reified(soql: str) -> None:
    """Refuse a query on field definitions that does not say of which object (SOQL Limitations)."""
    try:
        query = parse(soql)
    except SoqlError as error:
        raise error.answer(soql) from None
    needed = _REIFIED.get(query.source.path.text.casefold())
    if needed and not needed & _filtered(query.where):
        problem = f"{query.source.path.text}: a filter on a reified column is required [EntityDefinitionId,DurableId]"
        raise ApiError(400, "MALFORMED_QUERY", problem)


def _filtered(condition: ast.Condition | None) -> set[str]:
    """The fields every selected row is filtered by with ``=`` or ``IN``."""
    if isinstance(condition, ast.And):
        return set().union(*map(_filtered, condition.terms))
    equal = isinstance(condition, ast.Comparison) and condition.operator == "="
    among = isinstance(condition, ast.Membership) and condition.operator == "IN"
    if (equal or among) and isinstance(condition, ast.Comparison | ast.Membership):
        return {condition.operand.text.casefold()} if isinstance(condition.operand, ast.Path) else set()
    return set()
