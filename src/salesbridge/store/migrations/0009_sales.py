# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("store", "0008_latest_events")]

    operations = [
        migrations.CreateModel(
            name="Sale",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("origin", models.CharField(max_length=12)),
                ("label", models.CharField(blank=True, default="", max_length=200)),
                ("account_name", models.CharField(blank=True, default="", max_length=255)),
                ("order_id", models.CharField(blank=True, default="", max_length=18)),
                ("quote_id", models.CharField(blank=True, default="", max_length=18)),
                ("opportunity_id", models.CharField(blank=True, default="", max_length=18)),
                ("account_id", models.CharField(blank=True, default="", max_length=18)),
                ("order_number", models.CharField(blank=True, default="", max_length=80)),
                ("account_number", models.CharField(blank=True, default="", max_length=80)),
                ("customer_number", models.CharField(blank=True, default="", max_length=80)),
                ("state", models.CharField(max_length=20)),
                ("step", models.CharField(blank=True, default="", max_length=40)),
                ("owner", models.CharField(blank=True, default="", max_length=12)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("wake_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, default="")),
                ("mend", models.TextField(blank=True, default="")),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("remembered", models.JSONField(blank=True, default=dict)),
                ("supplies", models.JSONField(blank=True, default=list)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
            name="SaleStep",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("state", models.CharField(max_length=20)),
                ("step", models.CharField(max_length=40)),
                ("side", models.CharField(blank=True, default="", max_length=10)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("waits", "Waits"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                            ("entered", "Entered"),
                        ],
                        max_length=10,
                    ),
                ),
                ("message", models.TextField(blank=True, default="")),
                ("by", models.CharField(blank=True, default="", max_length=200)),
                ("detail", models.JSONField(blank=True, default=dict)),
                (
                    "sale",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.sale"
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
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("wake_at__isnull", False)), fields=["instance", "wake_at"], name="sale_awake"
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["instance", "due_at"], name="sale_due"
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(fields=["instance", "-since"], name="sale_latest"),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("quote_id", ""), _negated=True),
                fields=["instance", "quote_id"],
                name="sale_of_quote",
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("opportunity_id", ""), _negated=True),
                fields=["instance", "opportunity_id"],
                name="sale_of_opportunity",
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("account_number", ""), _negated=True),
                fields=["instance", "account_number"],
                name="sale_of_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="sale_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order_id", ""), _negated=True),
                fields=("instance", "order_id"),
                name="sale_of_order_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order_number", ""), _negated=True),
                fields=("instance", "order_number"),
                name="sale_of_order_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="salestep",
            constraint=models.UniqueConstraint(fields=("sale", "number"), name="sale_step_number"),
        ),
        migrations.RunSQL(_guards.SALE_SAME_TENANT),
        migrations.RunSQL(_guards.SALE_STEPS_WRITTEN_ONCE),
    ]
