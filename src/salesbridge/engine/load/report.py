"""The full report of a run: every record that did not arrive, why, and what to do. Kept in Salesforce and here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from salesbridge.engine.load.context import Work
from salesbridge.salesforce import files
from salesbridge.salesforce.links import file_link
from salesbridge.salesforce.soql import quote
from salesbridge.store.models import RowError

HEADER = ("Object", "Record", "Cause", "Message", "Fields", "What to do", "Row as sent")
_CHUNK = 2_000


def report_rows(errors: Any) -> Iterator[list[str]]:
    """The report's rows, grouped by cause, safe to open in a spreadsheet."""
    error: RowError
    for error in errors.order_by("entity", "code", "key").iterator(chunk_size=_CHUNK):
        fields = ", ".join(error.fields)
        row = orjson.dumps(error.row).decode()
        yield _harmless([error.entity, error.key, error.code, error.message, fields, error.mend, row])


def write_report(work: Work) -> Path:
    """Write the report as CSV in the run's folder; UTF-8 with a mark, because people open it in spreadsheets."""
    path = work.folder / f"salesbridge-run-{work.run.number}-report.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(report_rows(work.door.row_errors.filter(run_id=work.run_id)))
    return path


def _harmless(row: list[str]) -> list[str]:
    """Cells that a spreadsheet would run as a formula become text."""
    return ["'" + cell if cell[:1] in "=+-@\t\r" and cell else cell for cell in row]


def store_report(work: Work, path: Path) -> str:
    """Store the report as a Salesforce File, once a run, and return its address.

    A File outlives the bulk jobs, which Salesforce forgets after seven days.
    """
    title = f"Salesbridge run {work.run.number} report ({work.run_id})"
    soql = f"SELECT ContentDocumentId FROM ContentVersion WHERE Title = {quote(title)}"
    for version in work.salesforce.query(soql):
        return file_link(work.salesforce.token.instance_url, version["ContentDocumentId"])
    return files.upload(work.salesforce, title, path).url
