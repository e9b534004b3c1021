"""Running a statement: parse, check, select, and wrap the rows for whoever asked."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.aggregation import Aggregation, is_aggregate, is_count
from salesbridge.sandbox.salesforce.soql.errors import SoqlError, malformed, too_complicated
from salesbridge.sandbox.salesforce.soql.parse import parse
from salesbridge.sandbox.salesforce.soql.projection import Projection, Settings
from salesbridge.sandbox.salesforce.soql.ranges import SUNDAY_FIRST, Today
from salesbridge.sandbox.salesforce.soql.result import QueryResult
from salesbridge.sandbox.salesforce.soql.scope import Scope, Session
from salesbridge.sandbox.salesforce.soql.selection import Selection
from salesbridge.sandbox.salesforce.soql.source import RowSource

MAX_BATCH = 2000
LONG_TEXT_BATCH = 200
MANY_LONG_TEXTS = 2
DEEP_SUBQUERIES = 58.0
"""The API version from which subqueries nest to five levels instead of two."""


def run_query(
    source: RowSource,
    soql: str,
    *,
    include_deleted: bool = False,
    user: str | None = None,
    version: float = 66.0,
    path: str = "",
) -> QueryResult:
    """Run one statement. The caller holds the source's lock if it has one.

    Args:
        source: Where rows come from: an ``Org``, or ``Tables``.
        soql: The statement.
        include_deleted: Whether rows in the recycle bin take part (queryAll).
        user: Id of the caller, whose field-level security hides fields; None sees everything.
        version: API version, for record URLs and what subqueries may do.
        path: What stands between version and ``/sobjects`` in record URLs, e.g. ``/tooling``.

    Raises:
        ApiError: 400 with ``MALFORMED_QUERY``, ``INVALID_TYPE``, ``INVALID_FIELD``, ``INVALID_QUERY_FILTER_OPERATOR``,
            ``NUMBER_OUTSIDE_VALID_RANGE`` or ``QUERY_TOO_COMPLICATED``, worded as the org words it.
    """
    settings = Settings(f"/services/data/v{version:.1f}{path}", 5 if version >= DEEP_SUBQUERIES else 2)
    try:
        query = parse(soql)
        session = Session(source, user, _today(source), deleted=include_deleted)
        sobject = session.sobject(query.source.path.text, query.source.path.pos)
        scope = Scope.of(session, sobject, query.sources)
        return _run(scope, query, settings)
    except SoqlError as error:
        raise error.answer(soql) from None
    except RecursionError:
        raise too_complicated().answer(soql) from None


def _today(source: RowSource) -> Today:
    settings = source.settings
    return Today(source.clock(), ZoneInfo(settings.timezone), 6 if settings.locale in SUNDAY_FIRST else 0)


def _run(scope: Scope, query: ast.Query, settings: Settings) -> QueryResult:
    if is_count(query):
        count = len(Selection(scope, query).chosen(None))
        return QueryResult(scope.sobject.name, count, (), False, MAX_BATCH, (), dict, tuple)
    if is_aggregate(query):
        return _aggregated(Selection(scope, query))
    return _selected(scope, query, settings)


def _selected(scope: Scope, query: ast.Query, settings: Settings) -> QueryResult:
    projection = Projection(scope, query, settings)
    if query.having is not None:
        raise malformed("HAVING needs a GROUP BY clause")
    selection = Selection(scope, query)
    rows = selection.chosen(selection.sorter())
    columns = projection.columns
    return QueryResult(
        scope.sobject.name,
        len(rows),
        tuple(columns),
        True,
        LONG_TEXT_BATCH if projection.long_texts >= MANY_LONG_TEXTS else MAX_BATCH,
        rows,
        projection.record,
        projection.values,
        bool(projection.children),
        tuple(column.field for column in columns.values()),
    )


def _aggregated(selection: Selection) -> QueryResult:
    aggregation = Aggregation(selection)
    records = aggregation.records(selection.matching())
    names = aggregation.columns
    return QueryResult(
        "AggregateResult",
        len(records),
        names,
        False,
        MAX_BATCH,
        records,
        lambda record: record,
        lambda record: tuple([record[name] for name in names]),
    )
