"""What an object adds to the general save rules: hooks that check, derive and follow up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .org import Org
    from .results import Row


@dataclass(slots=True)
class Change:
    """One record on its way into the org.

    ``old`` is the row before an update (None for an insert), ``new`` the draft of the row after it, which hooks may
    change until it is written; ``sent`` holds the values of the request, None meaning null.
    """

    org: Org
    sobject: str
    old: Row | None
    new: Row
    sent: Mapping[str, Any]
    user: str
    stamp: str

    @property
    def inserting(self) -> bool:
        """Whether the record is being created."""
        return self.old is None

    def changed(self, field: str) -> bool:
        """Whether the field's value is another than before."""
        return self.new.get(field) != (self.old or {}).get(field)


def number(row: Row, field: str) -> float:
    """The value of a numeric field, 0 when it is null."""
    value = row.get(field)
    return float(value) if value is not None else 0.0


def derive(org: Org, sobject: str, id_: str | None, values: Mapping[str, Any]) -> None:
    """Write values that follow from another record's save; None clears a field. Modification stamps stay."""
    row = org.get(sobject, id_) if id_ is not None else None
    if row is not None:
        merged = {**row, **values}
        org.put(sobject, row["Id"], {name: value for name, value in merged.items() if value is not None})


class Rules:
    """The hooks of an object without rules of its own; they raise ``RefusedError`` to refuse the record."""

    def before_save(self, change: Change) -> None:
        """Check and complete the draft before it is written."""

    def after_save(self, change: Change) -> None:
        """Write what follows from the saved record, in the same transaction."""

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:
        """Refuse a delete; ``cascading`` tells that a parent's delete takes the record along."""

    def after_delete(self, org: Org, row: Row, user: str) -> None:
        """Write what follows from the delete, in the same transaction."""


PLAIN = Rules()
