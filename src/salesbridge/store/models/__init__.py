"""What we remember, as tables. Rows are reached through ``salesbridge.store.door`` only."""

from salesbridge.store.models.attention import Activity, Problem, Worker
from salesbridge.store.models.closed import Closed, OutsideTheDoor, Owned
from salesbridge.store.models.link import Link
from salesbridge.store.models.run import Part, RowError, Run, Stage
from salesbridge.store.models.tenant import Instance, Secret, Tenant

__all__ = [
    "Activity",
    "Closed",
    "Instance",
    "Link",
    "OutsideTheDoor",
    "Owned",
    "Part",
    "Problem",
    "RowError",
    "Run",
    "Secret",
    "Stage",
    "Tenant",
    "Worker",
]
