"""Refusing a record, with a reason that a person can act on."""

from __future__ import annotations

from salesbridge.model.columns import Column
from salesbridge.model.kinds import RefusedError


class RecordRefusedError(ValueError):
    """A billing record that cannot become a Salesforce record as it is.

    Args:
        code: Short constant by which refusals are grouped.
        message: A sentence for people that names the field and the billing attribute.
        fields: The Salesforce fields concerned.
    """

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields


def refused(column: Column, refusal: RefusedError) -> RecordRefusedError:
    """The refusal of a record for the value of one of its columns."""
    where = " / ".join(column.attributes) or column.name
    return RecordRefusedError(refusal.code, f"{column.name} ({where}) {refusal.reason}", (column.name,))
