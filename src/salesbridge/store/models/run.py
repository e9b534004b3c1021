"""What an initial data synchronisation did: runs, stages, parts and rejected rows."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from salesbridge.store.models.closed import Row, of_same_tenant


class Run(Row):
    """One initial data synchronisation of an instance.

    A run is active until ``finished_at`` is set; the database allows one active run an instance.

    Attributes:
        number: Counts an instance's runs from 1.
        state: Name of a state of the run's life cycle.
        result: How it ended, None until then.
        failed_stage: Entity of the stage that failed, empty if none did.
        started_by: Who asked for it.
        plan: What the run intends, as planned before it started.
        cancel_requested: Whether somebody asked to stop; the loops look at it.
        report_url: The full report in Salesforce.
        report_path: The same report in our work folder.
        message: One sentence for people.
    """

    class Source(models.TextChoices):
        """Where a run reads billing records."""

        BILLING = "billing"
        EXTRACT = "extract"

    instance = of_same_tenant("store.Instance")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, default="initial")
    source = models.CharField(max_length=20, choices=Source, default=Source.BILLING)
    state = models.CharField(max_length=30)
    result = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - no result is not an empty one
    failed_stage = models.CharField(max_length=40, blank=True, default="")
    started_by = models.CharField(max_length=200)
    options = models.JSONField(default=dict, blank=True)
    plan = models.JSONField(default=dict, blank=True)
    cancel_requested = models.BooleanField(default=False)
    report_url = models.URLField(max_length=500, blank=True, default="")
    report_path = models.CharField(max_length=500, blank=True, default="")
    message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["instance", "number"], name="run_number"),
            models.UniqueConstraint(
                fields=["instance"], condition=models.Q(finished_at__isnull=True), name="one_active_run"
            ),
            models.UniqueConstraint(fields=["tenant", "id"], name="run_of_tenant"),
        )

    def __str__(self) -> str:
        return f"run {self.number} ({self.state})"


class Stage(Row):
    """One entity's share of a run, with counts that must add up.

    ``read = written_created + written_updated + unchanged + rejected + parked + superseded``
    when the stage has ended.

    Attributes:
        position: Place in the load order, from 0.
        total: Records expected, None if billing cannot tell.
        detail: Further facts of the stage, such as cursors.
    """

    run = of_same_tenant("store.Run")
    position = models.PositiveSmallIntegerField()
    entity = models.CharField(max_length=40)
    state = models.CharField(max_length=30)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    read = models.PositiveBigIntegerField(default=0)
    written_created = models.PositiveBigIntegerField(default=0)
    written_updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    parked = models.PositiveBigIntegerField(default=0)
    superseded = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta(Row.Meta):
        constraints = (
            models.UniqueConstraint(fields=["run", "entity"], name="stage_entity"),
            models.UniqueConstraint(fields=["tenant", "id"], name="stage_of_tenant"),
        )

    def __str__(self) -> str:
        return f"{self.entity} ({self.state})"


class Part(Row):
    """One CSV file of a stage and the bulk job that carries it.

    Attributes:
        wave: 0 for the first pass, counted up for retries of rejected rows.
        number: Counts the parts of a wave from 1.
        lane: What keeps rows together that must not run side by side.
        operation: Bulk operation, such as ``upsert``.
        path: File in the work folder.
        bytes: Size of the file.
        checksum: SHA-256 of the file in hexadecimal.
        job_id: Salesforce's id of the bulk job, empty until it is created.
        processed: Rows that Salesforce has worked on.
        failed: Rows among them that it refused.
    """

    stage = of_same_tenant("store.Stage")
    number = models.PositiveIntegerField()
    wave = models.PositiveSmallIntegerField(default=0)
    lane = models.CharField(max_length=40, blank=True, default="")
    operation = models.CharField(max_length=20, default="upsert")
    path = models.CharField(max_length=500, blank=True, default="")
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True, default="")
    job_id = models.CharField(max_length=18, blank=True, default="")
    job_state = models.CharField(max_length=30, blank=True, default="")
    processed = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=30)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["stage", "wave", "number"], name="part_number"),)

    def __str__(self) -> str:
        return f"part {self.number} of wave {self.wave} ({self.state})"


class RowError(Row):
    """One record that did not reach the other side, and what to do about it.

    Attributes:
        key: Billing key, or the position of a record too broken to have one.
        code: Kind of cause, stable enough to group by.
        fields: Names of the fields concerned.
        mend: What a person can do.
        row: The record as it was to be sent.
        wave: Wave in which it was rejected.
        source: Step that wrote it; a step that runs twice replaces its own.
        resolved: Whether a later wave carried it.
    """

    unguarded = ("run", "stage")

    # millions of rows: whose they are is checked once a batch by write_row_errors
    tenant = models.ForeignKey(
        "store.Tenant", on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    run = models.ForeignKey("store.Run", on_delete=models.CASCADE, db_constraint=False, db_index=False)
    stage = models.ForeignKey("store.Stage", on_delete=models.CASCADE, db_constraint=False, db_index=False)
    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    code = models.CharField(max_length=100)
    fields = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    message = models.TextField(blank=True, default="")
    mend = models.TextField(blank=True, default="")
    row = models.JSONField(default=dict, blank=True)
    wave = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=100, blank=True, default="")
    resolved = models.BooleanField(default=False)

    class Meta(Row.Meta):
        indexes = (
            models.Index(fields=["run", "code"], name="row_error_by_cause"),
            models.Index(fields=["stage", "wave", "source"], name="row_error_by_step"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.key}: {self.code}"
