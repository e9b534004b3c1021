"""The rows of one object in memory, with the indexes that saves and queries look things up in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import Row
    from .schema import Field, SObject


class Index:
    """From a field's value to the ids of the live rows that hold it.

    Args:
        field: The indexed field; text keys ignore case unless the field is case-sensitive or a reference.
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self._fold = field.type not in {"reference", "id"} and not field.case_sensitive
        self._ids: dict[Any, str | set[str]] = {}

    def _key(self, value: Any) -> Any:
        return value.casefold() if self._fold and isinstance(value, str) else value

    def ids(self, value: Any) -> list[str]:
        """The ids under that value, in no order that means anything beyond being stable."""
        found = self._ids.get(self._key(value))
        if found is None:
            return []
        return [found] if isinstance(found, str) else sorted(found)

    def add(self, value: Any, id_: str) -> None:
        """Note that the row holds the value."""
        key = self._key(value)
        found = self._ids.setdefault(key, id_)
        if found is id_ or found == id_:
            return
        if isinstance(found, str):
            self._ids[key] = {found, id_}
        else:
            found.add(id_)

    def discard(self, value: Any, id_: str) -> None:
        """Forget that the row holds the value."""
        key = self._key(value)
        found = self._ids.get(key)
        if isinstance(found, set):
            found.discard(id_)
            if not found:
                del self._ids[key]
        elif found == id_:
            del self._ids[key]


class Table:
    """Live rows, the recycle bin and the indexes of one object.

    Args:
        sobject: The object as it is when the table is made; see :meth:`reindex`.
    """

    def __init__(self, sobject: SObject) -> None:
        self.name = sobject.name
        self.live: dict[str, Row] = {}
        self.bin: dict[str, Row] = {}
        self.indexes: dict[str, Index] = {}
        self.reindex(sobject)

    def reindex(self, sobject: SObject) -> None:
        """Build the indexes the object's fields call for, and keep those whose field is as it was."""
        known = self.indexes
        self.indexes = {
            f.name: known[f.name] if f.name in known and known[f.name].field == f else self._filled(f)
            for f in sobject.fields.values()
            if f.indexed
        }

    def _filled(self, field: Field) -> Index:
        index = Index(field)
        for id_, row in self.live.items():
            if field.name in row:
                index.add(row[field.name], id_)
        return index

    def get(self, id_: str) -> Row | None:
        """The row of that id, live or in the recycle bin."""
        return self.live.get(id_) or self.bin.get(id_)

    def rows(self, *, deleted: bool = False) -> Iterator[Row]:
        """Every live row, then, if asked for, every row in the recycle bin."""
        yield from self.live.values()
        if deleted:
            yield from self.bin.values()

    def put(self, id_: str, row: Row | None) -> Row | None:
        """Make ``row`` the state of that id (None: no such row) and answer the state it replaces."""
        old = self.live.get(id_)
        live = row is not None and not row["IsDeleted"]
        self._index(id_, old or {}, row if live and row is not None else {})
        if old is None:
            old = self.bin.pop(id_, None)
        elif not live:
            del self.live[id_]
        if row is not None:
            (self.live if live else self.bin)[id_] = row
        return old

    def _index(self, id_: str, old: Row, new: Row) -> None:
        for name, index in self.indexes.items():
            before, after = old.get(name), new.get(name)
            if before != after:
                if before is not None:
                    index.discard(before, id_)
                if after is not None:
                    index.add(after, id_)
