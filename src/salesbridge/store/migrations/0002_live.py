# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="link", name="link_by_salesforce_id"),
        migrations.AddIndex(model_name="link", index=models.Index(fields=["salesforce_id"], name="link_by_salesforce")),
        migrations.AddField(
            model_name="link",
            name="restored",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="tenant",
            name="event_overrides",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="tenant",
            name="hook",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="hook_keys",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "instance_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                ("side", models.CharField(max_length=10)),
                ("entity", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=255)),
                ("op", models.CharField(max_length=10)),
                ("event_id", models.CharField(max_length=200)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(blank=True, default="", max_length=200)),
                ("ours", models.BooleanField(default=False)),
                ("origin", models.CharField(max_length=20)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("heard_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("record", models.CharField(blank=True, default="", max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("applied", "Applied"),
                            ("unchanged", "Unchanged"),
                            ("superseded", "Superseded"),
                            ("parked", "Parked"),
                            ("dismissed", "Dismissed"),
                        ],
                        max_length=12,
                        null=True,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=60)),
                ("superseded_by", models.PositiveBigIntegerField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("story", models.JSONField(default=dict)),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.instance",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="store.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", None)), fields=["instance", "number"], name="change_pending"
                    ),
                    models.Index(
                        condition=models.Q(("outcome", "parked")),
                        fields=["instance", "entity", "record"],
                        name="change_parked",
                    ),
                    models.Index(fields=["instance", "key", "number"], name="change_by_key"),
                    models.Index(fields=["instance", "record", "number"], name="change_by_record"),
                ],
                "constraints": [models.UniqueConstraint(fields=("instance", "side", "event_id"), name="heard_once")],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("entity", models.CharField(max_length=40)),
                ("record", models.CharField(max_length=255)),
                ("field", models.CharField(max_length=100)),
                ("side", models.CharField(max_length=10)),
                ("base", models.TextField(blank=True, null=True)),
                ("lost", models.TextField(blank=True, null=True)),
                ("won", models.TextField(blank=True, null=True)),
                ("both", models.BooleanField()),
                ("by", models.CharField(blank=True, default="", max_length=200)),
                ("number", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["instance", "-at"], name="conflict_latest"),
                    models.Index(fields=["instance", "record"], name="conflict_by_record"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("instance"),
                        models.F("number"),
                        models.F("field"),
                        models.F("side"),
                        django.db.models.functions.text.MD5("lost"),
                        name="conflict_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HeardEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("event_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("data", models.JSONField(default=dict)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("tenant", "event_id"), name="event_heard_once")],
            },
        ),
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("role", models.CharField(max_length=20)),
                ("owner", models.CharField(blank=True, default="", max_length=100)),
                ("epoch", models.PositiveBigIntegerField(default=0)),
                ("until", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("instance", "role"), name="one_lease")],
            },
        ),
        migrations.CreateModel(
            name="Live",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("state", models.CharField(default="new", max_length=20)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("next_number", models.PositiveBigIntegerField(default=1)),
                ("replay_id", models.BinaryField(blank=True, null=True)),
                ("replay_at", models.DateTimeField(blank=True, null=True)),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                ("polled_until", models.DateTimeField(blank=True, null=True)),
                ("webhook_at", models.DateTimeField(blank=True, null=True)),
                ("gap_since", models.DateTimeField(blank=True, null=True)),
                ("gap_reason", models.CharField(blank=True, default="", max_length=300)),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
                ("audited_at", models.DateTimeField(blank=True, null=True)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("held_reason", models.CharField(blank=True, default="", max_length=500)),
                ("outages", models.PositiveIntegerField(default=0)),
                ("api_used", models.PositiveIntegerField(blank=True, null=True)),
                ("api_limit", models.PositiveIntegerField(blank=True, null=True)),
                ("api_at", models.DateTimeField(blank=True, null=True)),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("instance",), name="one_live_state")],
            },
        ),
        migrations.CreateModel(
            name="Parked",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("entity", models.CharField(max_length=40)),
                ("record", models.CharField(max_length=255)),
                ("hold", models.CharField(max_length=20)),
                ("looks", models.PositiveIntegerField(default=1)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("next_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("code", models.CharField(blank=True, default="", max_length=100)),
                ("message", models.TextField(blank=True, default="")),
                ("mend", models.TextField(blank=True, default="")),
                ("waits_for_entity", models.CharField(blank=True, default="", max_length=40)),
                ("waits_for_key", models.CharField(blank=True, default="", max_length=255)),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["instance", "next_at"], name="parked_due"),
                    models.Index(
                        condition=models.Q(("waits_for_key", ""), _negated=True),
                        fields=["instance", "waits_for_key"],
                        name="parked_for_parent",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("instance", "entity", "record"), name="parked_once")],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("cause", models.CharField(max_length=40)),
                ("repair", models.BooleanField(default=True)),
                ("started_by", models.CharField(max_length=200)),
                ("state", models.CharField(default="queued", max_length=20)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(default=dict)),
                ("first_number", models.PositiveBigIntegerField(blank=True, null=True)),
                ("last_number", models.PositiveBigIntegerField(blank=True, null=True)),
                ("message", models.TextField(blank=True, default="")),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "number"), name="reconciliation_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("instance",),
                        name="one_active_reconciliation",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_guards.LIVE_SAME_TENANT),
    ]
