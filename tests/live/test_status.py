"""How an instance stands, from rows made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbridge.engine.live.status import allowances, last_word, standing
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Change, Conflict, Lease, Live, Parked

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def live(door, instance):
    return door.rows(Live).create(instance=instance, state="live", next_number=100)


def change(door, instance, number, *, heard=0, decided=None, outcome=None):
    door.rows(Change).create(
        instance=instance, number=number, side="billing", entity="Account", key="A1", op="save",
        event_id=f"e{number}", origin="event", outcome=outcome, heard_at=NOW - timedelta(seconds=heard),
        decided_at=None if decided is None else NOW - timedelta(seconds=decided),
    )  # fmt: skip


def test_an_instance_that_nobody_has_started_is_new_and_has_no_backlog(door, instance):
    found = standing(door, instance, NOW)
    assert (found.live.state, found.started, found.flow.backlog, found.flow.lag_s) == ("new", False, 0, 0.0)


def test_the_lag_is_the_age_of_the_oldest_change_that_is_not_decided(door, instance, live):
    change(door, instance, 1, heard=900, decided=800, outcome="applied")
    change(door, instance, 2, heard=90)
    change(door, instance, 3, heard=30)

    flow = standing(door, instance, NOW).flow
    assert (flow.backlog, flow.lag_s) == (2, 90.0)


def test_rates_are_of_the_last_five_minutes_by_outcome(door, instance, live):
    for number, (decided, outcome) in enumerate(
        [(10, "applied"), (20, "applied"), (290, "unchanged"), (310, "parked")]
    ):
        change(door, instance, number, heard=400, decided=decided, outcome=outcome)
    assert standing(door, instance, NOW).flow.per_minute == {"applied": 0.4, "unchanged": 0.2}


def test_what_waits_is_counted_by_hold_and_conflicts_of_the_last_day(door, instance, live):
    for record, hold in (("A1", "parent"), ("A2", "parent"), ("A3", "person")):
        door.rows(Parked).create(instance=instance, entity="Account", record=record, hold=hold)
    for number, age in enumerate((timedelta(hours=1), timedelta(hours=25))):
        lost = {"field": "Phone", "side": "billing", "both": True, "number": number, "at": NOW - age}
        door.rows(Conflict).create(instance=instance, entity="Account", record="A1", **lost)

    flow = standing(door, instance, NOW).flow
    assert (flow.parked, flow.conflicts) == ({"parent": 2, "person": 1}, 1)


def test_who_works_for_it_is_told_by_living_leases(door, instance, live):
    for role, owner, until in (("listen", "w1", 5), ("deliver", "w2", -5), ("poll", "", 5)):
        door.rows(Lease).create(instance=instance, role=role, owner=owner, until=NOW + timedelta(seconds=until))
    assert standing(door, instance, NOW).workers == {"listen": "w1"}


def test_only_the_problems_of_the_instance_that_need_somebody_count(door, instance, live):
    raise_problem(door, "x", "Open", instance_id=instance.pk, key="1")
    raise_problem(door, "x", "Of the tenant", key="2")
    door.problems.create(instance=instance, kind="x", key="3", state="solved")
    assert standing(door, instance, NOW).problems == 1


def test_the_last_word_is_the_latest_of_all_ways_of_hearing(live):
    assert last_word(live) is None
    live.heard_at, live.polled_until = NOW - timedelta(minutes=1), NOW
    assert last_word(live) == NOW


def test_another_tenants_rows_count_nothing(door, instance, live, new_door):
    stranger = new_door()
    theirs = stranger.instances.create(name="Sales org", login_url="http://127.0.0.1:9")
    stranger.rows(Live).create(instance=theirs, state="live")
    change(stranger, theirs, 1)
    assert standing(door, instance, NOW).flow.backlog == 0


def test_what_salesforce_still_grants_is_asked_of_it(world):
    told = {allowance.name: allowance for allowance in allowances(world.site)}
    assert told["DailyApiRequests"].limit == 100_000
    assert told["DailyApiRequests"].used > 0
    assert told["DailyDeliveredPlatformEvents"].limit == 25_000
