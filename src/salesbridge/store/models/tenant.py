"""Who is connected: tenants, their connector instances and their sealed secrets."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from salesbridge.store.models.audit import default_organisation
from salesbridge.store.models.closed import Closed, Row, of_same_tenant


class Tenant(Closed):
    """One billing system of one retailer.

    Attributes:
        organisation: Whose it is.
        zone: IANA time zone in which the billing system means its times without offset.
        country: ISO 3166 code, lets local phone numbers be read.
        path_overrides: Billing API paths that differ from the product's own, by operation.
        model_overrides: What the tenant adds to the data model or masters otherwise.
        event_overrides: Which records an event type says have changed, where that differs from the product's table.
        link_templates: Address of a record in the billing system, by entity or ``*`` for every entity
            (``salesbridge.model.context``).
        hook: Part of the address at which the tenant's billing system calls us.
        hook_keys: Public keys (PEM) with which it signs; several while a key is exchanged.
    """

    class Product(models.TextChoices):
        """Billing product of a tenant."""

        JUNIFER = "junifer"
        VELOCITY = "velocity"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        "store.Organisation", on_delete=models.PROTECT, default=default_organisation, related_name="+"
    )
    name = models.CharField(max_length=200, unique=True)
    product = models.CharField(max_length=20, choices=Product)
    base_url = models.URLField(max_length=500)
    username = models.CharField(max_length=200, blank=True, default="")
    zone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, blank=True, default="")
    path_overrides = models.JSONField(default=dict, blank=True)
    model_overrides = models.JSONField(default=dict, blank=True)
    event_overrides = models.JSONField(default=dict, blank=True)
    link_templates = models.JSONField(default=dict, blank=True)
    hook = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False)
    hook_keys = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Instance(Row):
    """One tenant bound to one Salesforce org.

    Attributes:
        org_id: Organization Id (18 characters) pinned when the credentials were first verified;
            credentials that lead to another org are refused.
        org_sandbox: Whether that org is a sandbox; None where it was never asked.
        org_instance: Salesforce's own instance that hosts it, such as ``NA140``.
        instance_url: Where that org answered last; its host is the org's My Domain.
        settings: Choices of this instance (directions, guards, budgets).
    """

    class Auth(models.TextChoices):
        """How we sign in to the org."""

        CLIENT_CREDENTIALS = "client_credentials"
        JWT = "jwt"
        PASSWORD = "password"  # noqa: S105 - a way to sign in

    name = models.CharField(max_length=200)
    login_url = models.URLField(max_length=500)
    auth = models.CharField(max_length=20, choices=Auth, default=Auth.CLIENT_CREDENTIALS)
    username = models.CharField(max_length=200, blank=True, default="")
    consumer_key = models.CharField(max_length=500, blank=True, default="")
    api_version = models.CharField(max_length=8, default="66.0")
    org_id = models.CharField(max_length=18, blank=True, default="")
    org_sandbox = models.BooleanField(null=True, blank=True)
    org_instance = models.CharField(max_length=20, blank=True, default="")
    instance_url = models.URLField(max_length=500, blank=True, default="")
    notify_emails = models.JSONField(default=list, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["tenant", "name"], name="instance_name"),
            # the other end of the keys that span (tenant, id)
            models.UniqueConstraint(fields=["tenant", "id"], name="instance_of_tenant"),
        )

    def __str__(self) -> str:
        return self.name


class Secret(Row):
    """A sealed secret of an instance, or of the tenant when there is no instance.

    Attributes:
        sealed: What the vault made of it; useless without the key and under any other name.
        key_id: Key-encryption key that wraps it, for finding what a key rotation has left.
    """

    instance = of_same_tenant("store.Instance", null=True, blank=True)
    name = models.CharField(max_length=100)
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["tenant", "instance", "name"], name="secret_name", nulls_distinct=False),
        )

    def __str__(self) -> str:
        return f"{self.name} (sealed)"
