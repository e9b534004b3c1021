"""Plain pages that show a simulated system's records to people: objects with their counts, a list, one record.

They are read-only, made on the server, and hold neither script nor credentials.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

#: Where both systems show their records.
PATH = "/sandbox/browse"
PAGE = 50
_COLUMNS = 8
_CELL, _VALUE = 60, 2_000
_SECRET = ("password", "secret", "token", "apikey", "api_key", "versiondata")
_STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{margin:0 auto;max-width:80rem;padding:1.5rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0}
th,td{border-bottom:1px solid #8884;overflow-wrap:anywhere}
td.number{text-align:right;font-variant-numeric:tabular-nums}
form{margin:1rem 0;display:flex;gap:.5rem;flex-wrap:wrap;align-items:end}
input,button{font:inherit;padding:.3rem .6rem}
.table{overflow-x:auto}
.note{opacity:.8}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a record.

    Args:
        text: What is read.
        object: Object of the record.
        key: Its key.
    """

    text: str
    object: str
    key: str


class Records(Protocol):
    """What a system shows of itself."""

    title: str

    def counts(self) -> Mapping[str, int]:
        """How many records each object has."""

    def rows(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The records of an object, oldest first.

        Raises:
            KeyError: There is no such object.
        """

    def key(self, name: str, row: Mapping[str, Any]) -> str:
        """What names a record among those of its object."""

    def find(self, name: str, key: str) -> Mapping[str, Any] | None:
        """The record of a key."""

    def link(self, name: str, field: str, value: Any) -> Link | None:
        """The record that a value names; None for a plain value."""


def page(records: Records, query: Mapping[str, str]) -> HTMLResponse:
    """The page that an address asks for.

    Args:
        records: The system.
        query: ``object``; ``key`` for one record; ``text`` for those that hold a text; ``after`` rows to pass over.
    """
    name = query.get("object", "")
    if not name:
        return _answer(records.title, _objects(records))
    if name not in records.counts():
        return _answer(f"No object {name}", "<p>This system has no such object, or no records of it.</p>", 404)
    if key := query.get("key", ""):
        row = records.find(name, key)
        if row is None:
            return _answer(f"No {name} {key}", "<p>There is no such record; it may have been deleted.</p>", 404)
        return _answer(f"{name} {key}", _record(records, name, row))
    after = query.get("after", "")
    start = min(int(after), 10**9) if after.isascii() and after.isdigit() else 0
    return _answer(name, _list(records, name, query.get("text", "").strip(), start))


def address(name: str = "", **more: object) -> str:
    """Address of a page, on the system's own host."""
    asked = {name: value for name, value in {"object": name, **more}.items() if value}
    return f"{PATH}?{urlencode(asked)}" if asked else PATH


def _answer(title: str, body: str, status: int = 200) -> HTMLResponse:
    text = escape(title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{text}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f'<p class="note">Simulated system, read-only · <a href="{PATH}">All objects</a></p><h1>{text}</h1>{body}'
        "</main></body></html>",
        status,
        headers=_HEADERS,
    )


def _objects(records: Records) -> str:
    rows = [[Link(name, name, ""), count] for name, count in sorted(records.counts().items())]
    return _table(("Object", "Records"), rows) if rows else "<p>There are no records yet.</p>"


def _list(records: Records, name: str, text: str, start: int) -> str:
    found = list(islice(_holding(records.rows(name), text), start, start + PAGE + 1))
    shown = [_open(row) for row in found[:PAGE]]
    columns = _columns(shown)
    body = [
        [Link(records.key(name, row), name, records.key(name, row)), *(_cut(row.get(each)) for each in columns)]
        for row in shown
    ]
    form = (
        f'<form action="{PATH}"><input type="hidden" name="object" value="{escape(name)}">'
        f'<label>Key or any value <input name="text" value="{escape(text)}"></label><button>Filter</button></form>'
    )
    listed = _table(("Key", *columns), body) if body else "<p>No record holds that.</p>"
    return form + listed + _more(name, text, start, more=len(found) > PAGE)


def _more(name: str, text: str, start: int, *, more: bool) -> str:
    back = address(name, text=text, after=max(0, start - PAGE))
    links = [f'<a href="{escape(back)}">Previous</a>'] if start else []
    if more:
        links.append(f'<a href="{escape(address(name, text=text, after=start + PAGE))}">Next</a>')
    return f"<p>{' · '.join(links)}</p>"


def _record(records: Records, name: str, row: Mapping[str, Any]) -> str:
    rows = [
        [field, records.link(name, field, value) or _cut(value, _VALUE)]
        for field, value in _open(row).items()
        if value is not None
    ]
    return _table(("Field", "Value"), rows)


def _open(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is nobody's to read."""
    return {name: value for name, value in row.items() if not any(word in name.casefold() for word in _SECRET)}


def _holding(rows: Iterable[Mapping[str, Any]], text: str) -> Iterator[Mapping[str, Any]]:
    wanted = text.casefold()
    for row in rows:
        if not wanted or any(wanted in str(value).casefold() for value in _open(row).values() if value is not None):
            yield row


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    filled = dict.fromkeys(field for row in rows for field, value in row.items() if value not in (None, ""))
    told = sorted(filled, key=lambda field: ("name" not in field.casefold(), "key" not in field.casefold()))
    return told[:_COLUMNS]


def _cut(value: Any, most: int = _CELL) -> Any:
    if value is None or isinstance(value, int | float):
        return "" if value is None else str(value)
    text = str(value)
    return text if len(text) <= most else f"{text[:most]}…"


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in columns)
    body = "".join(f"<tr>{''.join(_td(value) for value in row)}</tr>" for row in rows)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _td(value: Any) -> str:
    if isinstance(value, Link):
        there = address(value.object, key=value.key)
        return f'<td><a href="{escape(there)}">{escape(value.text)}</a></td>'
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"
