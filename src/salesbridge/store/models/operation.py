"""What is being done to a named credential: durable work whose row says the truth while it goes on."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Row, of_same_tenant


class CredentialOperation(Row):
    """One operation on a named credential, from the moment somebody asks for it to its end.

    Attributes:
        kind: What is being done.
        state: Whether it waits for a worker, goes on, or how it ended.
        step: What it is at, or was at when it ended (``salesbridge.engine.credentials.book.STEPS``).
        since: When that step began.
        message: How things stand, in a sentence for people.
        code: Error code of what went wrong last; empty when nothing did.
        mend: What to do about it.
        secret_id: The secret that it brings to Salesforce.
        sent_at: When that secret was first sent: from then on Salesforce may hold it, whatever was answered.
        pushes: How many secrets it has sent.
        options: What was chosen (``grace``, ``users``, ``remove``).
        made: Parts that it made in Salesforce, which a failed addition takes back.
        trail: Steps so far: ``[{"step", "at", "message"}]``.
        by: Who asked for it.
    """

    class Kind(models.TextChoices):
        """What may be done to a credential."""

        ADD = "add"
        ROTATE = "rotate"
        REVOKE = "revoke"
        CUT_OFF = "cut_off"

    class State(models.TextChoices):
        """How it stands."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"

    client = of_same_tenant("store.ApiClient")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=20, blank=True, default="")
    since = models.DateTimeField(db_default=Now())
    message = models.CharField(max_length=1000, blank=True, default="")
    code = models.CharField(max_length=100, blank=True, default="")
    mend = models.CharField(max_length=1000, blank=True, default="")
    secret_id = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    pushes = models.PositiveSmallIntegerField(default=0)
    options = models.JSONField(default=dict, blank=True)
    made = models.JSONField(default=list, blank=True)
    trail = models.JSONField(default=list, blank=True)
    by = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(finished_at=None), name="one_active_credential_work"
            ),
        )
        indexes = (models.Index(fields=["client", "-created_at"], name="credential_work_latest"),)

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"
