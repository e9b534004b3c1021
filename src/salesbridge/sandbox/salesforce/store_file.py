"""A SQLite file that remembers every committed row, so that an org survives its process."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import TYPE_CHECKING, Any

import orjson

from .access import FieldPermission, PermissionSet
from .deletions import Deletion
from .schema import Field, SObject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .org import Org
    from .results import Row

_TABLES = """
CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, sobject TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS permission_set (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sobject (name TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
"""
_TUPLES = ("reference_to", "picklist")


class StoreFile:
    """The file behind an org; used under the org's lock.

    Args:
        path: The file; made when it isn't there.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        self.loaded = False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def load(self, org: Org) -> None:
        """Bring the org to the state of the file."""
        for name, body in self._db.execute("SELECT name, body FROM sobject"):
            if body is None:
                if org.schema.sobject(name) is not None:
                    org.schema.remove_sobject(name)
            else:
                org.schema.add_sobject(_sobject(orjson.loads(body)))
        for id_, sobject, body in self._db.execute("SELECT id, sobject, body FROM record ORDER BY id"):
            if org.schema.sobject(sobject) is not None:
                row = orjson.loads(body)
                org.table(sobject).put(id_, row)
                org.numbering.skip(id_)
                if row["IsDeleted"]:
                    org.deletions.note(Deletion(sobject, id_, row["SystemModstamp"]), id_)
        for (body,) in self._db.execute("SELECT body FROM permission_set"):
            org.directory.add_permission_set(_permission_set(orjson.loads(body)))
        org.numbering.last.update(self._db.execute("SELECT name, last FROM number"))
        self.loaded = True

    def save_permission_set(self, permission_set: PermissionSet) -> None:
        """Write a permission set as a deployment left it."""
        if self.loaded:
            fields = {name: [each.readable, each.editable] for name, each in permission_set.fields.items()}
            plain = {
                "name": permission_set.name,
                "label": permission_set.label,
                "fields": fields,
                "permissions": sorted(permission_set.permissions),
                "custom": sorted(permission_set.custom),
            }
            row = (permission_set.name, orjson.dumps(plain))
            self._db.execute("INSERT OR REPLACE INTO permission_set VALUES (?, ?)", row)

    def save_rows(self, org: Org, journal: Sequence[tuple[str, str, Row | None]]) -> None:
        """Write the present state of every row the journal names."""
        touched = dict.fromkeys((sobject, id_) for sobject, id_, _ in journal)
        kept: list[tuple[str, str, bytes]] = []
        gone: list[tuple[str]] = []
        for sobject, id_ in touched:
            row = org.table(sobject).get(id_)
            if row is None:
                gone.append((id_,))
            else:
                kept.append((id_, sobject, orjson.dumps(row)))
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
            self._db.executemany("INSERT OR REPLACE INTO number VALUES (?, ?)", org.numbering.last.items())
            self._db.executemany("DELETE FROM record WHERE id = ?", gone)

    def save_schema(self, name: str, sobject: SObject | None) -> None:
        """Write an object as a deployment left it; None when it was taken away."""
        if self.loaded:
            body = None if sobject is None else orjson.dumps(_plain(sobject))
            self._db.execute("INSERT OR REPLACE INTO sobject VALUES (?, ?)", (name, body))


def _plain(sobject: SObject) -> dict[str, Any]:
    plain = {f.name: getattr(sobject, f.name) for f in dataclasses.fields(sobject) if f.init}
    return {**plain, "fields": [dataclasses.asdict(field) for field in sobject.fields.values()]}


def _sobject(plain: dict[str, Any]) -> SObject:
    fields = [_field(each) for each in plain.pop("fields")]
    return SObject(**plain, fields={each.name: each for each in fields})


def _permission_set(plain: dict[str, Any]) -> PermissionSet:
    fields = {name: FieldPermission(*granted) for name, granted in plain["fields"].items()}
    granted = (frozenset(plain["permissions"]), frozenset(plain.get("custom", ())))
    return PermissionSet(plain["name"], plain["label"], fields, *granted)


def _field(plain: dict[str, Any]) -> Field:
    lists = {key: tuple(plain[key]) for key in _TUPLES}
    return Field(**{**plain, **lists})
