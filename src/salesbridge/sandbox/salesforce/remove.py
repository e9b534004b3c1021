"""Deleting records into the recycle bin, with what depends on them, and taking them out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .deletions import Deletion
from .ids import normal_id
from .results import SaveError, SaveResult
from .values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .results import Row
    from .save import SaveContext
    from .schema import ChildRelationship


class Removal:
    """One delete or undelete of records of one object.

    Args:
        context: Who removes what.
    """

    def __init__(self, context: SaveContext) -> None:
        self._context = context
        self._org = context.org

    def delete(self, records: Sequence[Mapping[str, Any]]) -> list[SaveResult]:
        """Move the records, and what cascades from them, to the recycle bin."""
        return [self._attempt(record, self._delete_one) for record in records]

    def undelete(self, records: Sequence[Mapping[str, Any]]) -> list[SaveResult]:
        """Take the records, and what went with them, out of the recycle bin."""
        return [self._attempt(record, self._undelete_one) for record in records]

    def _attempt(self, record: Mapping[str, Any], act: Callable[[str], None]) -> SaveResult:
        point = self._org.savepoint()
        value = next((each for key, each in record.items() if key.casefold() == "id"), None)
        id_ = normal_id(value)
        if id_ is None:
            return SaveResult(value, success=False, errors=(SaveError("MALFORMED_ID", f"malformed id {value}"),))
        try:
            act(id_)
        except RefusedError as refusal:
            self._org.rollback_to(point)
            return SaveResult(value, success=False, errors=(refusal.error,))
        return SaveResult(id_, success=True)

    def _delete_one(self, id_: str) -> None:
        sobject = self._context.sobject
        row = self._org.live_row(sobject, id_)
        locked = self._context.locked
        parents = self._org.locking_parents(sobject.name, row) if locked else set()
        if any(each in locked for each in (id_, *parents)):
            raise RefusedError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        if not sobject.deletable:
            raise RefusedError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be deleted: {sobject.label}")
        self._remove(sobject.name, row, id_, set())

    def _remove(self, sobject: str, row: Row, cause: str, gone: set[str]) -> None:
        if row["Id"] in gone:
            return
        gone.add(row["Id"])
        rules = self._org.rules(sobject)
        rules.before_delete(self._org, row, cascading=row["Id"] != cause)
        for link in self._org.schema.children(sobject):
            self._follow(link, row["Id"], cause, gone)
        self._bin(sobject, row, cause)
        rules.after_delete(self._org, row, self._context.user)

    def _follow(self, link: ChildRelationship, parent: str, cause: str, gone: set[str]) -> None:
        if not self._org.has_index(link.child, link.field):
            return
        for child in self._org.find(link.child, link.field, parent):
            if link.cascade_delete:
                self._remove(link.child, child, cause, gone)
            elif link.restricted_delete:
                message = (
                    "Your attempt to delete this record could not be completed because it is associated with the"
                    f" following {link.child} records: {child['Id'][:15]}"
                )
                raise RefusedError("DELETE_FAILED", message)
            else:
                self._org.put(
                    link.child, child["Id"], {k: v for k, v in child.items() if k != link.field} | self._stamp()
                )

    def _stamp(self) -> dict[str, str]:
        stamp = self._context.stamp
        return {
            "LastModifiedDate": stamp,
            "LastModifiedById": self._context.user,
            "SystemModstamp": stamp,
        }

    def _bin(self, sobject: str, row: Row, cause: str) -> None:
        known = self._org.schema.sobject(sobject)
        keep = row["Id"] != cause or (known is not None and known.undeletable)
        self._org.put(sobject, row["Id"], {**row, **self._stamp(), "IsDeleted": True} if keep else None)
        self._org.deletions.note(Deletion(sobject, row["Id"], self._context.stamp), cause)

    def _undelete_one(self, id_: str) -> None:
        name = self._context.sobject.name
        row = self._org.table(name).bin.get(id_)
        if row is None or not self._context.sobject.undeletable:
            raise RefusedError("UNDELETE_FAILED", "Entity is not in the recycle bin")
        for sobject, member in self._org.deletions.gone_with(id_) or [(name, id_)]:
            binned = self._org.table(sobject).bin.get(member)
            if binned is not None:
                self._check_unique(sobject, binned)
                self._org.put(sobject, member, {**binned, **self._stamp(), "IsDeleted": False})
        self._org.deletions.forget(id_)

    def _check_unique(self, sobject: str, row: Row) -> None:
        known = self._org.schema.sobject(sobject)
        for field in self._org.blueprint(known).unique if known is not None else ():
            for holder in self._org.find(sobject, field.name, row.get(field.name)):
                message = f"duplicate value found: {field.name} duplicates value on record with id: {holder['Id'][:15]}"
                raise RefusedError("DUPLICATE_VALUE", message)
