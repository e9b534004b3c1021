"""Compiled knowledge: what saving a record of a given object, with given keys, has to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .compound import Compound, compounds_of
from .results import SaveError
from .values import RefusedError, converter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .access_rules import FieldAccess
    from .schema import Field, SObject
    from .values import Convert

_IGNORED = frozenset({"attributes"})


def no_such_column(name: str, sobject: str) -> SaveError:
    """The error for a field that is not there, or not for this user."""
    return SaveError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What every save of an object needs to know, worked out once."""

    sobject: SObject
    defaults: dict[str, Any]
    required: tuple[Field, ...]
    never_null: frozenset[str]
    unique: tuple[Field, ...]
    auto_numbers: tuple[Field, ...]
    compounds: tuple[Compound, ...]
    owned: bool


def blueprint(sobject: SObject) -> Blueprint:
    """Work out the blueprint of an object."""
    fields = sobject.fields.values()
    return Blueprint(
        sobject,
        _defaults(fields),
        tuple(each for each in fields if each.required_on_create and each.type not in {"boolean", "id"}),
        frozenset(each.name for each in fields if not each.nillable),
        tuple(each for each in fields if each.unique and each.type != "id"),
        tuple(each for each in fields if each.auto_number),
        compounds_of(sobject),
        "OwnerId" in sobject.fields,
    )


def _defaults(fields: Iterable[Field]) -> dict[str, Any]:
    given = {each.name: each.default for each in fields if each.default is not None}
    falses = {each.name: False for each in fields if each.type == "boolean" and each.name not in given}
    return {**falses, **given}


@dataclass(frozen=True, slots=True)
class Step:
    """One sent key: the field it means and how its value is converted; ``parent`` when it names a parent row.

    ``null`` is what null is stored as: a checkbox is never null.
    """

    key: str
    field: Field
    convert: Convert
    parent: bool = False
    null: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with records that carry exactly these keys.

    ``references`` are the reference fields sent as ids, ``error`` refuses every such record.
    """

    steps: tuple[Step, ...]
    references: tuple[Field, ...]
    id_key: str | None
    error: SaveError | None


def compile_plan(sobject: SObject, keys: Iterable[str], access: FieldAccess, *, inserting: bool) -> Plan:
    """Work out the plan for records with these keys.

    Args:
        sobject: The object saved.
        keys: The keys of the record, as sent.
        access: What the caller may see and edit.
        inserting: Whether the record is created (else updated).
    """
    steps: list[Step] = []
    blocked: list[str] = []
    id_key = None
    for key in keys:
        if key in _IGNORED:
            continue
        if key.casefold() == "id":
            id_key = key
            continue
        step = _step(sobject, key, access)
        if step is None:
            return Plan((), (), id_key, no_such_column(key, sobject.name))
        writable = step.field.createable if inserting else step.field.updateable
        if not writable or step.field.name in access.read_only:
            blocked.append(step.field.name)
        steps.append(step)
    references = tuple(step.field for step in steps if step.field.type == "reference" and not step.parent)
    return Plan(tuple(steps), references, id_key, _not_writable(blocked))


def _step(sobject: SObject, key: str, access: FieldAccess) -> Step | None:
    field = sobject.field(key)
    if field is None:
        reference = sobject.relationship(key)
        if reference is not None and reference.name not in access.hidden:
            return Step(key, reference, converter(reference), parent=True)
        return None
    null = False if field.type == "boolean" else None
    return None if field.name in access.hidden else Step(key, field, converter(field), null=null)


def _not_writable(names: list[str]) -> SaveError | None:
    if not names:
        return None
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and"
        " verify that it is read/write for your profile or permission set."
    )
    return SaveError("INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(names))


def converted(plan: Plan, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's own values in stored form (parents left out), None for null.

    Raises:
        RefusedError: A value its field can't hold; the first of them.
    """
    if plan.error is not None:
        raise RefusedError(plan.error.code, plan.error.message, *plan.error.fields)
    values: dict[str, Any] = {}
    for step in plan.steps:
        if not step.parent:
            value = record[step.key]
            values[step.field.name] = step.null if value is None else step.convert(value)
    return values
