# ruff: noqa: RUF012, D101 - Django reads these names

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards
from salesbridge.store.models.audit import default_organisation
from salesbridge.store.names import DEFAULT_ORGANISATION


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_live"),
    ]

    operations = [
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200, unique=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organisation_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation_id", models.UUIDField()),
                ("number", models.PositiveBigIntegerField()),
                ("tenant_id", models.UUIDField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=254)),
                ("action", models.CharField(max_length=100)),
                ("subject", models.CharField(blank=True, default="", max_length=300)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("previous", models.CharField(blank=True, default="", max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["organisation_id", "-at"], name="audit_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__regex", "^[a-z_]+:[a-z_]+$")), name="audit_action"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            f"INSERT INTO store_organisation (id, name) VALUES ('{DEFAULT_ORGANISATION}', 'Default')",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="tenant",
            name="organisation",
            field=models.ForeignKey(
                default=default_organisation,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="store.organisation",
            ),
        ),
        migrations.RunSQL(_guards.AUDIT_APPEND_ONLY),
    ]
