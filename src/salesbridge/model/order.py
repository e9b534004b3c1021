"""The order in which entities are loaded: parents first, otherwise as the table has them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from salesbridge.model.entity import Entity, Table


class CyclicTableError(ValueError):
    """Entities that are each other's parents; no order could load them."""


def load_order(table: Table, *, initial: bool = False) -> list[Entity]:
    """Entities so that every parent stands before its children.

    Args:
        table: The data model.
        initial: Only those that the initial data synchronisation loads.

    Raises:
        CyclicTableError: The parents form a circle; the message names it.
    """
    place = {entity.name: at for at, entity in enumerate(table.entities)}
    sorter = TopologicalSorter({e.name: {p.entity for p in e.parents if p.entity != e.name} for e in table.entities})
    try:
        sorter.prepare()
    except CycleError as error:
        raise CyclicTableError(f"the parents form a circle: {' > '.join(error.args[1])}") from error
    ordered: list[Entity] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: place.get(name, len(place)))
        ordered += [table[name] for name in ready if name in place]
        sorter.done(*ready)
    return [entity for entity in ordered if entity.initial or not initial]
