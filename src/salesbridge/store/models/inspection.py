"""What people have looked at, or mended, through the portal; it takes a while, so a row tells how far it is."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Row, of_same_tenant


class Inspection(Row):
    """One look at an org and what belongs to it, from the moment somebody asks for it to its result.

    Attributes:
        kind: What is looked at.
        by: Who asked.
        step: What it is at, in a few words.
        result: What was found, in the form of its kind; empty until it is done.
        message: Why it came to nothing; empty otherwise.
        mend: What to do about that.
    """

    class Kind(models.TextChoices):
        """What is looked at."""

        ORG = "org"
        DATA_MODEL = "data_model"
        FIX = "fix"
        BEFORE_LOAD = "before_load"
        GO_LIVE = "go_live"

    class State(models.TextChoices):
        """Whether it goes on, or how it ended."""

        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    instance = of_same_tenant("store.Instance")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    by = models.CharField(max_length=254)
    step = models.CharField(max_length=200, blank=True, default="")
    result = models.JSONField(default=dict, blank=True)
    message = models.TextField(blank=True, default="")
    mend = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=["instance", "kind"], condition=models.Q(finished_at=None), name="one_inspection_of_a_kind"
            ),
        )
        indexes = (models.Index(fields=["instance", "kind", "-started_at"], name="inspection_latest"),)

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"
