"""A reconciliation finds every difference, counts every record once, and leaves the mending to delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbridge.engine.live import compare
from salesbridge.engine.live import reconcile_steps as steps
from salesbridge.engine.live.judge import Standing
from salesbridge.engine.live.points import watched
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Link, Live

EXT = "Gentrack_External_Id__c"


def reconcile(world, *, repair=True):
    row = steps.register(world.door, world.instance.pk, "on demand", "Ada", repair=repair)
    for name in steps.begin(world.site, row.pk):
        steps.compare(world.site, row.pk, name, 0.0)
    steps.finish(world.site, row.pk)
    row.refresh_from_db()
    assert all(closes(counts) for counts in row.counts.values()), row.counts
    return row


def closes(counts):
    return counts["compared"] == sum(counts[standing.value] for standing in Standing)


def found(row, entity):
    """What was found of an entity, without what is nought."""
    return {name: value for name, value in row.counts[entity].items() if value and name not in {"calls", "compared"}}


def first(world, sobject):
    return min(world.rows(sobject))


def silently(world, sobject, key, **values):
    """An edit of which no event is ever heard."""
    world.edit_salesforce(sobject, key, **values)
    world.bus_events()


def test_two_sides_that_agree_are_equal_in_every_record(linked):
    row = reconcile(linked)
    for name, counts in row.counts.items():
        expected = len(linked.rows(name))
        assert (counts["compared"], counts["equal"]) == (expected, expected), (name, counts)
    assert row.state == "finished"
    assert row.first_number is None
    assert not linked.changes(origin="reconciliation")


def test_a_comparison_costs_few_calls_however_many_records_there_are(linked):
    for counts in reconcile(linked).counts.values():
        assert counts["calls"] <= 6


def test_a_change_that_was_never_heard_is_found_and_delivered(linked):
    key = first(linked, "Contact")
    silently(linked, "Contact", key, MobilePhone="+44 7700 900123")
    row = reconcile(linked)
    assert found(row, "Contact") == {
        "equal": len(linked.rows("Contact")) - 1, "drifted": 1, "fields": {"MobilePhone": 1}, "handed": 1,
    }  # fmt: skip
    (change,) = linked.changes(origin="reconciliation")
    assert (row.first_number, row.last_number) == (change.number, change.number)
    assert change.event_id == f"reconcile:{row.number}:Contact:{key}"
    linked.settle()
    assert linked.records("customers")[key]["mobile"] == "+44 7700 900123"
    assert "drifted" not in found(reconcile(linked), "Contact")


def test_what_billing_changed_unheard_arrives_in_salesforce(linked):
    key = first(linked, "Product2")
    linked.edit_billing("products", key, name="A new name")
    row = reconcile(linked)
    assert found(row, "Product2")["drifted"] == 1
    assert found(row, "Product2")["fields"] == {"Name": 1}
    linked.settle()
    assert linked.row("Product2", key)["Name"] == "A new name"


def test_without_repair_there_is_a_report_only(linked):
    key = first(linked, "Contact")
    silently(linked, "Contact", key, MobilePhone="+44 7700 900123")
    row = reconcile(linked, repair=False)
    assert found(row, "Contact")["drifted"] == 1
    assert not linked.changes(origin="reconciliation")
    assert row.message.endswith("1 differ.")


def test_a_record_of_billing_that_salesforce_lacks_is_created_there(linked):
    store = linked.billing.billing
    account = first(linked, "Account")
    made = store.create("customers", {"surname": "New", "forename": "Ann"}, source="person")
    store.create("account_customers", {"account_number": account, "customer_number": made["number"]}, source="person")
    row = reconcile(linked)
    assert found(row, "Contact")["only_in_billing"] == 1
    linked.settle()
    assert linked.row("Contact", made["number"])["LastName"] == "New"


def test_a_prospect_is_counted_and_is_no_drift(linked):
    linked.person.create("Account", {"Name": "Some prospect"})
    linked.bus_events()
    row = reconcile(linked)
    assert found(row, "Account") == {"equal": len(linked.rows("Account")), "prospects": 1}


def test_an_unknown_number_in_salesforce_is_put_before_a_person(linked):
    linked.person.create("Account", {"Name": "Typed by hand", EXT: "A-TYPED"})
    row = reconcile(linked)
    assert found(row, "Account")["only_in_salesforce"] == 1
    linked.settle()
    assert [parked.record for parked in linked.parked()] == ["A-TYPED"]


def test_what_is_parked_already_is_counted_but_not_handed_over_again(linked):
    linked.person.create("Account", {"Name": "Typed by hand", EXT: "A-TYPED"})
    reconcile(linked)
    linked.settle()
    row = reconcile(linked)
    assert found(row, "Account")["only_in_salesforce"] == 1
    assert "handed" not in found(row, "Account")


def test_an_external_id_that_was_cleared_is_restored(linked):
    key = first(linked, "Contact")
    silently(linked, "Contact", key, **{EXT: None})
    row = reconcile(linked)
    assert found(row, "Contact")["fields"] == {EXT: 1}
    linked.settle()
    assert key in linked.rows("Contact")


def test_a_link_that_points_nowhere_is_taken_away(linked):
    links = linked.door.links(linked.instance)
    links.create(instance=linked.instance, entity="Asset", billing_key="GONE", salesforce_id="02i000000000000AAA")
    row = reconcile(linked)
    assert found(row, "Asset")["dangling_links"] == 1
    linked.settle()
    assert not linked.door.rows(Link).filter(billing_key="GONE").exists()


def test_records_that_agree_but_are_not_linked_are_linked(linked):
    key = first(linked, "Contact")
    linked.door.links(linked.instance).filter(entity="Contact", billing_key=key).delete()
    row = reconcile(linked)
    assert found(row, "Contact")["unlinked"] == 1
    linked.settle()
    assert linked.door.links(linked.instance).filter(entity="Contact", billing_key=key).exists()


def test_a_refused_record_of_billing_is_counted_with_its_reason(linked):
    key = first(linked, "Contact")
    linked.edit_billing("customers", key, email="x" * 70 + "@example.com")
    row = reconcile(linked)
    assert found(row, "Contact") == {
        "equal": len(linked.rows("Contact")) - 1, "refused": 1, "reasons": {"STRING_TOO_LONG": 1},
    }  # fmt: skip


def test_a_change_that_is_still_under_way_is_no_drift(linked):
    linked.edit_salesforce("Contact", first(linked, "Contact"), MobilePhone="+44 7700 900123")
    linked.hear_salesforce()
    row = reconcile(linked)
    assert found(row, "Contact") == {"equal": len(linked.rows("Contact")) - 1, "under_way": 1}
    assert not linked.changes(origin="reconciliation")


def test_a_record_that_changes_while_it_is_compared_is_no_drift(linked, monkeypatch):
    key = first(linked, "Contact")
    look = compare.judge
    linked.edit_billing("customers", key, mobile="+44 7700 900001")
    silently(linked, "Contact", key, MobilePhone="+44 7700 900002")

    def delivered_meanwhile(*args):
        linked.edit_billing("customers", key, mobile="+44 7700 900002")
        return look(*args)

    monkeypatch.setattr(compare, "judge", delivered_meanwhile)
    row = reconcile(linked)
    assert found(row, "Contact") == {"equal": len(linked.rows("Contact"))}


def test_numbers_that_are_dialled_alike_are_equal_and_cost_no_second_look(linked, monkeypatch):
    key = first(linked, "Contact")
    silently(linked, "Contact", key, MobilePhone="+44 7700-900-123")
    linked.edit_billing("customers", key, mobile="+44 (7700) 900123")
    monkeypatch.setattr(compare, "judge", None)
    row = reconcile(linked)
    assert found(row, "Contact") == {"equal": len(linked.rows("Contact"))}


def test_a_finished_reconciliation_closes_the_gap_it_began_after(linked):
    gap = datetime.now(UTC) - timedelta(hours=1)
    live = linked.door.rows(Live).filter(instance=linked.instance)
    live.update(gap_since=gap, gap_reason="replay id lost")
    problem = raise_problem(linked.door, "events lost", "Events were lost", instance_id=linked.instance.pk)
    row = reconcile(linked)
    found_live = live.get()
    assert (found_live.gap_since, found_live.gap_reason) == (None, "")
    assert found_live.reconciled_at == row.started_at
    problem.refresh_from_db()
    assert problem.state == "solved"
    tags = linked.door.activities.filter(subject=f"reconciliation {row.number}").values_list("tag", flat=True)
    assert set(tags) == {"reconcile:started", "reconcile:finished"}


def test_a_gap_that_was_found_meanwhile_stays(linked):
    live = linked.door.rows(Live).filter(instance=linked.instance)
    row = steps.register(linked.door, linked.instance.pk, "gap", "schedule", repair=True)
    for name in steps.begin(linked.site, row.pk):
        steps.compare(linked.site, row.pk, name, 0.0)
    linked.door.activities.create(
        tag="live:gap", actor="listener", instance=linked.instance, at=datetime.now(UTC) + timedelta(seconds=1)
    )
    live.update(gap_since=datetime.now(UTC) - timedelta(hours=1))
    steps.finish(linked.site, row.pk)
    assert live.get().gap_since is not None


def test_an_entity_that_was_compared_already_is_not_compared_again(linked):
    key = first(linked, "Contact")
    silently(linked, "Contact", key, MobilePhone="+44 7700 900123")
    row = steps.register(linked.door, linked.instance.pk, "on demand", "Ada", repair=True)
    steps.begin(linked.site, row.pk)
    once = steps.compare(linked.site, row.pk, "Contact", 0.0)
    linked.settle()
    assert steps.compare(linked.site, row.pk, "Contact", 0.0) == once
    assert once["drifted"] == 1


@pytest.mark.parametrize("where", ["before a reconciliation's commit", "after a reconciliation's commit"])
def test_a_reconciliation_that_dies_at_its_commit_counts_and_hands_over_once(linked, where):
    silently(linked, "Contact", first(linked, "Contact"), MobilePhone="+44 7700 900123")
    row = steps.register(linked.door, linked.instance.pk, "on demand", "Ada", repair=True)
    steps.begin(linked.site, row.pk)

    def die(name):
        if name == where:
            raise KeyboardInterrupt

    with watched(die), pytest.raises(KeyboardInterrupt):
        steps.compare(linked.site, row.pk, "Contact", 0.0)
    counts = steps.compare(linked.site, row.pk, "Contact", 0.0)
    assert (counts["drifted"], counts["handed"]) == (1, 1)
    assert len(linked.changes(origin="reconciliation")) == 1


def test_one_reconciliation_at_a_time(linked):
    steps.register(linked.door, linked.instance.pk, "on demand", "Ada", repair=True)
    with pytest.raises(steps.ReconciliationActive, match="wait for it"):
        steps.register(linked.door, linked.instance.pk, "nightly", "schedule", repair=True)


def test_a_failed_reconciliation_says_why_and_makes_room_for_the_next(linked):
    row = steps.register(linked.door, linked.instance.pk, "on demand", "Ada", repair=True)
    stopped = {"code": "API_DISABLED", "message": "The API is off.", "mend": "Switch it on."}
    steps.fail(linked.site, row.pk, "Contact", stopped)
    row.refresh_from_db()
    assert row.message == "The reconciliation has failed at Contact: The API is off. Switch it on."
    (problem,) = linked.door.problems.filter(kind="reconciliation failed")
    assert problem.mend == "Switch it on."
    assert reconcile(linked).number == row.number + 1
    problem.refresh_from_db()
    assert problem.state == "solved"
