"""Field-level security: which custom fields a user can't see, and which can only be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .access import PermissionSet
    from .schema import Field, SObject


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """The fields of one object a user can't see, and those that can be seen but not edited."""

    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()


EVERYTHING = FieldAccess()


def _needs_permission(field: Field) -> bool:
    """Custom fields need a grant, except those that are universally required (master-detail ones are)."""
    return field.custom and field.nillable and field.type != "id"


def field_access(sobject: SObject, granted: Iterable[PermissionSet]) -> FieldAccess:
    """What these permission sets together let their user do with the object's fields.

    Platform events know no field-level security.
    """
    if sobject.name.endswith("__e"):
        return EVERYTHING
    sets = list(granted)
    guarded = [f.name for f in sobject.fields.values() if _needs_permission(f)]
    hidden, read_only = set(guarded), set(guarded)
    for each in sets:
        for name in guarded:
            permission = each.fields.get(f"{sobject.name}.{name}")
            if permission is not None and (permission.readable or permission.editable):
                hidden.discard(name)
            if permission is not None and permission.editable:
                read_only.discard(name)
    return FieldAccess(frozenset(hidden), frozenset(read_only - hidden))
