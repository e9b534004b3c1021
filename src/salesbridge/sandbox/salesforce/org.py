"""The simulated org: its rows, users and settings, and the one way to save records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .access_rules import EVERYTHING, FieldAccess, field_access
from .bus import EventBus
from .calls import Calls
from .deletions import DeletionLog
from .directory import Directory
from .event_save import publish_records
from .faults import Faults
from .ids import normal_id
from .limits import Limits
from .numbering import Numbering
from .parents import locking_parents
from .plan import Blueprint, Plan, blueprint
from .remove import Removal
from .results import ApiError, Row, SaveError, SaveResult
from .rules import PLAIN, Rules
from .rules_index import RULES
from .save import Operation, Save, SaveContext, rolled_back
from .schema import Field, Schema, SObject
from .settings import OrgSettings
from .store_file import StoreFile
from .table import Table
from .triggers import Triggers
from .values import RefusedError, datetime_text

if TYPE_CHECKING:
    from pathlib import Path

    from .access import PermissionSet

__all__ = ["ApiError", "Org", "OrgSettings", "Row", "SaveError", "SaveResult"]

Undo = tuple[str, str, Row | None]
Commit = Callable[[list[Undo], str], None]
PlanCache = dict[tuple[tuple[str, ...], bool], Plan]


def _now() -> datetime:
    return datetime.now(UTC)


class Org:
    """One Salesforce org in memory.

    Rows handed out are the stored ones: treat them as read-only. Hold ``lock`` around every group of reads that must
    agree with one another.

    Args:
        sobjects: The objects the org starts with.
        clock: Tells the time, with a time zone.
        settings: What is switched on in Setup.
        file: Where committed rows are kept as well; see :meth:`open`.
    """

    def __init__(
        self,
        sobjects: Iterable[SObject] = (),
        *,
        clock: Callable[[], datetime] = _now,
        settings: OrgSettings | None = None,
        file: StoreFile | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.settings = settings or OrgSettings()
        self.schema = Schema(sobjects)
        self.faults = Faults()
        self.limits = Limits()
        self.calls = Calls()
        self.id = normal_id(self.settings.organization_id) or ""
        self.public_url: str | None = None
        self.pubsub_address: str | None = None
        self.bus = EventBus(self)
        self.triggers = Triggers(self)
        self.on_commit: list[Commit] = []
        self._tables = {name: self._new_table(name) for name in self.schema.names()}
        self._prefixes: dict[str, Table] = {}
        self.numbering = Numbering()
        self.deletions = DeletionLog()
        self._blueprints: dict[str, Blueprint] = {}
        self._plans: dict[tuple[str, str], PlanCache] = {}
        self._access: dict[tuple[str, str], FieldAccess] = {}
        self._journal: list[Undo] = []
        self._depth = 0
        self._actor = ""
        self._described: dict[str | None, datetime] = {}
        self._born = clock()
        self._index_prefixes()
        self.schema.on_change(self._schema_changed)
        self.directory = Directory(self)
        self._file = file
        if file is not None:
            file.load(self)

    @classmethod
    def open(cls, path: Path, sobjects: Iterable[SObject], *, settings: OrgSettings | None = None) -> Org:
        """An org whose committed rows are kept in a SQLite file, and loaded from it.

        Args:
            path: The file; made when it isn't there.
            sobjects: The objects a new org starts with; deployed ones come from the file.
            settings: What is switched on in Setup.
        """
        return cls(sobjects, settings=settings, file=StoreFile(path))

    def keep_permission_set(self, permission_set: PermissionSet) -> None:
        """Write a permission set to the file, if there is one."""
        if self._file is not None:
            self._file.save_permission_set(permission_set)

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    # -- schema ------------------------------------------------------------------------------------------------

    def _new_table(self, name: str) -> Table:
        sobject = self.schema.sobject(name)
        if sobject is None:
            raise KeyError(f"The org has no object {name}")
        return Table(sobject)

    def _index_prefixes(self) -> None:
        named = ((self.schema.sobject(name), table) for name, table in self._tables.items())
        self._prefixes = {each.key_prefix: table for each, table in named if each and each.key_prefix}

    def _schema_changed(self, name: str) -> None:
        with self.lock:
            sobject = self.schema.sobject(name)
            if sobject is None:
                self._tables.pop(name, None)
            elif name in self._tables:
                self._tables[name].reindex(sobject)
            else:
                self._tables[name] = Table(sobject)
            self._index_prefixes()
            self._blueprints.pop(name, None)
            self.forget_access()
            self._described[name] = self._described[None] = self.clock()
            if self._file is not None:
                self._file.save_schema(name, sobject)

    def schema_changed_at(self, sobject: str | None = None) -> datetime:
        """When the object, or any object, was last changed by a deployment."""
        return self._described.get(sobject, self._born)

    def forget_access(self) -> None:
        """Work out again who may see which field; call it when permission sets or assignments change."""
        self._plans.clear()
        self._access.clear()

    def sobject(self, name: str) -> SObject:
        """The object of that name, when it is there and switched on.

        Raises:
            ApiError: 404 ``NOT_FOUND``.
        """
        found = self.visible_sobject(name)
        if found is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def visible_sobject(self, name: str) -> SObject | None:
        """The object of that name, or None when it isn't there or its feature is switched off."""
        found = self.schema.sobject(name)
        return None if found is None or found.name in self.settings.switched_off() else found

    def visible_names(self) -> list[str]:
        """The names of all objects whose features are switched on."""
        off = self.settings.switched_off()
        return [name for name in self.schema.names() if name not in off]

    def blueprint(self, sobject: SObject) -> Blueprint:
        """What every save of the object needs to know."""
        found = self._blueprints.get(sobject.name)
        if found is None or found.sobject is not sobject:
            found = self._blueprints[sobject.name] = blueprint(sobject)
        return found

    def rules(self, sobject: str) -> Rules:
        """The object's own rules."""
        return RULES.get(sobject, PLAIN)

    def plans(self, user: str, sobject: SObject) -> PlanCache:
        """The compiled plans of saves by that user of that object."""
        return self._plans.setdefault((user, sobject.name), {})

    def field_access(self, user: str, sobject: SObject) -> FieldAccess:
        """What field-level security hides from the user, or lets the user only read."""
        if not self.settings.fls_enforced:
            return EVERYTHING
        key = (user, sobject.name)
        found = self._access.get(key)
        if found is None:
            found = self._access[key] = field_access(sobject, self.directory.granted(user))
        return found

    def visible_fields(self, user: str, sobject: SObject) -> list[Field]:
        """The object's fields the user may read, in documented order."""
        hidden = self.field_access(user, sobject).hidden
        return [field for field in sobject.fields.values() if field.name not in hidden]

    # -- reading -----------------------------------------------------------------------------------------------

    def table(self, sobject: str) -> Table:
        """The stored rows of an object given by its canonical name.

        Raises:
            KeyError: No such object.
        """
        return self._tables[sobject]

    def table_of_prefix(self, prefix: str) -> Table | None:
        """The table whose ids start with these three characters."""
        return self._prefixes.get(prefix)

    def rows(self, sobject: str, *, deleted: bool = False) -> Iterator[Row]:
        """The live rows of an object, oldest first; with ``deleted`` those in the recycle bin too."""
        return self._tables[self._canonical(sobject)].rows(deleted=deleted)

    def _canonical(self, sobject: str) -> str:
        if sobject in self._tables:
            return sobject
        found = self.schema.sobject(sobject)
        if found is None:
            raise KeyError(f"The org has no object {sobject}")
        return found.name

    def get(self, sobject: str, id: str) -> Row | None:  # noqa: A002 - the field is called Id
        """The live row of that id (15 or 18 characters), or None."""
        known = normal_id(id)
        return None if known is None else self._tables[self._canonical(sobject)].live.get(known)

    def has_index(self, sobject: str, field: str) -> bool:
        """Whether :meth:`find` needs no scan for that field."""
        return field in self._tables[sobject].indexes

    def find(self, sobject: str, field: str, value: Any) -> list[Row]:
        """The live rows whose field equals the value; text ignores case unless the field is case-sensitive."""
        table = self._tables[self._canonical(sobject)]
        if value is None:
            return []
        if field == "Id":
            row = self.get(sobject, value)
            return [] if row is None else [row]
        index = table.indexes.get(field)
        if index is not None:
            return [table.live[id_] for id_ in index.ids(value)]
        wanted = value.casefold() if isinstance(value, str) else value
        return [row for row in table.live.values() if _folded(row.get(field)) == wanted]

    def count(self, sobject: str) -> int:
        """How many live rows an object has."""
        return len(self._tables[self._canonical(sobject)].live)

    def live_row(self, sobject: SObject, value: Any) -> Row:
        """The row an id in a request names.

        Raises:
            RefusedError: ``MALFORMED_ID``, ``ENTITY_IS_DELETED`` or ``INVALID_CROSS_REFERENCE_KEY``.
        """
        id_ = normal_id(value)
        if id_ is None or (sobject.key_prefix and id_[:3] != sobject.key_prefix):
            label = sobject.fields["Id"].label
            raise RefusedError("MALFORMED_ID", f"{label}: id value of incorrect type: {value}", "Id")
        table = self._tables[sobject.name]
        row = table.live.get(id_)
        if row is not None:
            return row
        if id_ in table.bin or id_ in self.deletions:
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")

    # -- writing -----------------------------------------------------------------------------------------------

    def save(
        self,
        operation: Operation,
        sobject: str,
        records: Sequence[Mapping[str, Any]],
        *,
        user: str,
        external_id: str | None = None,
        all_or_none: bool = False,
        locked: Container[str] = (),
    ) -> list[SaveResult]:
        """Insert, update, upsert, delete or undelete records of one object, in one transaction.

        Args:
            operation: What to do.
            sobject: The object's name, in any case.
            records: Wire values by field name; ``{"Account": {"Ext__c": "x"}}`` names a parent by external id;
                None sets a field to null. Deletes and undeletes need only ``Id``.
            user: Id of the calling user.
            external_id: The upsert's key field; ``Id`` is allowed.
            all_or_none: Undo everything when one record is refused.
            locked: Ids that other transactions hold; a record that touches one is refused.

        Raises:
            ApiError: No such object, or the key field can't be one.
        """
        with self.lock, self.transaction(user):
            context = self._context(sobject, user, external_id, locked)
            point = self.savepoint()
            results = self._run(operation, context, records)
            undone = self.fire(context.sobject.name, results, point, user)
            if undone is not None:
                self.rollback_to(point)
                return list(undone)
            if all_or_none and not all(result.success for result in results):
                self.rollback_to(point)
                return [rolled_back(result) for result in results]
            return results

    def fire(self, sobject: str, results: Sequence[SaveResult], point: int, user: str) -> Sequence[SaveResult] | None:
        """Let the triggers see what was written since a savepoint; see :meth:`.Triggers.fire`."""
        return self.triggers.fire(sobject, results, self._journal[point:], self.savepoint(), user)

    def _context(self, name: str, user: str, key: str | None, locked: Container[str]) -> SaveContext:
        sobject = self.sobject(name)
        field = None
        if key is not None:
            field = sobject.upsert_key(key)
            if field is None or field.name in self.field_access(user, sobject).hidden:
                message = f"Provided external ID field does not exist or is not accessible: {key}"
                raise ApiError(404, "NOT_FOUND", message)
        return SaveContext(self, sobject, user, datetime_text(self.clock()), field, locked)

    def _run(
        self, operation: Operation, context: SaveContext, records: Sequence[Mapping[str, Any]]
    ) -> list[SaveResult]:
        if context.sobject.name.endswith("__e"):
            return publish_records(context, operation, records)
        if operation == "delete":
            return Removal(context).delete(records)
        if operation == "undelete":
            return Removal(context).undelete(records)
        return Save(context, operation).run(records)

    @contextmanager
    def transaction(self, user: str = "") -> Iterator[None]:
        """Make several saves one: an exception inside undoes them all. Transactions nest."""
        with self.lock:
            start = len(self._journal)
            self._actor = user or self._actor
            self._depth += 1
            try:
                yield
            except BaseException:
                self.rollback_to(start)
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._commit()

    def _commit(self) -> None:
        journal, self._journal = self._journal, []
        user, self._actor = self._actor, ""
        if journal:
            if self._file is not None:
                self._file.save_rows(self, journal)
            for listener in self.on_commit:
                listener(journal, user)
        self.triggers.commit()

    def savepoint(self) -> int:
        """A place in the running transaction to roll back to."""
        return len(self._journal)

    def rollback_to(self, point: int) -> None:
        """Undo every write since the savepoint."""
        self.triggers.forget(point)
        while len(self._journal) > point:
            sobject, id_, row = self._journal.pop()
            table = self._tables.get(sobject)
            if table is not None:
                table.put(id_, row)

    def put(self, sobject: str, id_: str, row: Row | None) -> None:
        """Write a row as it is, past all rules, inside a transaction; None removes it for good."""
        self._journal.append((sobject, id_, self._tables[sobject].put(id_, row)))

    def seed(self, sobject: str, row: Mapping[str, Any]) -> Row:
        """Write a row the org comes with (users, price books ...), past all rules.

        Missing system fields are filled in; the row's ``Id`` too.
        """
        known = self.sobject(sobject)
        stamp = datetime_text(self.clock())
        system = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp, "IsDeleted": False}
        given = {name: value for name, value in row.items() if value is not None}
        made: Row = {**self.blueprint(known).defaults, **system, **given}
        made.setdefault("Id", self.new_id(known.key_prefix or "000"))
        with self.transaction():
            self.put(known.name, made["Id"], made)
        return made

    def new_id(self, prefix: str) -> str:
        """The next unused id (18 characters) of a key prefix."""
        return self.numbering.new_id(prefix)

    def locking_parents(self, sobject: str, record: Mapping[str, Any]) -> set[str]:
        """Ids of the parent rows that saving this record locks, through ids and external ids alike."""
        return locking_parents(self, self.sobject(sobject), record)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
