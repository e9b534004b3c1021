"""Saving records: from the values of a request to rows, or to the errors that say why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .compound import fill_compounds
from .parents import parent_id
from .plan import Plan, compile_plan, converted
from .references import check_reference
from .results import ApiError, SaveError, SaveResult
from .rules import Change
from .values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from .org import Org
    from .results import Row
    from .schema import Field, SObject

Operation = Literal["insert", "update", "upsert", "delete", "undelete"]
ROLLED_BACK = SaveError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
LOCKED = SaveError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def check_operation(sobject: SObject, done: str, *, allowed: bool) -> None:
    """Refuse an operation that the object doesn't support.

    Raises:
        RefusedError: ``INVALID_TYPE_FOR_OPERATION``.
    """
    if not allowed:
        message = f"entity type cannot be {done}: {sobject.label}"
        raise RefusedError("INVALID_TYPE_FOR_OPERATION", message)


def rolled_back(result: SaveResult) -> SaveResult:
    """A result as it reads once a failed sibling undid the record; new records have no id any more."""
    if not result.success:
        return result
    return SaveResult(None if result.created else result.id, success=False, errors=(ROLLED_BACK,))


@dataclass(frozen=True, slots=True)
class SaveContext:
    """Who saves what, and how."""

    org: Org
    sobject: SObject
    user: str
    stamp: str
    external_id: Field | None = None
    locked: Container[str] = ()


class Save:
    """One insert, update or upsert of records of one object.

    Args:
        context: Who saves what, and how.
        operation: ``insert``, ``update`` or ``upsert``.
    """

    def __init__(self, context: SaveContext, operation: Operation) -> None:
        self._context = context
        self._org = context.org
        self._sobject = context.sobject
        self._operation = operation
        self._blueprint = self._org.blueprint(self._sobject)
        self._table = self._org.table(self._sobject.name)
        self._access = self._org.field_access(context.user, self._sobject)
        self._rules = self._org.rules(self._sobject.name)
        self._repeated: frozenset[Any] = frozenset()
        self._key_names: dict[tuple[str, ...], str | None] = {}

    def run(self, records: Sequence[Mapping[str, Any]]) -> list[SaveResult]:
        """Save the records one after another; a refused one leaves no trace."""
        if self._operation == "upsert":
            self._repeated = self._repeated_keys(records)
        return [self._attempt(record) for record in records]

    def _attempt(self, record: Mapping[str, Any]) -> SaveResult:
        point = self._org.savepoint()
        try:
            return self._save(record)
        except RefusedError as refusal:
            self._org.rollback_to(point)
            return SaveResult(self._sent_id(record), success=False, errors=(refusal.error,))

    def _sent_id(self, record: Mapping[str, Any]) -> str | None:
        if self._operation != "update":
            return None
        return next((value for key, value in record.items() if key.casefold() == "id"), None)

    def _save(self, record: Mapping[str, Any]) -> SaveResult:
        if self._operation == "insert":
            return self._insert(record)
        if self._operation == "update":
            return self._update(record, self._existing(record))
        old = self._matched(record)
        return self._insert(record) if old is None else self._update(record, old)

    # -- which row ---------------------------------------------------------------------------------------------

    def _existing(self, record: Mapping[str, Any]) -> Row:
        value = self._sent_id(record)
        if not value:
            raise RefusedError("MISSING_ARGUMENT", "Id not specified in an update call")
        return self._org.live_row(self._sobject, value)

    def _key_of(self, record: Mapping[str, Any]) -> Any:
        """The value of the upsert key in a record, whatever the case of its name."""
        keys = tuple(record)
        if keys not in self._key_names:
            wanted = self._key_field.name.casefold()
            self._key_names[keys] = next((key for key in keys if key.casefold() == wanted), None)
        name = self._key_names[keys]
        return None if name is None else record[name]

    @property
    def _key_field(self) -> Field:
        field = self._context.external_id
        if field is None:
            raise ApiError(400, "MISSING_ARGUMENT", "An upsert needs the name of an external id field")
        return field

    def _repeated_keys(self, records: Sequence[Mapping[str, Any]]) -> frozenset[Any]:
        counted = Counter(self._folded_key(self._key_of(record)) for record in records)
        return frozenset(key for key, count in counted.items() if count > 1 and key is not None)

    def _folded_key(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value if isinstance(value, int | float) else None
        return value.strip() if self._key_field.case_sensitive else value.strip().casefold()

    def _matched(self, record: Mapping[str, Any]) -> Row | None:
        field = self._key_field
        value = self._key_of(record)
        if field.type == "id":
            return self._org.live_row(self._sobject, value) if value else None
        if value is None or value == "":
            raise RefusedError("MISSING_ARGUMENT", f"{field.name} not specified", field.name)
        if self._repeated and self._folded_key(value) in self._repeated:
            raise RefusedError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", field.name)
        found = self._org.find(self._sobject.name, field.name, value.strip() if type(value) is str else value)
        if len(found) > 1:
            listed = ", ".join(row["Id"][:15] for row in found)
            message = f"{field.name}: more than one record found for external id field: [{listed}]"
            raise RefusedError("DUPLICATE_EXTERNAL_ID", message, field.name)
        return found[0] if found else None

    # -- insert and update -------------------------------------------------------------------------------------

    def _plan(self, record: Mapping[str, Any], *, inserting: bool) -> Plan:
        keys = tuple(record)
        plans = self._org.plans(self._context.user, self._sobject)
        plan = plans.get((keys, inserting))
        if plan is None:
            plan = compile_plan(self._sobject, keys, self._access, inserting=inserting)
            plans[(keys, inserting)] = plan
        return plan

    def _values(self, plan: Plan, record: Mapping[str, Any]) -> dict[str, Any]:
        values = converted(plan, record)
        for step in plan.steps:
            if step.parent:
                values[step.field.name] = parent_id(self._org, step, record[step.key])
        for field in plan.references:
            if values[field.name] is not None:
                check_reference(self._org, field, values[field.name])
        return values

    def _insert(self, record: Mapping[str, Any]) -> SaveResult:
        check_operation(self._sobject, "inserted", allowed=self._sobject.createable)
        plan = self._plan(record, inserting=True)
        if plan.id_key is not None and record[plan.id_key]:
            raise RefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
        values = self._values(plan, record)
        new = {**self._blueprint.defaults, **values}
        if None in values.values():
            self._restore_defaults(new)
        user, stamp = self._context.user, self._context.stamp
        if self._blueprint.owned and not new.get("OwnerId"):
            new["OwnerId"] = user
        self._system_fields(new, stamp, user)
        self._write(Change(self._org, self._sobject.name, None, new, values, user, stamp))
        return SaveResult(new["Id"], success=True, created=True)

    def _restore_defaults(self, new: Row) -> None:
        """Fields that can't be null take their default where null was sent."""
        for name in self._blueprint.never_null:
            if new.get(name) is None and name in self._blueprint.defaults:
                new[name] = self._blueprint.defaults[name]

    def _system_fields(self, new: Row, stamp: str, user: str) -> None:
        new["Id"] = self._org.new_id(self._sobject.key_prefix or "000")
        new["IsDeleted"] = False
        new["CreatedDate"] = stamp
        new["CreatedById"] = user

    def _update(self, record: Mapping[str, Any], old: Row) -> SaveResult:
        check_operation(self._sobject, "updated", allowed=self._sobject.updateable)
        values = self._values(self._plan(record, inserting=False), record)
        new = {**old, **values}
        change = Change(self._org, self._sobject.name, old, new, values, self._context.user, self._context.stamp)
        self._write(change)
        return SaveResult(old["Id"], success=True, created=False)

    def _write(self, change: Change) -> None:
        new = change.new
        new["LastModifiedDate"] = new["SystemModstamp"] = change.stamp
        new["LastModifiedById"] = change.user
        if self._context.locked:
            self._check_locks(new)
        self._rules.before_save(change)
        self._check_required(change)
        for field in self._blueprint.unique:
            if field.name in change.sent and new.get(field.name) is not None:
                self._check_unique(field, new)
        if change.inserting:
            for field in self._blueprint.auto_numbers:
                new[field.name] = self._org.numbering.next_number(self._sobject.name, field)
        fill_compounds(self._blueprint.compounds, change)
        stored = {k: v for k, v in new.items() if v is not None} if None in new.values() else new
        self._org.put(self._sobject.name, new["Id"], stored)
        self._rules.after_save(change)

    def _check_locks(self, new: Row) -> None:
        touched = {new["Id"], *self._org.locking_parents(self._sobject.name, new)}
        if any(id_ in self._context.locked for id_ in touched):
            raise RefusedError(LOCKED.code, LOCKED.message)

    def _check_required(self, change: Change) -> None:
        new = change.new
        if change.inserting:
            missing = [field.name for field in self._blueprint.required if new.get(field.name) is None]
        else:
            cleared = (name for name, value in change.sent.items() if value is None)
            missing = [name for name in cleared if name in self._blueprint.never_null and new.get(name) is None]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise RefusedError("REQUIRED_FIELD_MISSING", message, *missing)

    def _check_unique(self, field: Field, new: Row) -> None:
        for holder in self._table.indexes[field.name].ids(new[field.name]):
            if holder != new["Id"]:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {holder[:15]}"
                raise RefusedError("DUPLICATE_VALUE", message)
