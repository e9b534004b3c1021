"""Ongoing synchronisation between real processes that are killed, frozen, cut off and brought back."""

from __future__ import annotations

import sys
import time

import pytest
from mapped import MAPPED, B, S
from torture.outage import hour_without
from torture.people import People, wait_for
from torture.run import awake, reconcile, settle, torture
from torture.scene import Scene
from torture.verdict import violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torture"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def scene():
    with Scene(workers=2) as made:
        awake(made)
        yield made


def tell(*what):
    sys.stdout.write(" ".join(map(str, what)) + "\n")


def deliverer(scene):
    """The worker that delivers now."""
    query = "SELECT owner FROM store_lease WHERE role = 'deliver' AND owner <> '' AND until > clock_timestamp()"
    (owner,) = wait_for(lambda: scene.sql(query), 30, "nobody delivers")[0]
    return next(worker for worker in scene.workers if f"-{worker.pid}-" in owner)


def both_ready(scene):
    pids = {str(worker.pid) for worker in scene.workers}
    told = "SELECT executor_id FROM store_worker WHERE heartbeat_at > now() - interval '4 seconds'"
    wait_for(lambda: pids <= {owner.split("-")[-2] for (owner,) in scene.sql(told)}, 60, "a worker is missing")


def some_edits(scene, count, seed):
    """Edits that change something each time: a save that changes no mapped field is no event."""
    with People(scene, seed) as people:
        for at in range(count):
            mapped = MAPPED[at % len(MAPPED)]
            value = mapped.values[(at + seed) % len(mapped.values)]
            people.edit(mapped, people.keys(mapped)[at % 6], mapped.master, value)


def decided(scene):
    return scene.sql("SELECT count(*) FROM store_change WHERE outcome IS NOT NULL")[0][0]


def test_another_worker_commits_within_ten_seconds_of_a_kill(scene):
    begin = scene.held(), len(scene.saves())
    both_ready(scene)
    took = []
    for seed in range(3):
        both_ready(scene)
        victim, before = deliverer(scene), decided(scene)
        with victim.hands_off:
            victim.kill()
            killed = time.monotonic()
            some_edits(scene, 8, seed)
            wait_for(lambda before=before: decided(scene) > before, 30, "nobody took over")
            took.append(time.monotonic() - killed)
            victim.start()
    settle(scene)
    tell("seconds from the kill to another worker's first commit", [round(each, 2) for each in took])
    assert max(took) < 10
    assert violations(scene, begin, disturbances=3) == []


def test_a_worker_that_was_frozen_longer_than_its_lease_writes_nothing_down(scene):
    begin = scene.held(), len(scene.saves())
    both_ready(scene)
    victim = deliverer(scene)
    epoch = scene.sql("SELECT epoch FROM store_lease WHERE role = 'deliver'")[0][0]
    some_edits(scene, 12, 7)
    victim.freeze(8)
    some_edits(scene, 12, 8)
    settle(scene)
    assert scene.sql("SELECT epoch FROM store_lease WHERE role = 'deliver'")[0][0] > epoch
    both_ready(scene)
    assert violations(scene, begin, disturbances=1) == []


def test_a_restart_of_the_database_loses_nothing(scene):
    begin = scene.held(), len(scene.saves())
    for seed, mode in enumerate(("fast", "immediate")):
        some_edits(scene, 10, 20 + seed)
        scene.restart_postgres(mode, 1.0)
        some_edits(scene, 10, 30 + seed)
    settle(scene)
    both_ready(scene)
    assert violations(scene, begin, disturbances=2) == []


@pytest.mark.parametrize("side", [S, B])
def test_an_hour_without_a_side_ends_with_both_equal_and_one_write_a_record(scene, side):
    told = hour_without(scene, side, seed=1 if side == S else 2)
    tell(side, told)
    assert told["edited"] >= 190
    assert told["attempts"] >= 2
    assert told["told meanwhile"], "a person has to know of an outage"
    assert told["written more than once"] == []
    assert 0 < told["written records"] <= told["changed records"]
    assert told["violations"] == []


def test_at_the_end_a_reconciliation_finds_nothing(scene):
    settle(scene)
    assert reconcile(scene) == 0


def test_half_a_minute_of_torture_breaks_nothing():
    report = torture(minutes=0.5, seed=20261123)
    tell(report)
    assert report.people_fields > 20
    assert report.faults
    assert report.violations == []
