"""Who uses the portal: people, what they are members of, and invitations.

Rows that tenants own are not here: they come through ``salesbridge.store.door`` only.
"""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

from salesbridge.portal.roles import Role

if TYPE_CHECKING:
    from salesbridge.store.models import Organisation


class People(BaseUserManager["User"]):
    """Finds and makes people."""

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        """Make a person; without a password nobody can sign in as them yet."""
        person = self.model(email=email.strip().lower(), **values)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person by the address they sign in with, however it is written."""
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address.

    Attributes:
        is_active: Whether they may sign in at all.
        joins: The organisation that somebody who is not a member of any is about to join.
    """

    joins: Organisation | None = None

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True, default="")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="person_by_email"),)

    def __str__(self) -> str:
        return self.name or self.email


class Membership(models.Model):
    """That a person belongs to an organisation, with a role for one of its tenants or for all.

    Attributes:
        organisation_id: Organisation of the store.
        tenant_id: One tenant of it; None for all, those still to come included.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey("store.Organisation", on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey("store.Tenant", on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    role = models.CharField(max_length=20, choices=Role)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "organisation", "tenant"], nulls_distinct=False, name="one_membership"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Invitation(models.Model):
    """An open door for one person, for seven days and once; only a hash of its token is kept.

    Attributes:
        token: SHA-256 of the token in hexadecimal.
        used_at: When it was used or taken back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("store.Organisation", on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey("store.Tenant", on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=20, choices=Role)
    token = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"
