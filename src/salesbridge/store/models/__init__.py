"""What we remember, as tables. Rows are reached through ``salesbridge.store.door`` only."""

from salesbridge.store.models.access import ApiCall, ApiClient, ApiPolicy, ClientSecret, RevokedToken, SigningKey
from salesbridge.store.models.attention import Activity, Problem, Worker
from salesbridge.store.models.audit import Audit, Organisation
from salesbridge.store.models.closed import Closed, OutsideTheDoor, Owned
from salesbridge.store.models.former import FormerLink
from salesbridge.store.models.inspection import Inspection
from salesbridge.store.models.link import Link
from salesbridge.store.models.live import Change, Conflict, HeardEvent, Lease, Live, Parked, Reconciliation
from salesbridge.store.models.operation import CredentialOperation
from salesbridge.store.models.run import Part, RowError, Run, Stage
from salesbridge.store.models.sale import Sale, SaleStep
from salesbridge.store.models.surfaced import Surfaced
from salesbridge.store.models.tenant import Instance, Secret, Tenant

__all__ = [
    "Activity",
    "ApiCall",
    "ApiClient",
    "ApiPolicy",
    "Audit",
    "Change",
    "ClientSecret",
    "Closed",
    "Conflict",
    "CredentialOperation",
    "FormerLink",
    "HeardEvent",
    "Inspection",
    "Instance",
    "Lease",
    "Link",
    "Live",
    "Organisation",
    "OutsideTheDoor",
    "Owned",
    "Parked",
    "Part",
    "Problem",
    "Reconciliation",
    "RevokedToken",
    "RowError",
    "Run",
    "Sale",
    "SaleStep",
    "Secret",
    "SigningKey",
    "Stage",
    "Surfaced",
    "Tenant",
    "Worker",
]
