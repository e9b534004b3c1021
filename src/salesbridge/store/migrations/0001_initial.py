# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Instance",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("login_url", models.URLField(max_length=500)),
                (
                    "auth",
                    models.CharField(
                        choices=[
                            ("client_credentials", "Client Credentials"),
                            ("jwt", "Jwt"),
                            ("password", "Password"),
                        ],
                        default="client_credentials",
                        max_length=20,
                    ),
                ),
                ("username", models.CharField(blank=True, default="", max_length=200)),
                ("consumer_key", models.CharField(blank=True, default="", max_length=500)),
                ("api_version", models.CharField(default="66.0", max_length=8)),
                ("org_id", models.CharField(blank=True, default="", max_length=18)),
                ("instance_url", models.URLField(blank=True, default="", max_length=500)),
                ("notify_emails", models.JSONField(blank=True, default=list)),
                ("settings", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "product",
                    models.CharField(choices=[("junifer", "Junifer"), ("velocity", "Velocity")], max_length=20),
                ),
                ("base_url", models.URLField(max_length=500)),
                ("username", models.CharField(blank=True, default="", max_length=200)),
                ("zone", models.CharField(default="UTC", max_length=64)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("path_overrides", models.JSONField(blank=True, default=dict)),
                ("model_overrides", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("executor_id", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("heartbeat_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(default="initial", max_length=20)),
                (
                    "source",
                    models.CharField(
                        choices=[("billing", "Billing"), ("extract", "Extract")], default="billing", max_length=20
                    ),
                ),
                ("state", models.CharField(max_length=30)),
                ("result", models.CharField(blank=True, max_length=40, null=True)),
                ("failed_stage", models.CharField(blank=True, default="", max_length=40)),
                ("started_by", models.CharField(max_length=200)),
                ("options", models.JSONField(blank=True, default=dict)),
                ("plan", models.JSONField(blank=True, default=dict)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("report_url", models.URLField(blank=True, default="", max_length=500)),
                ("report_path", models.CharField(blank=True, default="", max_length=500)),
                ("message", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
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
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("entity", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=30)),
                ("total", models.PositiveBigIntegerField(blank=True, null=True)),
                ("read", models.PositiveBigIntegerField(default=0)),
                ("written_created", models.PositiveBigIntegerField(default=0)),
                ("written_updated", models.PositiveBigIntegerField(default=0)),
                ("unchanged", models.PositiveBigIntegerField(default=0)),
                ("rejected", models.PositiveBigIntegerField(default=0)),
                ("parked", models.PositiveBigIntegerField(default=0)),
                ("superseded", models.PositiveBigIntegerField(default=0)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("detail", models.JSONField(blank=True, default=dict)),
                (
                    "run",
                    models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.run"),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Secret",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("sealed", models.BinaryField()),
                ("key_id", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.instance",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RowError",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("entity", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=255)),
                ("code", models.CharField(max_length=100)),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                ("message", models.TextField(blank=True, default="")),
                ("mend", models.TextField(blank=True, default="")),
                ("row", models.JSONField(blank=True, default=dict)),
                ("wave", models.PositiveSmallIntegerField(default=0)),
                ("source", models.CharField(blank=True, default="", max_length=100)),
                ("resolved", models.BooleanField(default=False)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to="store.run"
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.stage",
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
            },
        ),
        migrations.CreateModel(
            name="Problem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=60)),
                ("entity", models.CharField(blank=True, default="", max_length=40)),
                ("key", models.CharField(blank=True, default="", max_length=255)),
                ("title", models.CharField(max_length=300)),
                ("cause", models.TextField(blank=True, default="")),
                ("mend", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("retrying", "Retrying"),
                            ("dismissed", "Dismissed"),
                            ("solved", "Solved"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.instance",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="store.run",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Part",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("wave", models.PositiveSmallIntegerField(default=0)),
                ("lane", models.CharField(blank=True, default="", max_length=40)),
                ("operation", models.CharField(default="upsert", max_length=20)),
                ("path", models.CharField(blank=True, default="", max_length=500)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("checksum", models.CharField(blank=True, default="", max_length=64)),
                ("job_id", models.CharField(blank=True, default="", max_length=18)),
                ("job_state", models.CharField(blank=True, default="", max_length=30)),
                ("processed", models.PositiveBigIntegerField(default=0)),
                ("failed", models.PositiveBigIntegerField(default=0)),
                ("state", models.CharField(max_length=30)),
                (
                    "stage",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.stage"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "instance_id",
                        "entity",
                        "billing_key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("entity", models.CharField(max_length=40)),
                ("billing_key", models.CharField(max_length=255)),
                ("salesforce_id", models.CharField(max_length=18)),
                ("agreed", models.JSONField(default=dict)),
                ("run_id", models.UUIDField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
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
            },
        ),
        migrations.AddField(
            model_name="instance",
            name="tenant",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("actor", models.CharField(max_length=200)),
                ("tag", models.CharField(max_length=100)),
                ("subject", models.CharField(blank=True, default="", max_length=300)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="store.instance",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="store.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(fields=("run", "entity"), name="stage_entity"),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="stage_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="secret",
            constraint=models.UniqueConstraint(
                fields=("tenant", "instance", "name"), name="secret_name", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("instance", "number"), name="run_number"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)), fields=("instance",), name="one_active_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="run_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="rowerror",
            index=models.Index(fields=["run", "code"], name="row_error_by_cause"),
        ),
        migrations.AddIndex(
            model_name="rowerror",
            index=models.Index(fields=["stage", "wave", "source"], name="row_error_by_step"),
        ),
        migrations.AddConstraint(
            model_name="problem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "retrying"])),
                fields=("tenant", "instance", "kind", "entity", "key"),
                name="one_live_problem",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.UniqueConstraint(fields=("stage", "wave", "number"), name="part_number"),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(fields=["salesforce_id", "entity", "instance"], name="link_by_salesforce_id"),
        ),
        migrations.AddConstraint(
            model_name="instance",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="instance_name"),
        ),
        migrations.AddConstraint(
            model_name="instance",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="instance_of_tenant"),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(fields=["tenant", "-at"], name="activity_latest"),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=models.Q(("tag__regex", "^[a-z_]+:[a-z_]+$")), name="activity_tag"
            ),
        ),
        migrations.RunSQL(_guards.SAME_TENANT),
        migrations.RunSQL(_guards.APPEND_ONLY),
    ]
