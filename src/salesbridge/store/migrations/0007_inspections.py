# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("store", "0006_credential_operations")]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("org", "Org"),
                            ("data_model", "Data Model"),
                            ("fix", "Fix"),
                            ("before_load", "Before Load"),
                            ("go_live", "Go Live"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("by", models.CharField(max_length=254)),
                ("step", models.CharField(blank=True, default="", max_length=200)),
                ("result", models.JSONField(blank=True, default=dict)),
                ("message", models.TextField(blank=True, default="")),
                ("mend", models.TextField(blank=True, default="")),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                "indexes": [models.Index(fields=["instance", "kind", "-started_at"], name="inspection_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("instance", "kind"),
                        name="one_inspection_of_a_kind",
                    )
                ],
            },
        ),
        migrations.RunSQL(_guards.INSPECTION_SAME_TENANT),
    ]
