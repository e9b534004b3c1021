"""The bulk jobs of a run, with their pages in Salesforce."""

from __future__ import annotations

from typing import Any

from salesbridge.salesforce.links import job_link
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Run


def jobs(door: Door, instance: Instance, run: Run) -> list[dict[str, Any]]:
    """The run's bulk jobs with their pages in Salesforce, which forgets them after seven days."""
    parts = door.parts.filter(stage__run_id=run.pk).exclude(job_id="").select_related("stage")
    return [
        {
            "object": part.stage.entity,
            "job": part.job_id,
            "rows": part.rows,
            "failed": part.failed,
            "link": job_link(instance.instance_url, part.job_id),
        }
        for part in parts.order_by("stage__position", "wave", "number")
    ]
