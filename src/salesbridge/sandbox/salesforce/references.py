"""Whether the id in a reference field names a record it may point at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .schema import Field


def check_reference(org: Org, field: Field, id_: str) -> None:
    """Refuse an id of another object, of no record, or of a deleted one.

    Raises:
        RefusedError: ``FIELD_INTEGRITY_EXCEPTION``, ``INVALID_CROSS_REFERENCE_KEY`` or ``ENTITY_IS_DELETED``.
    """
    table = org.table_of_prefix(id_[:3])
    if table is None:
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if field.reference_to and table.name not in field.reference_to:
        message = f"{field.label}: id value of incorrect type: {id_}"
        raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, field.name)
    if id_ in table.live:
        return
    if id_ in table.bin:
        raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
    raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
