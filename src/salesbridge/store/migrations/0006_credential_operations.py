# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("store", "0005_orgs")]

    operations = [
        migrations.CreateModel(
            name="CredentialOperation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("add", "Add"), ("rotate", "Rotate"), ("revoke", "Revoke"), ("cut_off", "Cut Off")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("step", models.CharField(blank=True, default="", max_length=20)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("message", models.CharField(blank=True, default="", max_length=1000)),
                ("code", models.CharField(blank=True, default="", max_length=100)),
                ("mend", models.CharField(blank=True, default="", max_length=1000)),
                ("secret_id", models.UUIDField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("pushes", models.PositiveSmallIntegerField(default=0)),
                ("options", models.JSONField(blank=True, default=dict)),
                ("made", models.JSONField(blank=True, default=list)),
                ("trail", models.JSONField(blank=True, default=list)),
                ("by", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.apiclient"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["client", "-created_at"], name="credential_work_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)), fields=("client",), name="one_active_credential_work"
                    )
                ],
            },
        ),
        migrations.RunSQL(_guards.OPERATION_SAME_TENANT),
    ]
