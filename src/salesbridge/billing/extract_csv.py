"""CSV text to cells, with null and empty kept apart.

The standard library's reader (before Python 3.12's ``QUOTE_NOTNULL``) reads both an unquoted empty cell and ``""``
as an empty text; an extract means null by the first and empty by the second.
"""

from __future__ import annotations

import re
from typing import Final

# A cell and the comma behind it: quoted with doubled quotes, or without any quote.
_CELL: Final = re.compile(r'("[^"]*(?:""[^"]*)*"|[^",]*),')


def split_record(text: str) -> list[str | None]:
    """Splits one CSV record (RFC 4180, without its line ending) into cells.

    An unquoted empty cell is None, ``""`` is an empty text. Cells are not trimmed.

    Raises:
        ValueError: A quote stands where none may.
    """
    if '"' not in text:
        return [cell or None for cell in text.split(",")]
    raw = _CELL.findall(f"{text},")
    if sum(map(len, raw)) + len(raw) != len(text) + 1:
        raise ValueError("a quote stands inside a cell that is not quoted, or is not closed")
    return [_cell(cell) for cell in raw]


def _cell(raw: str) -> str | None:
    if not raw:
        return None
    return raw[1:-1].replace('""', '"') if raw[0] == '"' else raw


def join_record(cells: list[str | None]) -> str:
    """Writes cells as one CSV record that ``split_record`` reads back; null is left out, text is quoted as needed."""
    return ",".join(_raw(cell) for cell in cells)


def _raw(cell: str | None) -> str:
    if cell is None:
        return ""
    if cell and not any(mark in cell for mark in '",\r\n'):
        return cell
    return '"' + cell.replace('"', '""') + '"'
