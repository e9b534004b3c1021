"""A plan without a run: the same checks and sizes that a run begins with, and nothing is kept."""

from __future__ import annotations

import getpass
from typing import Any

from salesbridge.engine.load.context import Work
from salesbridge.engine.load.control import Choices
from salesbridge.engine.load.preflight import preflight
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Run


def plan_only(door: Door, instance: Instance, choices: Choices) -> dict[str, Any]:
    """What a run with these choices would do now: ``checks``, ``sizes``, totals and whether it would start."""
    source = Run.Source.EXTRACT if choices.extract else Run.Source.BILLING
    run = door.runs.new(
        instance=instance, number=0, started_by=getpass.getuser(), source=source, options=choices.options()
    )
    work = Work(door, run.pk)
    work.__dict__["run"] = run
    return preflight(work)
