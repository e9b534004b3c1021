# ruff: noqa: RUF012 - as Django writes it
"""Rates are counted from the changes that were decided last."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index by the time of deciding."""

    dependencies = [("store", "0010_surfaced_events")]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["instance", "decided_at"], condition=models.Q(decided_at__isnull=False), name="change_decided"
            ),
        )
    ]
