"""The one door to the rows of a tenant."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.db.models import QuerySet

from salesbridge.store.models import (
    Activity,
    Instance,
    Link,
    Organisation,
    OutsideTheDoor,
    Owned,
    Part,
    Problem,
    RowError,
    Run,
    Secret,
    Stage,
    Tenant,
    Worker,
)
from salesbridge.store.rows import Rows

__all__ = ["Door", "OperatorDoor", "OutsideTheDoor", "Rows"]

OwnedT = TypeVar("OwnedT", bound=Owned)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Every query for a tenant's rows starts here.

    What it returns are Django query sets, already filtered by the tenant; rows made through them
    carry the tenant. Asking for a row of another tenant answers as if it did not exist.

    Attributes:
        tenant_id: Whose rows this door opens on.
    """

    tenant_id: uuid.UUID

    def __post_init__(self) -> None:
        if not isinstance(self.tenant_id, uuid.UUID):  # a step of durable work carries it as text
            object.__setattr__(self, "tenant_id", uuid.UUID(self.tenant_id))

    @property
    def tenant(self) -> Tenant:
        """The tenant itself.

        Raises:
            Tenant.DoesNotExist: If there is none with this id.
        """
        return QuerySet(Tenant).get(pk=self.tenant_id)

    @property
    def instances(self) -> Rows[Instance]:
        """Connector instances."""
        return self.rows(Instance)

    @property
    def secrets(self) -> Rows[Secret]:
        """Sealed secrets; they are opened by ``salesbridge.store.secrets``."""
        return self.rows(Secret)

    @property
    def runs(self) -> Rows[Run]:
        """Runs of initial data synchronisations, begun by ``salesbridge.store.runs.begin_run``."""
        return self.rows(Run)

    @property
    def stages(self) -> Rows[Stage]:
        """Stages of runs."""
        return self.rows(Stage)

    @property
    def parts(self) -> Rows[Part]:
        """Parts of stages."""
        return self.rows(Part)

    @property
    def row_errors(self) -> Rows[RowError]:
        """Rejected rows, written by ``salesbridge.store.errors``."""
        return self.rows(RowError)

    @property
    def problems(self) -> Rows[Problem]:
        """Problems, raised by ``salesbridge.store.journal.raise_problem``."""
        return self.rows(Problem)

    @property
    def activities(self) -> Rows[Activity]:
        """Activities, written by ``salesbridge.store.journal.record``."""
        return self.rows(Activity)

    def links(self, instance: Instance | uuid.UUID) -> Rows[Link]:
        """Links of one instance; many at once are written by ``salesbridge.store.links``."""
        instance_id = instance.pk if isinstance(instance, Instance) else instance
        return self.rows(Link).filter(instance_id=instance_id)

    def rows(self, model: type[OwnedT]) -> Rows[OwnedT]:
        """Rows of any table that tenants own."""
        return Rows.of(model, self.tenant_id)

    @staticmethod
    def operator(*, reason: str) -> OperatorDoor:
        """Return the door across tenants, for the few needs that have one.

        Args:
            reason: Why it is opened, such as ``"recover work of dead workers"``; it is logged.
        """
        _log.debug("operator door opened", reason=reason)
        return OperatorDoor(reason)


@dataclass(frozen=True, slots=True)
class OperatorDoor:
    """What crosses tenants: organisations, the list of tenants, the workers, and work to be recovered.

    It makes organisations, tenants and workers; rows that a tenant owns are found here but made by ``Door``.

    Attributes:
        reason: Why it was opened.
    """

    reason: str

    @property
    def tenants(self) -> QuerySet[Tenant]:
        """All tenants."""
        return QuerySet(Tenant)

    @property
    def organisations(self) -> QuerySet[Organisation]:
        """All organisations."""
        return QuerySet(Organisation)

    @property
    def workers(self) -> QuerySet[Worker]:
        """All processes that execute durable work."""
        return QuerySet(Worker)

    @property
    def instances(self) -> Rows[Instance]:
        """Instances of all tenants."""
        return self.rows(Instance)

    @property
    def runs(self) -> Rows[Run]:
        """Runs of all tenants."""
        return self.rows(Run)

    def rows(self, model: type[OwnedT]) -> Rows[OwnedT]:
        """Rows of all tenants in a table."""
        return Rows(model)
