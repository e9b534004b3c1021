"""What people must see, what happened, and who is working."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Closed, OutsideTheDoor, Row, of_same_tenant


class Problem(Row):
    """Something a person must see: what, why, and what to do.

    The same thing happening again is one problem with a higher count, until it is closed.

    Attributes:
        kind: What sort of problem, names the screen and the actions offered.
        key: Billing key or Salesforce id concerned, empty if none.
        mend: What to do.
        count: How often it was seen.
    """

    class State(models.TextChoices):
        """What became of a problem."""

        OPEN = "open"
        RETRYING = "retrying"
        DISMISSED = "dismissed"
        SOLVED = "solved"

    instance = of_same_tenant("store.Instance", null=True, blank=True)
    run = of_same_tenant("store.Run", null=True, blank=True)
    kind = models.CharField(max_length=60)
    entity = models.CharField(max_length=40, blank=True, default="")
    key = models.CharField(max_length=255, blank=True, default="")
    title = models.CharField(max_length=300)
    cause = models.TextField(blank=True, default="")
    mend = models.TextField(blank=True, default="")
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "instance", "kind", "entity", "key"],
                condition=models.Q(state__in=["open", "retrying"]),
                nulls_distinct=False,
                name="one_live_problem",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Activity(Row):
    """What happened, who did it and why; written once, for ever.

    The database refuses updates and deletes by a trigger. An activity outlives the rows it speaks
    of, so its keys carry no constraint and nothing cascades to it.

    Attributes:
        actor: Who did it: a person's name or one of our processes.
        tag: ``subject:action``, such as ``run:started``.
        subject: Which one, such as ``run 7``.
    """

    unguarded = ("instance",)

    tenant = models.ForeignKey("store.Tenant", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    instance = models.ForeignKey(
        "store.Instance", on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True
    )
    actor = models.CharField(max_length=200)
    tag = models.CharField(max_length=100)
    subject = models.CharField(max_length=300, blank=True, default="")
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta(Row.Meta):
        indexes = (models.Index(fields=["tenant", "-at"], name="activity_latest"),)
        constraints = (models.CheckConstraint(condition=models.Q(tag__regex="^[a-z_]+:[a-z_]+$"), name="activity_tag"),)

    def __str__(self) -> str:
        return f"{self.tag} {self.subject}"

    def stay_home(self) -> None:
        """Check as every row does, and that this one is new.

        Raises:
            OutsideTheDoor: If the activity was written before.
        """
        super().stay_home()
        if not self._state.adding:
            raise OutsideTheDoor("An activity is written once: it is neither changed nor deleted.")


class Worker(Closed):
    """A process that executes durable work, and when it last said that it lives.

    Attributes:
        executor_id: Unique to one start of one process.
    """

    executor_id = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.executor_id
