"""A load that is killed at any point finishes with the same records as an undisturbed one, each exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import psycopg
import pytest
from journey import OBJECTS, connect, totals

pytestmark = pytest.mark.slow

KILLS = 20


def contents(system):
    """What the org holds, without what differs from org to org: ids and times."""
    volatile = ("Id", "Date", "Modstamp", "CreatedById", "LastModifiedById", "ContractNumber", "OwnerId")
    return {
        name: {
            key: {f: v for f, v in row.items() if not f.endswith(volatile) or f in ("StartDate", "EndDate")}
            for key, row in rows.items()
        }
        for name, rows in system.rows.items()
    }


def without_references(found):
    references = ("AccountId", "ContactId", "Product2Id", "Pricebook2Id")
    return {
        name: {key: {f: v for f, v in row.items() if f not in references} for key, row in rows.items()}
        for name, rows in found.items()
    }


def steps_that_finished(url):
    """Every finished step of every load, by workflow and place: what was repeated would be recorded twice."""
    query = "SELECT workflow_uuid, function_id, function_name FROM dbos.operation_outputs"
    with psycopg.connect(url) as connection:
        return [tuple(row) for row in connection.execute(query)]


def uploads(system):
    return len(system.calls("PUT", "/jobs/ingest"))


@pytest.mark.timeout(900)
def test_a_load_killed_at_random_points_ends_like_an_undisturbed_one(connected, product, org, billing_of):
    system = connected(accounts=150, awkward=0.0)
    # Slow enough that kills fall into every stage; the seed makes a failure repeatable.
    dice = random.Random(20261123)  # noqa: S311 - no secret
    first = system.product.start("load", "start", "sales", "--outage-acknowledged")
    kills, finished = 0, {}
    process = first
    while kills < KILLS and not ended(system):
        time.sleep(dice.uniform(0.9, 1.9))
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        for workflow, place, name in steps_that_finished(system.product.environment["DATABASE_URL"]):
            assert finished.setdefault((workflow, place), name) == name
        process = system.product.start("load", "resume", "sales")
    run = (
        json.loads(system.product.run("load", "resume", "sales", "--json").stdout or "null")
        if not ended(system)
        else None
    )
    run = run or system.product.json("load", "status", "sales")
    process.communicate(timeout=120)

    assert kills >= KILLS // 2, "the load ended before it could be killed often enough"
    assert run["result"] == "completed", run["message"]
    undisturbed = undisturbed_contents(system)
    assert without_references(contents(system)) == without_references(undisturbed)
    assert {name: len(rows) for name, rows in system.rows.items()} == {s["object"]: s["read"] for s in run["stages"]}
    assert sum(1 for name in OBJECTS for _ in system.org.org.rows(name)) >= totals(run)["read"]


def ended(system):
    history = system.product.json("load", "history", "sales")
    return bool(history) and history[0]["finished_at"] is not None


def undisturbed_contents(system):
    """The same billing data loaded into a fresh org without disturbance."""
    from salesbridge.sandbox.salesforce.demo import demo_org  # noqa: PLC0415 - a second org for this test alone
    from salesbridge.sandbox.salesforce.server import start_in_thread  # noqa: PLC0415 - as above

    with start_in_thread(demo_org().org) as other:
        fresh = type(system)(system.product, other, system.billing)
        add_second_instance(system.product, other)
        run = system.product.json("load", "start", "second", "--outage-acknowledged")
        assert run["result"] == "completed"
        return contents(fresh)


def add_second_instance(product, other):
    from salesbridge.sandbox.salesforce.demo import CLIENT_ID  # noqa: PLC0415 - as above

    product.run(
        "instance",
        "add",
        "second",
        "--tenant",
        "Retailer",
        "--login-url",
        other.url,
        "--consumer-key",
        CLIENT_ID,
        check=0,
    )
    product.run("salesforce", "deploy", "second", "--initial", check=0)


def test_another_worker_takes_over_within_ten_seconds(connected):
    system = connected(accounts=60)
    system.org.org.faults.arm("slow_batch", times=None, seconds=1.0)
    victim = system.product.start("worker")
    system.product.run("load", "start", "sales", "--outage-acknowledged", "--detach", check=0)
    while not system.calls("PUT", "/jobs/ingest"):
        time.sleep(0.1)
    system.product.start("worker")
    time.sleep(1.5)
    before = uploads(system)
    os.killpg(victim.pid, signal.SIGKILL)
    killed = time.monotonic()
    while uploads(system) == before:
        assert time.monotonic() - killed < 30
        time.sleep(0.05)
    took = time.monotonic() - killed

    assert took < 10, f"took over after {took:.1f} s"
    while not ended(system):
        time.sleep(0.5)
    assert system.product.json("load", "status", "sales")["result"] == "completed"


__all__ = ["connect"]
