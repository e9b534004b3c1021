"""ORDER BY: stable, several keys, nulls where the statement or the default puts them (ORDER BY)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import INVALID_FIELD, SoqlError
from salesbridge.sandbox.salesforce.soql.filters import Operand
from salesbridge.sandbox.salesforce.soql.kinds import sort_key, sortable

Key = tuple[Operand, bool, bool]
"""What to sort by, whether descending, whether nulls come first."""


def sorting_key(order: ast.Order, operand: Operand) -> Key:
    """One ORDER BY key; nulls come first unless the statement says otherwise, in relationship fields always.

    Raises:
        SoqlError: ``INVALID_FIELD``: the field can't be sorted.
    """
    if not sortable(operand.field):
        raise SoqlError(INVALID_FIELD, f"field '{operand.label}' can not be sorted in a query call", operand.pos)
    nulls_first = order.nulls_first is not False or operand.field.type == "reference"
    return operand, order.descending, nulls_first


def ordered(rows: Sequence[Any], keys: Sequence[Key]) -> list[Any]:
    """The rows in order; equal ones keep theirs."""
    done = list(rows)
    for operand, descending, nulls_first in reversed(keys):
        read, rank = operand.read, sort_key(operand.field)
        nulls = [row for row in done if read(row) is None]
        others = [row for row in done if read(row) is not None] if nulls else done
        others.sort(key=lambda row, read=read, rank=rank: rank(read(row)), reverse=descending)  # type: ignore[misc]
        done = nulls + others if nulls_first else others + nulls
    return done
