"""The order in which entities are loaded: parents first, otherwise as the table has them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from salesbridge.model.entity import Entity, Table


class CyclicTableError(ValueError):
    """Entities that are each other's parents; no order could load them."""


def load_order(table: Table, *, initial: bool = False) -> list[Entity]:
    """Entities so that every parent stands before its children; a table that is in such an order keeps it.

    Args:
        table: The data model. A parent that it lacks is taken to be in the org already.
        initial: Only those that the initial data synchronisation loads.

    Raises:
        CyclicTableError: The parents form a circle; the message names it.
    """
    parents = {entity.name: _parents(table, entity) for entity in table.entities}
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        raise CyclicTableError(f"the parents form a circle: {' > '.join(error.args[1])}") from error
    waiting, ordered = list(table.entities), list[Entity]()
    done: set[str] = set()
    while waiting:
        entity = next(entity for entity in waiting if parents[entity.name] <= done)
        waiting.remove(entity)
        ordered.append(entity)
        done.add(entity.name)
    return [entity for entity in ordered if entity.initial or not initial]


def named_parents(entity: Entity) -> set[str]:
    """The other entities that an entity refers to."""
    return {parent.entity for parent in entity.parents} - {entity.name}


def _parents(table: Table, entity: Entity) -> set[str]:
    return named_parents(entity) & set(table.by_name)
