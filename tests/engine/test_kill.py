"""A load that is killed at any point finishes with the same records as an undisturbed one, each exactly once."""

from __future__ import annotations

import os
import random
import signal
import time

import psycopg
import pytest
from journey import totals, wait_until

pytestmark = pytest.mark.slow

KILLS = 20


VOLATILE = ("CreatedDate", "LastModifiedDate", "SystemModstamp", "ContractNumber", "ActivatedDate", "PhotoUrl")


def contents(system):
    """What the org holds, without what differs from org to org: ids, numbers and times."""
    return {
        name: {
            key: {field: value for field, value in row.items() if not field.endswith("Id") and field not in VOLATILE}
            for key, row in rows.items()
        }
        for name, rows in system.rows.items()
    }


def steps_that_finished(url):
    """Name of every finished step by workflow, place and the moment at which it finished."""
    query = "SELECT workflow_uuid, function_id, completed_at_epoch_ms, function_name FROM dbos.operation_outputs"
    with psycopg.connect(url) as connection:
        return {row[:3]: row[3] for row in connection.execute(query)}


def uploads(system):
    return len(system.calls("PUT", "/jobs/ingest"))


@pytest.mark.timeout(600)
def test_a_load_killed_at_random_points_ends_like_an_undisturbed_one(connected):
    system = connected(accounts=150)
    # Bulk jobs that take their time, so that kills fall into every stage; the seed makes a failure repeatable.
    system.org.org.faults.arm("slow_batch", times=None, seconds=0.7)
    dice = random.Random(20261123)  # noqa: S311 - no secret
    url = system.product.environment["DATABASE_URL"]
    process = system.product.start("load", "start", "sales", "--outage-acknowledged")
    finished = {}
    for kill in range(KILLS):
        wait_until(lambda pid=process.pid: worker_of(url, pid) or ended(url))
        time.sleep(dice.uniform(0.0, 1.2))
        assert not ended(url), f"the load ended after {kill} kills already"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert finished.items() <= (finished := steps_that_finished(url)).items()
        process = system.product.start("load", "resume", "sales")
    output, _ = process.communicate(timeout=240)

    run = system.product.json("load", "status", "sales")
    assert run["result"] == "completed", output[-3000:]
    assert {name: len(rows) for name, rows in system.rows.items()} == {s["object"]: s["read"] for s in run["stages"]}
    system.org.org.faults.disarm()
    assert contents(system) == undisturbed_contents(system)
    system.org.org.calls.clear()
    assert totals(system.product.load(check=0))["unchanged"] == totals(run)["read"]


def test_steps_that_have_finished_are_not_repeated_after_a_kill(connected):
    system = connected(accounts=60)
    system.org.org.faults.arm("slow_batch", times=None, seconds=1.0)
    url = system.product.environment["DATABASE_URL"]
    process = system.product.start("load", "start", "sales", "--outage-acknowledged")
    wait_until(lambda: "load.settle" in steps_that_finished(url).values())
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finished, sent = steps_that_finished(url), uploads(system)
    system.product.json("load", "resume", "sales", check=0)

    assert finished.items() <= steps_that_finished(url).items()
    jobs = {call.path for call in system.calls("PUT", "/jobs/ingest")}
    assert len(jobs) == uploads(system), "no job was given its file twice"
    assert uploads(system) <= sent + 8, "an object that was done was sent again"


def worker_of(url, pid):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM store_worker WHERE pid = %s", [pid]).fetchone()


def ended(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM store_run WHERE finished_at IS NOT NULL").fetchone()


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
    url = system.product.environment["DATABASE_URL"]
    victim = system.product.start("worker")
    system.product.run("load", "start", "sales", "--outage-acknowledged", "--detach", check=0)
    wait_until(lambda: uploads(system))
    heir = system.product.start("worker")
    wait_until(lambda: worker_of(url, heir.pid))
    owner = executor(url)
    os.killpg(victim.pid, signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: executor(url) not in {None, owner}, 30)
    took = time.monotonic() - killed

    assert took < 10, f"took over after {took:.1f} s"
    wait_until(lambda: ended(url))
    assert system.product.json("load", "status", "sales")["result"] == "completed"


def executor(url):
    """Who executes the load now; nobody while it waits to be taken up again."""
    query = "SELECT executor_id FROM dbos.workflow_status WHERE name = 'load' AND status = 'PENDING'"
    with psycopg.connect(url) as connection:
        found = connection.execute(query).fetchone()
        return found and found[0]
