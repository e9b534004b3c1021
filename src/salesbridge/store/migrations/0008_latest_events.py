# ruff: noqa: RUF012 - as Django writes it
"""People look at the events that were heard last."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index by the time of hearing."""

    dependencies = [("store", "0007_inspections")]

    operations = [
        migrations.AddIndex(
            model_name="heardevent", index=models.Index(fields=["tenant", "-heard_at"], name="event_latest")
        )
    ]
