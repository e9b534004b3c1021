"""What we remember, as tables. Rows are reached through ``salesbridge.store.door`` only."""

from salesbridge.store.models.attention import Activity, Problem, Worker
from salesbridge.store.models.closed import Closed, OutsideTheDoor, Owned
from salesbridge.store.models.link import Link
from salesbridge.store.models.live import Change, Conflict, HeardEvent, Lease, Live, Parked, Reconciliation
from salesbridge.store.models.run import Part, RowError, Run, Stage
from salesbridge.store.models.tenant import Instance, Secret, Tenant

__all__ = [
    "Activity",
    "Change",
    "Closed",
    "Conflict",
    "HeardEvent",
    "Instance",
    "Lease",
    "Link",
    "Live",
    "OutsideTheDoor",
    "Owned",
    "Parked",
    "Part",
    "Problem",
    "Reconciliation",
    "RowError",
    "Run",
    "Secret",
    "Stage",
    "Tenant",
    "Worker",
]
