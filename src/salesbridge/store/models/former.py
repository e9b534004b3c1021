"""Links of an org that an instance no longer writes to: kept apart, so that nothing uses them, and for a way back."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models

from salesbridge.store.models.closed import Row, of_same_tenant


class FormerLink(Row):
    """A link as it was when the instance turned to another org.

    Attributes:
        org_id: The org that its Salesforce id belongs to.
        entity: Name of the entity in the data model.
        billing_key: External id in billing.
        salesforce_id: Record id in that org.
        agreed: Values both sides last agreed on there.
    """

    instance = of_same_tenant("store.Instance")
    org_id = models.CharField(max_length=18)
    entity = models.CharField(max_length=40)
    billing_key = models.CharField(max_length=255)
    salesforce_id = models.CharField(max_length=18)
    agreed = models.JSONField(default=dict)

    class Meta(Row.Meta):
        indexes = (models.Index(fields=["instance", "org_id"], name="former_link_of_org"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.billing_key} = {self.salesforce_id} in {self.org_id}"
