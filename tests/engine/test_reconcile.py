"""A reconciliation as people start it: the product as processes of its own, killed in the middle."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest
from journey import wait_until

pytestmark = pytest.mark.slow

FINISHED = "SELECT 1 FROM store_reconciliation WHERE finished_at IS NOT NULL"
COMPARED = "SELECT 1 FROM store_reconciliation WHERE counts ? 'Contact'"


def asked(system, sql):
    with psycopg.connect(system.product.environment["DATABASE_URL"]) as connection:
        return connection.execute(sql).fetchall()


def test_a_reconciliation_whose_worker_is_killed_goes_on_and_hands_everything_over_once(connected):
    system = connected(accounts=5)
    system.product.run("reconcile", "start", "sales", check=0)
    worker = system.product.start("worker")
    wait_until(lambda: asked(system, COMPARED))
    os.killpg(worker.pid, signal.SIGKILL)
    system.product.start("worker")
    wait_until(lambda: asked(system, FINISHED))

    (row,) = system.product.json("reconcile", "status", "sales", check=0)
    assert row["state"] == "finished", row["message"]
    seeded = system.billing.billing.seed.expectations().counts
    kinds = {"Account": "accounts", "Contact": "customers", "Product2": "products", "Asset": "service_points"}
    for entity, kind in kinds.items():
        assert row["counts"][entity]["only_in_billing"] == row["counts"][entity]["handed"] == seeded[kind]
    handed = sum(counts["handed"] for counts in row["counts"].values())
    journal = "SELECT count(*), count(DISTINCT event_id), min(number), max(number) FROM store_change"
    assert asked(system, journal) == [(handed, handed, row["first_number"], row["last_number"])]
