# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end
"""Events of billing on their way into Salesforce."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("store", "0009_sales")]

    operations = [
        migrations.CreateModel(
            name="Surfaced",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("held", "Held"),
                            ("published", "Published"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("heard_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                ("code", models.CharField(blank=True, default="", max_length=100)),
                ("message", models.TextField(blank=True, default="")),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("published_as", models.CharField(blank=True, default="", max_length=50)),
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
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["instance", "number"], name="surfaced_waiting"
                    ),
                    models.Index(
                        condition=models.Q(("state", "held")), fields=["instance", "type"], name="surfaced_held"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("instance", "event_id"), name="surfaced_once")],
            },
        ),
        migrations.RunSQL(_guards.SURFACED_SAME_TENANT),
    ]
