"""The connector's side of the benchmark: one process, one load, measured from inside."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.meter import Meter, postgres_cpu_s
from bench.sandboxes import Facts

#: Seconds between two looks at the run, as the command line takes them.
_LOOK_S = 0.5


def main() -> None:
    """Set up a tenant and an instance (not measured), load, and print the figures as one line of JSON."""
    facts = Facts.read(sys.stdin)
    from salesbridge import store  # noqa: PLC0415 - reads its settings from the environment

    store.setup()
    from salesbridge.engine import durable  # noqa: PLC0415 - needs Django set up
    from salesbridge.engine.load import control  # noqa: PLC0415 - as above

    door, instance = _set_up(facts)
    cluster = _cluster()
    with durable.worker():
        postgres, meter = postgres_cpu_s(cluster), Meter()
        run = control.start(door, instance, control.Choices(outage_acknowledged=True), started_by="bench")
        while not control.ended(door.runs.get(pk=run.pk)):
            time.sleep(_LOOK_S)
        used = meter.read()
        told = {**_told(door, run.pk), **used, "steps": _steps(f"load:{run.pk}")}
    if postgres is not None:
        told["postgres_cpu_s"] = (postgres_cpu_s(cluster) or postgres) - postgres
    print(json.dumps(told))  # noqa: T201 - the answer to the parent process


def _set_up(facts: Facts) -> tuple[Any, Any]:
    from salesbridge.engine import connections, instances  # noqa: PLC0415 - needs Django set up
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415 - as above

    key = SecretStr(facts.api_key)
    entered = instances.BillingSystem("Bench", "junifer", facts.billing, key, facts.username, "Europe/London")
    door, _ = instances.add_tenant(entered, by="bench")
    app = ClientCredentials(facts.org, facts.consumer_key, SecretStr(facts.consumer_secret))
    instance, _ = instances.add_instance(door, "bench", app, by="bench")
    connections.billing(door, door.tenant).set_publishing(on=False)
    return door, instance


def _told(door: Any, run_id: Any) -> dict[str, Any]:
    from salesbridge.cli import watch  # noqa: PLC0415 - needs Django set up

    result = watch.as_dict(door, door.runs.get(pk=run_id))
    if result["result"] not in {"completed", "completed with errors"}:
        raise SystemExit(result["message"])
    stages = result["stages"]
    return {
        "records": sum(stage["read"] for stage in stages),
        "refused": sum(stage["rejected"] + stage["parked"] for stage in stages),
        "causes": {f"{cause['object']} {cause['code']}": cause["count"] for cause in result["causes"]},
    }


def _steps(workflow_id: str) -> dict[str, float]:
    """Seconds of wall time by durable step, as the engine noted them."""
    from dbos import DBOS  # noqa: PLC0415 - heavy

    seconds: Counter[str] = Counter()
    for step in DBOS.list_workflow_steps(workflow_id):
        began, ended = step.get("started_at_epoch_ms"), step.get("completed_at_epoch_ms")
        if began and ended:
            seconds[step["function_name"].removeprefix("load.")] += (ended - began) / 1000
    return dict(seconds.most_common())


def _cluster() -> Path:
    from salesbridge.settings import settings  # noqa: PLC0415 - reads the environment

    notes = sorted(settings().data_dir.rglob("postmaster.pid"))
    return notes[0].parent if notes else Path()


if __name__ == "__main__":
    main()
