"""Events of billing on their way into Salesforce: written down as they are heard, published by a worker."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Owned, of_same_tenant


class Surfaced(Owned):
    """An event that an instance publishes in Salesforce; what it told is in ``HeardEvent``.

    Attributes:
        number: Place among the events of its instance, in the order of hearing.
        event_id: The publisher's id, which subscribers are told.
        type: Such as ``switch-loss-started``.
        attempts: How often publishing was tried in vain.
        next_at: When it is tried again at the earliest, none for at once; those behind it wait with it.
        code: Why it is held, or why the last attempt failed; groups equal causes.
        message: The same in words.
        published_as: Salesforce's own id of the published event.
    """

    class State(models.TextChoices):
        """What becomes of it."""

        WAITING = "waiting"
        HELD = "held"
        PUBLISHED = "published"
        DISMISSED = "dismissed"

    number = models.BigAutoField(primary_key=True)
    instance = of_same_tenant("store.Instance")
    event_id = models.CharField(max_length=100)
    type = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    heard_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=100, blank=True, default="")
    message = models.TextField(blank=True, default="")
    published_at = models.DateTimeField(null=True, blank=True)
    published_as = models.CharField(max_length=50, blank=True, default="")

    class Meta(Owned.Meta):
        constraints = (models.UniqueConstraint(fields=["instance", "event_id"], name="surfaced_once"),)
        indexes = (
            models.Index(fields=["instance", "number"], condition=models.Q(state="waiting"), name="surfaced_waiting"),
            models.Index(fields=["instance", "type"], condition=models.Q(state="held"), name="surfaced_held"),
        )

    def __str__(self) -> str:
        return f"{self.number}: {self.type} {self.event_id} ({self.state})"
