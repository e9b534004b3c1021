"""Values in SOQL text, and queries short enough for a URL."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# URI plus headers may take 16,384 bytes (REST API guide, "Query"); a long token and our headers take up to 3 KB.
MAX_ENCODED_SOQL: Final = 12_000

# SOQL and SOSL Reference, "Quoted String Escape Sequences".
_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
# A field, also of a parent (Account.Name); anything else in its place would be a query of somebody else's.
_NAME: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
Value = str | int | float | Decimal | bool | date | datetime | None


def quote(value: Value) -> str:
    """Writes a value as a SOQL literal; text is quoted and escaped, date-times become UTC.

    Raises:
        ValueError: A date-time without a time zone.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
    return str(value)


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("A date-time in SOQL needs a time zone.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def select_in(sobject: str, fields: Sequence[str], field: str, values: Iterable[Value]) -> Iterator[str]:
    """Writes the queries for the records whose field has one of many values; each value is asked for once.

    Raises:
        ValueError: Something is not a name.
    """
    for name in (sobject, field, *fields):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of an object or field.")
    return in_queries(f"SELECT {','.join(fields)} FROM {sobject} WHERE {field}", dict.fromkeys(values))


def in_queries(
    before: str, values: Iterable[Value], after: str = "", *, limit: int = MAX_ENCODED_SOQL
) -> Iterator[str]:
    """Splits ``before IN (values) after`` into queries that fit a URL.

    Args:
        before: The query up to and with the field, such as ``SELECT Id FROM Account WHERE Code__c``.
        values: May be any number; none gives no query.
        after: The rest of the query.
        limit: Bytes that a query may take once it is percent-encoded.
    """
    fixed = len(quote_plus(f"{before} IN () {after}"))
    literals: list[str] = []
    size = fixed
    for value in values:
        literal = quote(value)
        cost = len(quote_plus(literal + ","))
        if literals and size + cost > limit:
            yield _in_query(before, literals, after)
            literals, size = [], fixed
        literals.append(literal)
        size += cost
    if literals:
        yield _in_query(before, literals, after)


def _in_query(before: str, literals: list[str], after: str) -> str:
    return f"{before} IN ({','.join(literals)}) {after}".rstrip()
