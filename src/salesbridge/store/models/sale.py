"""Sales: each order with what is around it on both sides, where it stands, who is to act, and how it came there."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from salesbridge.store.models.closed import Row, of_same_tenant


class Sale(Row):
    """One order: what it is called on both sides, its state, and who is to do what by when.

    Attributes:
        origin: Where it was raised: ``salesforce`` or ``billing``.
        label: What people call it.
        account_name: Whose it is.
        order_id: Salesforce id of the order; empty while there is none.
        quote_id: Salesforce id of the quote.
        opportunity_id: Salesforce id of the opportunity.
        account_id: Salesforce id of the account.
        order_number: Billing's number of the order.
        account_number: Billing's number of the account.
        customer_number: Billing's number of the customer.
        state: One of ``salesbridge.sync.sale_life.SaleState``.
        step: What it is at, one of ``salesbridge.sync.sale_step.StepKind``.
        owner: Who is to act: ``salesforce``, ``billing``, ``connector`` or ``person``; empty when nobody is.
        since: When it entered the state.
        due_at: When somebody is told if it is still in the state; none where nothing is awaited.
        wake_at: When it is looked at again; none where a change wakes it.
        reason: Why it stands as it does, in words of those who sell.
        mend: What to do about it.
        attempts: How often in a row it was looked at in vain.
        remembered: What neither side tells (``salesbridge.sync.sale_seen.Memory``), as JSON.
        supplies: Service points of its lines with their days, for as long as it is open.
        ended_at: When nothing was awaited any more; none while it is open.
    """

    instance = of_same_tenant("store.Instance")
    origin = models.CharField(max_length=12)
    label = models.CharField(max_length=200, blank=True, default="")
    account_name = models.CharField(max_length=255, blank=True, default="")
    order_id = models.CharField(max_length=18, blank=True, default="")
    quote_id = models.CharField(max_length=18, blank=True, default="")
    opportunity_id = models.CharField(max_length=18, blank=True, default="")
    account_id = models.CharField(max_length=18, blank=True, default="")
    order_number = models.CharField(max_length=80, blank=True, default="")
    account_number = models.CharField(max_length=80, blank=True, default="")
    customer_number = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=20)
    step = models.CharField(max_length=40, blank=True, default="")
    owner = models.CharField(max_length=12, blank=True, default="")
    started_at = models.DateTimeField(db_default=Now())
    since = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    mend = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    remembered = models.JSONField(default=dict, blank=True)
    supplies = models.JSONField(default=list, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["tenant", "id"], name="sale_of_tenant"),
            models.UniqueConstraint(
                fields=["instance", "order_id"], condition=~models.Q(order_id=""), name="sale_of_order_id"
            ),
            models.UniqueConstraint(
                fields=["instance", "order_number"], condition=~models.Q(order_number=""), name="sale_of_order_number"
            ),
        )
        indexes = (
            models.Index(fields=["instance", "wake_at"], condition=models.Q(wake_at__isnull=False), name="sale_awake"),
            models.Index(fields=["instance", "due_at"], condition=models.Q(due_at__isnull=False), name="sale_due"),
            models.Index(fields=["instance", "-since"], name="sale_latest"),
            models.Index(fields=["instance", "quote_id"], condition=~models.Q(quote_id=""), name="sale_of_quote"),
            models.Index(
                fields=["instance", "opportunity_id"],
                condition=~models.Q(opportunity_id=""),
                name="sale_of_opportunity",
            ),
            models.Index(
                fields=["instance", "account_number"],
                condition=~models.Q(account_number=""),
                name="sale_of_account",
            ),
        )

    def __str__(self) -> str:
        return f"{self.order_number or self.order_id or self.quote_id} ({self.state})"


class SaleStep(Row):
    """One thing that happened to a sale, for ever.

    Attributes:
        number: Place in the sale's timeline, from 1.
        at: When.
        state: State of the sale then.
        step: What was done or awaited, one of ``salesbridge.sync.sale_step.StepKind``.
        side: The side that was written to or is awaited; empty where none was.
        outcome: How it went.
        message: The same in a sentence for people.
        by: Who did it.
        detail: Ids and values worth keeping.
    """

    class Outcome(models.TextChoices):
        """How a step went."""

        DONE = "done"
        WAITS = "waits"
        REFUSED = "refused"
        FAILED = "failed"
        ENTERED = "entered"

    sale = of_same_tenant("store.Sale")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=20)
    step = models.CharField(max_length=40)
    side = models.CharField(max_length=10, blank=True, default="")
    outcome = models.CharField(max_length=10, choices=Outcome)
    message = models.TextField(blank=True, default="")
    by = models.CharField(max_length=200, blank=True, default="")
    detail = models.JSONField(default=dict, blank=True)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["sale", "number"], name="sale_step_number"),)

    def __str__(self) -> str:
        return f"{self.number}: {self.step} ({self.outcome})"
