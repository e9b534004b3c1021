"""One instance with everything that a delivery needs around it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from salesbridge.billing import Billing, BillingApi
from salesbridge.engine import connections
from salesbridge.engine.context import model_of
from salesbridge.engine.instances import facts_of
from salesbridge.engine.pinning import verify
from salesbridge.engine.sales.entities import ORDER, ORDER_LINE, SALES
from salesbridge.model import Entity, Side, Table, Transform, columns, load_order
from salesbridge.model.kinds import Number
from salesbridge.salesforce import Salesforce
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Tenant
from salesbridge.sync.decide import Policy

#: What the triggers of the package publish, and we hear.
TOPIC = "/event/Gentrack_Object_Event__e"


@dataclass(frozen=True)
class Site:
    """One connector instance, as its settings are now.

    Args:
        door: Door of its tenant.
        instance: Its row.
        tenant: Its tenant's row.
    """

    door: Door
    instance: Instance
    tenant: Tenant

    @cached_property
    def table(self) -> Table:
        """The tenant's data model."""
        return model_of(self.tenant)

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """What is kept in step, parents first, by Salesforce object."""
        return {entity.name: entity for entity in load_order(self.table, initial=True)}

    @cached_property
    def of_record(self) -> Mapping[str, tuple[Entity, ...]]:
        """Entities by the billing record behind them."""
        kinds = {entity.record for entity in self.entities.values()}
        return {kind: tuple(e for e in self.entities.values() if e.record == kind) for kind in kinds}

    @cached_property
    def sale_entities(self) -> Mapping[str, Entity]:
        """What sales are made of, by Salesforce object: carried by ``salesbridge.engine.sales``, not kept in step."""
        return {entity.name: entity for entity in self.table.entities if entity.name in SALES}

    @cached_property
    def sales_of(self) -> Mapping[str, tuple[Entity, ...]]:
        """The entity under which changes of billing's orders are heard, by billing record."""
        order = self.sale_entities.get(ORDER)
        return {} if order is None else {order.record: (order,)}

    @cached_property
    def salesforce(self) -> Salesforce:
        """The org, once it has been asked which one it is.

        Raises:
            SalesforceError: It is another org than the one that the instance was set up for, or does not answer.
        """
        opened = connections.salesforce(self.door, self.instance)
        verify(self.door, self.instance, opened)
        return opened

    @cached_property
    def user_id(self) -> str:
        """Salesforce id of the connector's own user."""
        return self.salesforce.token.user_id

    @cached_property
    def billing(self) -> Billing:
        """The billing system."""
        return connections.billing(self.door, self.tenant)

    @cached_property
    def transforms(self) -> Mapping[str, Transform]:
        """The transform of each entity."""
        form = connections.form(self.tenant.product, self.tenant.zone)
        orders = (entity for entities in self.sales_of.values() for entity in entities)
        return {entity.name: Transform(entity, form) for entity in (*self.entities.values(), *orders)}

    @cached_property
    def unwritable(self) -> Mapping[str, frozenset[str]]:
        """Columns by entity that this billing system has no way to write."""
        return {name: self._unwritable(entity) for name, entity in self.entities.items()}

    def _unwritable(self, entity: Entity) -> frozenset[str]:
        can = self.billing.writable(entity.record)
        return frozenset(c.name for c in columns(entity) if c.attributes and not can.issuperset(c.attributes))

    @cached_property
    def omitted(self) -> Mapping[str, Mapping[str, None]]:
        """What a billing record that was read in full means by not telling an attribute, by billing record.

        Junifer leaves members out that are null (docs/billing-dialects.md); elsewhere what is not told is unknown.
        """
        billing = self.billing
        if self.tenant.product != "junifer" or not isinstance(billing, BillingApi):
            return {}
        shapes = {kind: billing.shape(kind) for kind in self.of_record}
        return {kind: dict.fromkeys(shape.members) for kind, shape in shapes.items() if shape is not None}

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """Facts of the org that records are created with.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
        """
        return facts_of(self.salesforce, self.entities.values())

    @cached_property
    def scales(self) -> Mapping[str, Mapping[str, int]]:
        """Digits after the point that the org's number fields keep, by entity and column.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
        """
        return {name: self._scales(entity) for name, entity in self.entities.items()}

    @cached_property
    def line_scales(self) -> Mapping[str, int]:
        """Digits after the point that the org's fields of order lines keep, by column.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
        """
        line = self.sale_entities.get(ORDER_LINE)
        return {} if line is None else self._scales(line)

    def _scales(self, entity: Entity) -> dict[str, int]:
        ours = {column.name for column in columns(entity) if isinstance(column.kind, Number)}
        fields = self.salesforce.describe(entity.name)["fields"] if ours else []
        return {field["name"]: int(field["scale"]) for field in fields if field["name"] in ours}

    @cached_property
    def policy(self) -> Policy:
        """What the instance's settings say where the data model is silent."""
        return Policy(unlink_deleted=self.instance.settings.get("deletes") == "unlink")

    def writable_columns(self, entity: Entity) -> frozenset[str]:
        """Columns that Salesforce is master of and billing can take."""
        mastered = {column.name for column in columns(entity) if column.master is Side.SALESFORCE}
        return frozenset(mastered - self.unwritable[entity.name])

    def today(self, now: datetime) -> date:
        """The day in the tenant's zone."""
        return now.astimezone(ZoneInfo(self.tenant.zone)).date()


_known: dict[uuid.UUID, tuple[tuple[datetime, datetime], float, Site]] = {}
#: Seconds for which what Salesforce told of its fields is believed.
_BELIEVED_S = 600.0


def site(door: Door, instance_id: uuid.UUID, changed: tuple[datetime, datetime] | None = None) -> Site:
    """The site of an instance as its settings are now; the same one as long as nobody changes them.

    Args:
        door: Door of its tenant.
        instance_id: The instance.
        changed: When the instance and its tenant were changed last, where the caller has read that just now.

    Raises:
        Instance.DoesNotExist: The tenant has no such instance.
    """
    if changed is None:
        changed = door.instances.values_list("updated_at", "tenant__updated_at").get(pk=instance_id)
    stamp, until, known = _known.get(instance_id, (None, 0.0, None))
    if known is not None and stamp == changed and known.door == door and time.monotonic() < until:
        return known
    fresh = Site(door, door.instances.get(pk=instance_id), door.tenant)
    _known[instance_id] = (changed, time.monotonic() + _BELIEVED_S, fresh)
    return fresh
