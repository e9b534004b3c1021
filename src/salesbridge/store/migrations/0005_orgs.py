# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.db.models.deletion
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("store", "0004_access")]

    operations = [
        migrations.AddField("instance", "org_sandbox", models.BooleanField(blank=True, null=True)),
        migrations.AddField("instance", "org_instance", models.CharField(blank=True, default="", max_length=20)),
        migrations.AddField("tenant", "link_templates", models.JSONField(blank=True, default=dict)),
        migrations.CreateModel(
            name="FormerLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("org_id", models.CharField(max_length=18)),
                ("entity", models.CharField(max_length=40)),
                ("billing_key", models.CharField(max_length=255)),
                ("salesforce_id", models.CharField(max_length=18)),
                ("agreed", models.JSONField(default=dict)),
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
            options={"abstract": False},
        ),
        migrations.AddIndex(
            model_name="formerlink",
            index=models.Index(fields=["instance", "org_id"], name="former_link_of_org"),
        ),
        migrations.RunSQL(_guards.FORMER_SAME_TENANT),
    ]
