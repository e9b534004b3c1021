"""Tables for spreadsheets: CSV that no spreadsheet takes for formulas, sent row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

# what makes a spreadsheet compute a cell (OWASP, CSV Injection)
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """What the csv writer writes to: hands each line back."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> str:
    """A value as text that is never computed: an apostrophe is put before what could be."""
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_ACTIVE) and not isinstance(value, int | float) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV file, the header first; with a byte order mark, by which spreadsheets know UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(header))
    for row in rows:
        yield str(writer.writerow([cell(value) for value in row]))


def download(content: Iterable[str], name: str, ending: str = "csv") -> StreamingHttpResponse:
    """A file to be saved, named after what it is and the moment."""
    kind = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}[ending]
    response = StreamingHttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"'
    return response
