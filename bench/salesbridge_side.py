"""The connector's side of the benchmark: one process, one load, measured from inside."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from pydantic import SecretStr


def main() -> None:
    """Prepare the org (not measured), load, and print the figures as one line of JSON."""
    facts = json.load(sys.stdin)
    from salesbridge import store  # noqa: PLC0415 - reads its settings from the environment
    from salesbridge.cli import watch  # noqa: PLC0415
    from salesbridge.engine import connections, durable, instances, prepare  # noqa: PLC0415
    from salesbridge.engine.load import control  # noqa: PLC0415
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415

    store.setup()
    entered = instances.BillingSystem(
        "Bench", "junifer", facts["billing"], SecretStr(facts["api_key"]), "salesbridge", "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="bench")
    app = ClientCredentials(facts["org"], facts["Consumer key"], SecretStr(facts["Consumer secret"]))
    instance, _ = instances.add_instance(door, "bench", app, by="bench")
    prepare.deploy_package(connections.salesforce(door, instance), door.tenant, initial_only=True)
    connections.billing(door, door.tenant).set_publishing(on=False)
    calls = connections.salesforce(door, instance).usage.own_calls
    with durable.worker():
        cpu, wall = _cpu(), time.monotonic()
        run = control.start(door, instance, control.Choices(outage_acknowledged=True), started_by="bench")
        while not control.ended(door.runs.get(pk=run.pk)):
            time.sleep(0.2)
        used, took = _cpu() - cpu, time.monotonic() - wall
    result: dict[str, Any] = watch.as_dict(door, door.runs.get(pk=run.pk))
    if result["result"] not in {"completed", "completed with errors"}:
        raise SystemExit(result["message"])
    read = sum(stage["read"] for stage in result["stages"])
    print(  # noqa: T201 - the answer to the parent process
        json.dumps({
            "records": read, "cpu_s": used, "wall_s": took,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "calls": connections.salesforce(door, instance).usage.own_calls - calls,
            "refused": sum(stage["rejected"] + stage["parked"] for stage in result["stages"]),
        })
    )  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
