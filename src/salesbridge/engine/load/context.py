"""What every step of a run needs, made anew from the run's id so that any worker can take over."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Q

from salesbridge.billing import Billing, BillingApi, open_extract
from salesbridge.engine import connections
from salesbridge.engine.context import model_of
from salesbridge.model import Entity, Table, Transform, load_order
from salesbridge.model.swift import NativeForm
from salesbridge.salesforce import Salesforce
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Run, Stage, Tenant
from salesbridge.sync.load import kept_columns


class LoadStopped(Exception):  # noqa: N818 - it names what happened
    """A run cannot go on.

    Args:
        message: What is wrong, for people.
        mend: What to do.
        code: Groups equal causes.
    """

    def __init__(self, message: str, mend: str = "", code: str = "STOPPED") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.code = code


class LoadCancelled(LoadStopped):
    """Somebody asked to stop the run."""

    def __init__(self) -> None:
        super().__init__("The run was cancelled.", "Start a new run when you are ready.", "CANCELLED")


@dataclass(frozen=True)
class Work:
    """One run with everything around it."""

    door: Door
    run_id: uuid.UUID

    @cached_property
    def run(self) -> Run:
        """The run's row as it was when this step began."""
        return self.door.runs.get(pk=self.run_id)

    @cached_property
    def instance(self) -> Instance:
        """The connector instance."""
        return self.door.instances.get(pk=self.run.instance_id)

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant."""
        return self.door.tenant

    @cached_property
    def table(self) -> Table:
        """The tenant's data model."""
        return model_of(self.tenant)

    @cached_property
    def entities(self) -> list[Entity]:
        """What the run loads, parents first."""
        return load_order(self.table, initial=True)

    @cached_property
    def today(self) -> date:
        """The day of the run in the tenant's zone; fixed, so that a repeated step decides alike."""
        return (self.run.started_at or self.run.created_at).astimezone(ZoneInfo(self.tenant.zone)).date()

    @cached_property
    def salesforce(self) -> Salesforce:
        """The org."""
        return connections.salesforce(self.door, self.instance)

    @cached_property
    def billing(self) -> Billing:
        """Where records are read: the billing system, or the run's extract."""
        if self.run.source == Run.Source.EXTRACT:
            return open_extract(Path(self.run.options["extract"]))
        return connections.billing(self.door, self.tenant)

    @property
    def folder(self) -> Path:
        """The run's own folder for parts and reports."""
        return settings().work_folder / "runs" / str(self.run_id)

    def stage_folder(self, entity: str) -> Path:
        """A stage's folder."""
        return self.folder / entity

    def stage(self, entity: str) -> Stage:
        """A stage's row."""
        return self.door.stages.get(run_id=self.run_id, entity=entity)

    def transform(self, entity: Entity) -> Transform:
        """The transform of an entity, spelt as the run's source spells values, for rows of records that are new."""
        extract = self.run.source == Run.Source.EXTRACT
        product = "extract" if extract else self.tenant.product
        form = connections.form(product, self.tenant.zone)
        return Transform(entity, form, native=self._native(entity), left_alone=kept_columns(entity))

    def _native(self, entity: Entity) -> NativeForm | None:
        """How billing's own records are read straight into rows; an extract's are read by attribute."""
        shape = self.billing.shape(entity.record) if isinstance(self.billing, BillingApi) else None
        return NativeForm(shape.members, shape.keys, shape.read) if shape else None

    def stop_if_cancelled(self, *, anew: bool = True) -> None:
        """Raise LoadCancelled once somebody asked to stop, or the run has ended for another reason.

        Args:
            anew: Ask the database; otherwise the run's row as it was when this step began is looked at.
        """
        if anew:
            asked_or_ended = Q(cancel_requested=True) | Q(finished_at__isnull=False)
            stopped = self.door.runs.filter(asked_or_ended, pk=self.run_id).exists()
        else:
            stopped = self.run.cancel_requested or self.run.finished_at is not None
        if stopped:
            raise LoadCancelled


def work(tenant_id: str, run_id: str) -> Work:
    """The work of a run."""
    return Work(Door(uuid.UUID(tenant_id)), uuid.UUID(run_id))
