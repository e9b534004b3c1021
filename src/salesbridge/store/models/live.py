"""What ongoing synchronisation remembers: what was heard, what became of it, what waits, and who holds which lease."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5, Now

from salesbridge.store.models.closed import Owned, Row, of_same_tenant


class Live(Row):
    """How an instance's ongoing synchronisation stands.

    Attributes:
        state: Name of a state of the instance's life cycle.
        since: When it entered that state.
        next_number: Number that the next change in the journal gets.
        replay_id: Opaque position in Salesforce's event bus, stored together with what was heard up to it.
        replay_at: When it was stored.
        heard_at: When Salesforce's stream last said anything, keep-alives included.
        polled_until: Billing's records were asked for up to this moment.
        webhook_at: When billing last called us.
        gap_since: Changes may have been missed since then; a reconciliation clears it.
        gap_reason: Why.
        reconciled_at: When the last complete reconciliation began.
        audited_at: When records were last sampled.
        held_until: Nothing is delivered before, because a whole side is down or its budget is spent.
        held_reason: Why.
        outages: Outages in a row, for growing pauses.
        api_used: Salesforce API calls of the last 24 hours, by everybody, as Salesforce told last.
        api_limit: How many it allows.
        api_at: When it told.
    """

    instance = of_same_tenant("store.Instance")
    state = models.CharField(max_length=20, default="new")
    since = models.DateTimeField(db_default=Now())
    next_number = models.PositiveBigIntegerField(default=1)
    replay_id = models.BinaryField(null=True, blank=True)
    replay_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    polled_until = models.DateTimeField(null=True, blank=True)
    webhook_at = models.DateTimeField(null=True, blank=True)
    gap_since = models.DateTimeField(null=True, blank=True)
    gap_reason = models.CharField(max_length=300, blank=True, default="")
    reconciled_at = models.DateTimeField(null=True, blank=True)
    audited_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    held_reason = models.CharField(max_length=500, blank=True, default="")
    outages = models.PositiveIntegerField(default=0)
    api_used = models.PositiveIntegerField(null=True, blank=True)
    api_limit = models.PositiveIntegerField(null=True, blank=True)
    api_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["instance"], name="one_live_state"),)

    def __str__(self) -> str:
        return self.state


class Lease(Row):
    """Who may do something that only one worker at a time may do for an instance.

    Attributes:
        role: What, such as ``listen`` or ``deliver``.
        owner: Executor id of the worker; empty when nobody holds it.
        epoch: Counts the holders; every transaction of a holder checks that its epoch still stands.
        until: When it lapses unless it is renewed, by the database's clock.
    """

    instance = of_same_tenant("store.Instance")
    role = models.CharField(max_length=20)
    owner = models.CharField(max_length=100, blank=True, default="")
    epoch = models.PositiveBigIntegerField(default=0)
    until = models.DateTimeField(db_default=Now())

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["instance", "role"], name="one_lease"),)

    def __str__(self) -> str:
        return f"{self.role} by {self.owner or 'nobody'} ({self.epoch})"


class Change(Owned):
    """One thing that a side said has happened, and what became of it.

    Attributes:
        number: Place in the instance's journal, without gaps in the order of committing.
        side: Who said so.
        key: That side's key: a Salesforce id, or an external id.
        event_id: Identity of what was said; the same thing said twice is one change.
        record: What changes of the same record share: its external id, or the Salesforce id before it has one.
        outcome: What became of it; None until it was decided.
        reason: Why.
        story: Columns with the rule that decided and the values, and what was written.
    """

    class Outcome(models.TextChoices):
        """What becomes of a change; every change gets exactly one in the end."""

        APPLIED = "applied"
        UNCHANGED = "unchanged"
        SUPERSEDED = "superseded"
        PARKED = "parked"
        DISMISSED = "dismissed"

    unguarded = ("instance",)

    pk = models.CompositePrimaryKey("instance_id", "number")
    tenant = models.ForeignKey(
        "store.Tenant", on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    instance = models.ForeignKey("store.Instance", on_delete=models.CASCADE, db_constraint=False, db_index=False)
    number = models.PositiveBigIntegerField()
    side = models.CharField(max_length=10)
    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    op = models.CharField(max_length=10)
    event_id = models.CharField(max_length=200)
    at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=200, blank=True, default="")
    ours = models.BooleanField(default=False)
    origin = models.CharField(max_length=20)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    heard_at = models.DateTimeField(db_default=Now())
    record = models.CharField(max_length=255, blank=True, default="")
    outcome = models.CharField(max_length=12, choices=Outcome, null=True, blank=True)  # noqa: DJ001 - none is not empty
    reason = models.CharField(max_length=60, blank=True, default="")
    superseded_by = models.PositiveBigIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    story = models.JSONField(default=dict)

    class Meta(Owned.Meta):
        constraints = (models.UniqueConstraint(fields=["instance", "side", "event_id"], name="heard_once"),)
        indexes = (
            models.Index(fields=["instance", "number"], condition=models.Q(outcome=None), name="change_pending"),
            models.Index(
                fields=["instance", "entity", "record"], condition=models.Q(outcome="parked"), name="change_parked"
            ),
            models.Index(fields=["instance", "key", "number"], name="change_by_key"),
            models.Index(fields=["instance", "record", "number"], name="change_by_record"),
            models.Index(
                fields=["instance", "decided_at"], condition=models.Q(decided_at__isnull=False), name="change_decided"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}: {self.entity} {self.key} {self.op} in {self.side}"


class Parked(Row):
    """A record that could not be carried over yet; what is heard of it waits behind it.

    Attributes:
        record: As in its changes.
        hold: Why it waits, one of ``salesbridge.sync.parking.Hold``.
        looks: How often it was looked at in vain.
        next_at: When it is looked at again at the latest.
        code: Error code or reason.
        waits_for_entity: The missing parent's entity; empty if it waits for none.
        waits_for_key: The missing parent's external id.
    """

    instance = of_same_tenant("store.Instance")
    entity = models.CharField(max_length=40)
    record = models.CharField(max_length=255)
    hold = models.CharField(max_length=20)
    looks = models.PositiveIntegerField(default=1)
    since = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    code = models.CharField(max_length=100, blank=True, default="")
    message = models.TextField(blank=True, default="")
    mend = models.TextField(blank=True, default="")
    waits_for_entity = models.CharField(max_length=40, blank=True, default="")
    waits_for_key = models.CharField(max_length=255, blank=True, default="")

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["instance", "entity", "record"], name="parked_once"),)
        indexes = (
            models.Index(fields=["instance", "next_at"], name="parked_due"),
            models.Index(
                fields=["instance", "waits_for_key"], condition=~models.Q(waits_for_key=""), name="parked_for_parent"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.record}: {self.code}"


class Conflict(Row):
    """A value somebody entered that did not prevail.

    Attributes:
        record: As in its changes.
        field: Column.
        side: Where it was entered.
        both: Whether both sides had changed it; otherwise the side is not master of the field.
        number: The change that brought it to light.
    """

    instance = of_same_tenant("store.Instance")
    entity = models.CharField(max_length=40)
    record = models.CharField(max_length=255)
    field = models.CharField(max_length=100)
    side = models.CharField(max_length=10)
    base = models.TextField(null=True, blank=True)  # noqa: DJ001 - a cleared field is not an empty one
    lost = models.TextField(null=True, blank=True)  # noqa: DJ001 - as above
    won = models.TextField(null=True, blank=True)  # noqa: DJ001 - as above
    both = models.BooleanField()
    by = models.CharField(max_length=200, blank=True, default="")
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta(Row.Meta):
        # a digest, since a value may be longer than an index takes
        constraints = (
            models.UniqueConstraint("instance", "number", "field", "side", MD5("lost"), name="conflict_once"),
        )
        indexes = (
            models.Index(fields=["instance", "-at"], name="conflict_latest"),
            models.Index(fields=["instance", "record"], name="conflict_by_record"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.record}.{self.field}"


class HeardEvent(Row):
    """An event that a billing system sent us, written down before it is acknowledged.

    Attributes:
        event_id: The publisher's id; a repeat of the event has the same.
        type: Such as ``switch-loss-started``.
        data: As it was sent.
    """

    event_id = models.CharField(max_length=100)
    type = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    heard_at = models.DateTimeField(db_default=Now())
    data = models.JSONField(default=dict)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["tenant", "event_id"], name="event_heard_once"),)
        indexes = (models.Index(fields=["tenant", "-heard_at"], name="event_latest"),)

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Reconciliation(Row):
    """One comparison of everything on both sides, and what it found.

    Attributes:
        number: Counts an instance's reconciliations from 1.
        cause: Why it was made: ``on demand``, ``nightly``, ``gap``, ``going live``.
        repair: Whether what it finds is handed to delivery.
        counts: By entity: compared, equal, drifted, only in billing, only in Salesforce, by field.
        first_number: First change in the journal that it raised; None if it raised none.
        last_number: Last one.
    """

    instance = of_same_tenant("store.Instance")
    number = models.PositiveIntegerField()
    cause = models.CharField(max_length=40)
    repair = models.BooleanField(default=True)
    started_by = models.CharField(max_length=200)
    state = models.CharField(max_length=20, default="queued")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    first_number = models.PositiveBigIntegerField(null=True, blank=True)
    last_number = models.PositiveBigIntegerField(null=True, blank=True)
    message = models.TextField(blank=True, default="")

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["instance", "number"], name="reconciliation_number"),
            models.UniqueConstraint(
                fields=["instance"], condition=models.Q(finished_at__isnull=True), name="one_active_reconciliation"
            ),
        )

    def __str__(self) -> str:
        return f"reconciliation {self.number} ({self.state})"
