"""What each side calls a record, and what both last agreed on."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models

from salesbridge.store.models.closed import Owned


class Link(Owned):
    """A billing key and the Salesforce id it belongs to.

    Attributes:
        entity: Name of the entity in the data model.
        billing_key: External id in billing.
        salesforce_id: Record id, 18 characters.
        agreed: Values both sides last agreed on, by Salesforce field.
        restored: Columns that were put back lately: value, how often, since when.
        run_id: Run that wrote it last, if a run did; not a foreign key, a link outlives the run.
    """

    unguarded = ("instance",)

    pk = models.CompositePrimaryKey("instance_id", "entity", "billing_key")
    # no constraints in the database: two look-ups a row on the hottest path; write_links asks once a batch
    tenant = models.ForeignKey(
        "store.Tenant", on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    instance = models.ForeignKey("store.Instance", on_delete=models.CASCADE, db_constraint=False, db_index=False)
    entity = models.CharField(max_length=40)
    billing_key = models.CharField(max_length=255)
    salesforce_id = models.CharField(max_length=18)
    agreed = models.JSONField(default=dict)
    restored = models.JSONField(default=dict, db_default={})
    run_id = models.UUIDField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Owned.Meta):
        # of the id alone: without statistics, right after a first load, the planner would take an index with the entity
        # and the instance in it for look-ups by billing key, and read every link
        indexes = (models.Index(fields=["salesforce_id"], name="link_by_salesforce"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.billing_key} = {self.salesforce_id}"
