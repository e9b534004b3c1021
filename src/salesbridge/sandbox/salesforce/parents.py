"""Parents named by an external id, and parents that a save locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .ids import normal_id
from .values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .org import Org
    from .plan import Step
    from .schema import Field, SObject

UNLOCKED_PARENTS = frozenset(
    {
        "User",
        "Group",
        "RecordType",
        "Organization",
        "Profile",
        "UserRole",
        "Pricebook2",
        "Product2",
        "PricebookEntry",
        "BusinessHours",
        "Campaign",
    }
)


def parent_id(org: Org, step: Step, value: Any) -> str | None:
    """The id of the parent a nested object such as ``{"Ext__c": "x"}`` names; None for a null parent.

    Raises:
        RefusedError: No parent, several, or no way to tell which field names it.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        _unusable(step, "an object with one external id field")
    target = _target(org, step, value)
    named = [key for key in value if key not in {"attributes", "type"}]
    if len(named) != 1:
        _unusable(step, "exactly one external id field")
    field = target.upsert_key(named[0])
    if field is None:
        message = f"Field name provided, {named[0]} is not an External ID or indexed field for {target.name}"
        raise RefusedError("INVALID_FIELD", message)
    return _found(org, target, field, value[named[0]])


def _unusable(step: Step, wanted: str) -> NoReturn:
    raise RefusedError("INVALID_FIELD", f"The relationship {step.key} needs {wanted}", step.field.name)


def _target(org: Org, step: Step, value: Mapping[str, Any]) -> SObject:
    attributes = value.get("attributes")
    named = attributes.get("type") if isinstance(attributes, dict) else value.get("type")
    choices = step.field.reference_to
    if named is None and len(choices) != 1:
        _unusable(step, f"attributes.type, one of {', '.join(choices)}")
    wanted = org.schema.sobject(str(named or choices[0]))
    if wanted is None or wanted.name not in choices:
        _unusable(step, f"a type out of {', '.join(choices)}")
    return wanted


def _found(org: Org, target: SObject, field: Field, value: Any) -> str:
    found = org.find(target.name, field.name, value) if value not in (None, "") else []
    if len(found) == 1:
        id_: str = found[0]["Id"]
        return id_
    where = f"{value} {'not found' if not found else 'is not unique'} for field {field.name} in entity {target.name}"
    raise RefusedError("INVALID_FIELD", f"Foreign key external ID: {where}")


def locking_fields(sobject: SObject) -> list[Field]:
    """The reference fields whose parent row a save of the child locks.

    Every writable lookup and master-detail field counts, but those that point at set-up objects. Source: Record-Level
    Locking cheat sheet (general knowledge, not verified).
    """
    return [
        field
        for field in sobject.fields.values()
        if field.type == "reference" and field.createable and not set(field.reference_to) & UNLOCKED_PARENTS
    ]


def locking_parents(org: Org, sobject: SObject, record: Mapping[str, Any]) -> set[str]:
    """Ids of the parent rows that saving a record locks, whether it names them by id or by external id."""
    folded = {key.casefold(): value for key, value in record.items()}
    parents: set[str] = set()
    for field in locking_fields(sobject):
        direct = normal_id(folded.get(field.name.casefold()))
        if direct is not None:
            parents.add(direct)
        nested = folded.get((field.relationship_name or "").casefold())
        if isinstance(nested, dict):
            parents.update(_named(org, field, nested))
    return parents


def _named(org: Org, field: Field, nested: Mapping[str, Any]) -> Iterator[str]:
    for target in map(org.schema.sobject, field.reference_to):
        for key, value in nested.items():
            known = target.upsert_key(key) if target is not None else None
            if target is not None and known is not None and value is not None:
                yield from (row["Id"] for row in org.find(target.name, known.name, value))
