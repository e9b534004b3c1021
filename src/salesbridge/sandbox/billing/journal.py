"""Edits kept in a SQLite file, so that a sandbox goes on where it stopped."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from salesbridge.sandbox.billing.records import Kind, Record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (kind TEXT, id INTEGER, body BLOB, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


class OtherSeedError(ValueError):
    """The file holds the edits of another seed."""


def kept_day(file: Path) -> date | None:
    """The day of the data whose edits a file keeps; None for a file that is not there."""
    if not file.exists():
        return None
    with closing(sqlite3.connect(file)) as base:
        row = base.execute("SELECT value FROM note WHERE name = 'day'").fetchone()
    return date.fromisoformat(row[0]) if row else None


class Journal:
    """The edits of one seed in a file; the caller serialises the calls.

    Args:
        file: The SQLite file, created where it is missing.
        seed: A text that tells one seed from another.
        day: The day of its data.

    Raises:
        OtherSeedError: The file was begun with another seed.
    """

    def __init__(self, file: Path, seed: str, day: date) -> None:
        self._base = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_SCHEMA)
        if self.note("seed", seed) != seed:
            self.close()
            raise OtherSeedError(f"{file} holds the edits of another seed; name another file or the same seed")
        self.write_note("seed", seed)
        self.write_note("day", day.isoformat())

    def note(self, name: str, default: str) -> str:
        """A setting kept in the file."""
        row = self._base.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def write_note(self, name: str, value: str) -> None:
        """Keep a setting."""
        self._base.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def edits(self) -> Iterator[tuple[Kind, int, Record | None]]:
        """Every edited record by kind and id; None for a deleted one."""
        for kind, record_id, body in self._base.execute("SELECT kind, id, body FROM record ORDER BY kind, id"):
            yield kind, record_id, None if body is None else orjson.loads(body)

    def write(self, rows: list[tuple[Kind, int, Record | None]]) -> None:
        """Keep the edits of one change, all or none."""
        self._base.execute("BEGIN")
        self._base.executemany(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
            [(kind, at, None if record is None else orjson.dumps(record)) for kind, at, record in rows],
        )
        self._base.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()
