"""Ongoing synchronisation at the command line: how it stands, pausing, comparing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbridge.engine import durable
from salesbridge.store.models import Change, Live, Parked, Reconciliation


@pytest.fixture
def sales(new_door):
    """A live instance of a tenant called Retailer: its door and its row."""
    door = new_door(name="Retailer")
    instance = door.instances.create(name="sales", login_url="http://127.0.0.1:9")
    door.rows(Live).create(instance=instance, state="live")
    return door, instance


def test_the_status_of_one_instance_is_its_figures(run, run_json, sales):
    door, instance = sales
    said = {"side": "billing", "entity": "Account", "key": "A1", "op": "save", "origin": "event"}
    door.rows(Change).create(instance=instance, number=1, event_id="e1", **said)
    door.rows(Parked).create(instance=instance, entity="Account", record="A2", hold="parent")
    door.rows(Live).update(
        held_until=datetime.now(UTC) + timedelta(minutes=5), held_reason="billing: it is [down]",
        gap_since=datetime(2026, 6, 15, 12, tzinfo=UTC), gap_reason="events lost",
    )  # fmt: skip

    told = run_json("status", "sales")
    assert (told["state"], told["backlog"], told["parked"], told["problems"]) == ("live", 1, {"parent": 1}, 0)
    assert told["held_reason"] == "billing: it is [down]"
    shown = run("status", "sales")
    assert "billing: it is [down]" in shown
    assert "changes since 2026-06-15 12:00:00: events lost" in shown
    assert "1 changes not decided yet" in shown


def test_the_status_of_all_instances_is_a_line_each(run, run_json, sales, new_door):
    other = new_door(name="Another")
    other.instances.create(name="fresh", login_url="http://127.0.0.1:9")

    assert [(each["tenant"], each["state"]) for each in run_json("status")] == [
        ("Another", "new"),
        ("Retailer", "live"),
    ]
    lines = run("status").splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [["Another", "fresh", "new"], ["Retailer", "sales", "live"]]


def test_an_instance_that_is_not_there_is_wrong_usage(run, sales):
    assert "no instance" in run("status", "none", code=2)


def test_pausing_and_going_on_are_written_down_with_who_did_it(run_json, sales):
    door, _ = sales
    assert run_json("sync", "pause", "sales") == {"state": "paused"}
    assert run_json("sync", "resume", "sales")["state"] in {"live", "recovering"}
    tags = door.activities.order_by("at").values_list("tag", flat=True)
    assert list(tags) == ["live:paused", "live:resumed"]
    assert all(door.activities.values_list("actor", flat=True))


def test_what_cannot_be_done_in_a_state_is_said_so(run, sales):
    door, _ = sales
    door.rows(Live).update(state="loaded")
    assert "sales is loaded" in run("sync", "pause", "sales", code=2)


def test_an_instance_that_is_not_ready_does_not_go_live_and_the_list_says_why(run_json, sales, monkeypatch):
    from salesbridge.engine.live import control  # noqa: PLC0415 - Django is set up first
    from salesbridge.engine.load.preflight import Check  # noqa: PLC0415 - as above

    asked = []

    def refuse(_door, _instance, by, *, confirmed):
        asked.append((bool(by), confirmed))
        raise control.NotReadyError([Check("Initial load", "failed", "none has completed", "Load first.")])

    monkeypatch.setattr(control, "go_live", refuse)
    told = run_json("sync", "start", "sales", "--switched-on", code=1)

    assert asked == [(True, True)]
    assert (told["started"], told["state"]) == (False, "live")
    assert told["checks"][0]["mend"] == "Load first."


@pytest.fixture
def compared(sales):
    door, instance = sales
    counts = {
        "Account": {"compared": 10, "equal": 8, "drifted": 2, "handed": 2, "fields": {"Phone": 2}, "reasons": {}},
        "Contact": {"compared": 5, "equal": 5, "drifted": 0, "handed": 0, "fields": {}, "reasons": {}},
    }
    row = {"instance": instance, "cause": "nightly", "started_by": "schedule", "finished_at": datetime.now(UTC)}
    for number in (1, 2):
        door.rows(Reconciliation).create(number=number, counts=counts if number == 2 else {}, state="done", **row)


def test_reconciliations_are_listed_with_what_they_compared(run, run_json, compared):
    assert [each["number"] for each in run_json("reconcile", "status", "sales")] == [2, 1]
    second = run("reconcile", "status", "sales").splitlines()[1].split()
    assert second[:4] == ["2", "nightly", "schedule", "done"]
    assert second[-2:] == ["15", "2"]


def test_the_report_of_a_reconciliation_tells_drift_by_object_and_field(run, run_json, compared):
    assert run_json("reconcile", "report", "sales")["counts"]["Account"]["fields"] == {"Phone": 2}
    shown = [line.split() for line in run("reconcile", "report", "sales").splitlines()]
    assert ["Object", "compared", "equal", "drifted", "handed"] in shown
    assert ["Account", "10", "8", "2", "2"] in shown
    assert ["Account", "fields", "Phone", "2"] in shown
    assert run_json("reconcile", "report", "sales", "--number", 1)["counts"] == {}


def test_a_reconciliation_that_never_was_is_wrong_usage(run, compared):
    assert "no such reconciliation" in run("reconcile", "report", "sales", "--number", 9, code=2)


@pytest.fixture
def queue(environment):
    """The queue of durable work; its connections are closed afterwards."""
    yield
    client = durable._client(environment["DATABASE_URL"])
    client.destroy()
    durable._client.cache_clear()


def test_a_comparison_is_queued_for_a_worker_and_a_second_one_waits_its_turn(queue, run, run_json, sales):
    told = run_json("reconcile", "start", "sales", "--report-only")
    assert (told["number"], told["cause"], told["repair"]) == (1, "on demand", False)
    assert "not finished" in run("reconcile", "start", "sales", code=1)
