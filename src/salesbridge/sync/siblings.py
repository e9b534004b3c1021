"""Values that two Salesforce records show: was one that changed in billing changed through the other? Pure."""

from __future__ import annotations

from collections.abc import Iterable

from salesbridge.model import Entity
from salesbridge.model.shared import ACCOUNT, CONTACT, SHARED
from salesbridge.sync.change import Cells
from salesbridge.sync.merge import slots


def through_sibling(entity: Entity, billing: Cells, siblings: Iterable[Cells]) -> frozenset[str]:
    """Columns whose value in billing is what a sibling shows in Salesforce.

    Args:
        entity: ``Account`` or ``Contact``; others have no siblings.
        billing: What billing holds of the record.
        siblings: What Salesforce holds of the records that show the same values.
    """
    found: set[str] = set()
    for sibling in siblings:
        for column, columns in SHARED.items():
            if entity.name == ACCOUNT and _same(entity, column, billing.get(column), _joined(sibling, columns)):
                found.add(column)
            elif entity.name == CONTACT and _same(entity, columns[0], _joined(billing, columns), sibling.get(column)):
                found.update(columns)
    return frozenset(found)


def changing(entity: Entity, siblings: Iterable[tuple[Cells, Cells]]) -> frozenset[str]:
    """Columns that somebody has just changed through a sibling, before billing knows of it.

    Args:
        entity: ``Account`` or ``Contact``; others have no siblings.
        siblings: What Salesforce holds of each, and what both sides last agreed on of it.
    """
    found: set[str] = set()
    for held, agreed in siblings:
        for column, columns in SHARED.items():
            theirs = columns if entity.name == ACCOUNT else (column,)
            if any(name in agreed and name in held and held[name] != agreed[name] for name in theirs):
                found.update((column,) if entity.name == ACCOUNT else columns)
    return frozenset(found)


def _joined(cells: Cells, columns: tuple[str, ...]) -> str | None:
    return " ".join(cell for cell in (cells.get(name) for name in columns) if cell) or None


def _same(entity: Entity, column: str, one: str | None, other: str | None) -> bool:
    if one == other:
        return True
    slot = next((slot for slot in slots(entity) if slot.name == column), None)
    return slot is not None and slot.agree(one, other)
