"""Who may call a tenant's billing APIs through us: clients, their secrets, what was taken back, and what was called."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Closed, Owned, Row, of_same_tenant


class ApiClient(Row):
    """A named credential: who may ask the token endpoint for access tokens.

    Attributes:
        name: What people call it; one active client of an instance has it.
        client_id: Public half of the credential, unique in the installation.
        scopes: What its tokens may at most be good for.
        cut_off_before: Access tokens that were issued until then are refused, though they have not expired.
    """

    class State(models.TextChoices):
        """Whether it may ask for tokens."""

        ACTIVE = "active"
        REVOKED = "revoked"

    instance = of_same_tenant("store.Instance")
    name = models.CharField(max_length=100)
    client_id = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())
    rotated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    cut_off_before = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=["instance", "name"], condition=models.Q(state="active"), name="one_active_client"
            ),
            # the other end of the keys that span (tenant, id)
            models.UniqueConstraint(fields=["tenant", "id"], name="apiclient_of_tenant"),
        )
        indexes = (models.Index(fields=["cut_off_before"], name="client_cut_off"),)

    def __str__(self) -> str:
        return self.name


class ClientSecret(Row):
    """A secret of a client, as the digest it is checked against; the secret itself is kept nowhere.

    Attributes:
        digest: See ``salesbridge.engine.credentials.digest``; empty once it is retired.
        last_used_at: When it last got a token, exact to a minute.
    """

    class State(models.TextChoices):
        """Its place in a rotation; all but a retired one are accepted."""

        NEW = "new"
        CURRENT = "current"
        RETIRING = "retiring"
        RETIRED = "retired"

    client = of_same_tenant("store.ApiClient")
    digest = models.BinaryField()
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    created_at = models.DateTimeField(db_default=Now())
    promoted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["client"], condition=models.Q(state="new"), name="one_new_secret"),
            models.UniqueConstraint(fields=["client"], condition=models.Q(state="current"), name="one_current_secret"),
        )

    def __str__(self) -> str:
        return f"secret {self.pk} ({self.state})"


class RevokedToken(Row):
    """An access token that its client took back before it expired.

    Attributes:
        jti: The token's id.
        expires_at: From then on the row is of no use.
    """

    client = of_same_tenant("store.ApiClient")
    jti = models.CharField(max_length=64)
    revoked_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["client", "jti"], name="revoked_once"),)
        indexes = (models.Index(fields=["expires_at"], name="revoked_until"),)

    def __str__(self) -> str:
        return self.jti


class ApiPolicy(Row):
    """What a tenant's gateway allows beyond, or other than, what every tenant's does.

    Attributes:
        paths: Further paths: ``[{"path": "/propertys/*", "methods": ["GET"]}]``, relative to the API's base.
        headers: Further request headers that are passed on.
        internal_hosts: Hosts (``name`` or ``name:port``) whose links in bodies are rewritten; every host when empty.
        calls_per_second: Calls of the tenant that one edge process lets through in a second; the setting when none.
    """

    paths = models.JSONField(default=list, blank=True)
    headers = models.JSONField(default=list, blank=True)
    internal_hosts = models.JSONField(default=list, blank=True)
    calls_per_second = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["tenant"], name="one_api_policy"),)

    def __str__(self) -> str:
        return "API policy"


class ApiCall(Owned):
    """One call through the gateway, without bodies and without the query; it outlives what it speaks of.

    Attributes:
        client_id: Public id of the client.
        request_id: The call's id, as the caller was told.
        trace_id: W3C trace id.
        path: Path below the billing API's base.
        outcome: ``passed``, or the code with which the gateway itself answered.
        received: Bytes of the request's body.
        sent: Bytes of the answer's body.
        milliseconds: From the first byte of the request to the last of the answer.
    """

    unguarded = ("instance",)

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(
        "store.Tenant", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    instance = models.ForeignKey(
        "store.Instance", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, null=True, blank=True
    )
    client_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    request_id = models.CharField(max_length=128)
    trace_id = models.CharField(max_length=32)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=40)
    received = models.PositiveBigIntegerField()
    sent = models.PositiveBigIntegerField()
    milliseconds = models.PositiveIntegerField()

    class Meta(Owned.Meta):
        indexes = (
            models.Index(fields=["tenant", "-at"], name="call_latest"),
            models.Index(fields=["at"], name="call_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class SigningKey(Closed):
    """A key of this installation that signs access tokens; its private half is sealed by the vault.

    Attributes:
        kid: Its id: the RFC 7638 thumbprint of the public half.
        public: The public half as a JWK.
        sealed: The private half (PEM) as the vault sealed it.
        key_id: Key-encryption key that wraps it.
        sign_from: From when it signs; it is published before.
        sign_until: Until when it signs; it is published until the last token that it signed has expired.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kid = models.CharField(max_length=64, unique=True)
    public = models.JSONField()
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    sign_from = models.DateTimeField()
    sign_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.kid
