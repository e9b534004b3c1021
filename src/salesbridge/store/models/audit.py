"""Who belongs together, and what people did: organisations and the audit of their actions."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Closed, OutsideTheDoor
from salesbridge.store.names import DEFAULT_ORGANISATION


def default_organisation() -> uuid.UUID:
    """The organisation of a tenant that names none."""
    return DEFAULT_ORGANISATION


class Organisation(Closed):
    """A company whose people use the portal; tenants belong to one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Audit(Closed):
    """One action of a person, chained to the one before by its hash; written once, for ever.

    The database refuses updates and deletes by a trigger. An entry outlives what it speaks of, so its
    keys carry no constraint.

    Attributes:
        organisation_id: Whose chain it is in.
        number: Counts the entries of an organisation from 1, without a gap.
        tenant_id: Tenant concerned, if one is.
        actor: Who did it, as a person is known at that time.
        action: ``subject:action``, such as ``person:invited``.
        subject: Which one.
        detail: Facts worth keeping, never a secret.
        previous: Hash of the entry before, empty for the first.
        hash: SHA-256 over everything else, in hexadecimal.
    """

    pk = models.CompositePrimaryKey("organisation_id", "number")
    organisation_id = models.UUIDField()
    number = models.PositiveBigIntegerField()
    tenant_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=300, blank=True, default="")
    detail = models.JSONField(default=dict, blank=True)
    previous = models.CharField(max_length=64, blank=True, default="")
    hash = models.CharField(max_length=64)

    class Meta(Closed.Meta):
        indexes = (models.Index(fields=["organisation_id", "-at"], name="audit_latest"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(action__regex="^[a-z_]+:[a-z_]+$"), name="audit_action"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.subject}"

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            OutsideTheDoor: Always.
        """
        raise OutsideTheDoor("An audit entry is written once: it is neither changed nor deleted.")
