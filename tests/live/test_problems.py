"""Problems that records really run into between two systems, and what a person can do about each."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from salesbridge.engine.live import points, problems
from salesbridge.engine.live.book import ASKED, REFUSED
from salesbridge.engine.live.deliver import DOWN
from salesbridge.engine.live.names import long_id
from salesbridge.engine.live.problem_sides import sides
from salesbridge.engine.live.problems import ProblemError
from salesbridge.engine.live.relink import RelinkRefusedError
from salesbridge.sandbox.salesforce.merge import merge
from salesbridge.store.journal import LIVE, raise_problem
from salesbridge.store.leases import FencedError
from salesbridge.store.models import Change, Live, Parked

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def key(linked):
    return min(linked.rows("Account"))


def delivered(world):
    world.fences["deliver"] = world.take("deliver") or world.fences["deliver"]
    world.hear_salesforce()
    return world.settle()


def the_problem(world, key, entity="Account"):
    return world.door.problems.get(entity=entity, key=key, state__in=LIVE)


def link_of(world, key, entity="Account"):
    return world.door.links(world.instance).filter(entity=entity, billing_key=key).first()


def parked(world, key, entity="Account"):
    return [row for row in world.parked() if (row.entity, row.record) == (entity, key)]


def phone_in_billing(world, key):
    return world.site.billing.read("account", key)["primary_customer_phone"]


@pytest.fixture
def deleted(linked):
    """A contact that a person deleted in Salesforce: its external id and its Salesforce id."""
    key = min(linked.rows("Contact"))
    gone = linked.row("Contact", key)["Id"]
    linked.person.delete("Contact", gone)
    delivered(linked)
    return key, gone


@pytest.fixture
def merged(linked, key):
    """An account that a person merged into one that billing does not know."""

    def into(winner=None):
        made = winner or linked.person.create("Account", {"Name": "Survivor", "Phone": "021 555"})
        org = linked.org.org
        person = org.directory.user_named("admin@sandbox.example")
        merge(org, "Account", long_id(made), [linked.row("Account", key)["Id"]], user=person.id)
        delivered(linked)
        return long_id(made)

    return into


def test_dismissing_a_deletion_unlinks_the_two_and_drops_what_waited(linked, deleted):
    key, gone = deleted
    problem = the_problem(linked, key, "Contact")
    assert problem.cause == "DELETED_IN_SALESFORCE"

    problems.dismiss(linked.door, problem, "Ada")

    assert link_of(linked, key, "Contact") is None
    assert parked(linked, key, "Contact") == []
    assert {change.outcome for change in linked.changes(key=gone, op="delete")} == {"dismissed"}
    problem.refresh_from_db()
    assert problem.state == "dismissed"
    activity = linked.door.activities.get(tag="problem:dismissed")
    assert (activity.actor, activity.subject) == ("Ada", f"Contact {key}")


def test_what_was_dismissed_stays_dismissed_although_a_round_had_taken_it_up(linked, deleted):
    key, gone = deleted
    problem = the_problem(linked, key, "Contact")
    linked.door.rows(Parked).update(next_at=linked.now)

    def meanwhile(point):
        if point == "before the commit":
            problems.dismiss(linked.door, problem, "Ada")

    with points.watched(meanwhile), pytest.raises(FencedError):
        linked.deliver()

    assert parked(linked, key, "Contact") == []
    assert {change.outcome for change in linked.changes(key=gone, op="delete")} == {"dismissed"}


def test_a_retry_solves_nothing_until_the_cause_is_gone(linked, deleted):
    key, _ = deleted
    problem = the_problem(linked, key, "Contact")

    problems.retry(linked.door, problem, "Ada", linked.now)
    (waits,) = parked(linked, key, "Contact")
    assert waits.next_at == linked.now
    assert the_problem(linked, key, "Contact").state == "retrying"
    linked.deliver()

    assert the_problem(linked, key, "Contact").count == 2
    assert len(parked(linked, key, "Contact")) == 1


def test_a_retry_after_the_cause_is_gone_solves_the_problem(linked, deleted):
    key, gone = deleted
    org = linked.org.org
    org.save("undelete", "Contact", [{"Id": gone}], user=org.directory.user_named("admin@sandbox.example").id)
    problem = the_problem(linked, key, "Contact")
    linked.hear_salesforce()
    problems.retry(linked.door, problem, "Ada", linked.now)
    linked.deliver()

    problem.refresh_from_db()
    assert problem.state == "solved"
    assert parked(linked, key, "Contact") == []


def test_a_retry_of_a_merge_links_billings_record_to_the_surviving_one(linked, key, merged):
    survivor = merged()
    problem = the_problem(linked, key)
    assert problem.cause == "MERGED_IN_SALESFORCE"

    problems.retry(linked.door, problem, "Ada", linked.now)
    delivered(linked)

    assert link_of(linked, key).salesforce_id == survivor
    assert linked.row("Account", key)["Id"] == survivor
    assert phone_in_billing(linked, key).endswith("555")
    assert parked(linked, key) == []
    problem.refresh_from_db()
    assert problem.state == "solved"
    assert linked.door.activities.get(tag="problem:retried").detail["linked_to"] == survivor


def test_a_merge_into_a_record_of_another_account_is_not_carried_out(linked, key, merged):
    other = max(linked.rows("Account"))
    merged(linked.row("Account", other)["Id"])

    with pytest.raises(RelinkRefusedError, match=f"belongs to Account {other} already"):
        problems.retry(linked.door, the_problem(linked, key), "Ada", linked.now)
    assert link_of(linked, other).salesforce_id == linked.row("Account", other)["Id"]


def test_dismissing_a_merge_leaves_billings_record_unlinked(linked, key, merged):
    merged()
    problems.dismiss(linked.door, the_problem(linked, key), "Ada")

    assert link_of(linked, key) is None
    assert parked(linked, key) == []


def test_a_retry_looks_at_the_record_even_if_nothing_waits_behind_it(linked, key):
    problem = raise_problem(
        linked.door, REFUSED, "Refused", instance_id=linked.instance.pk, entity="Account", key=key, cause="BAD"
    )
    problems.retry(linked.door, problem, "Ada", linked.now)

    (change,) = linked.changes(origin="person")
    assert (change.key, change.by, change.outcome) == (key, "Ada", None)
    linked.settle()
    assert linked.changes(origin="person")[0].outcome == "unchanged"


def test_both_sides_are_shown_as_they_are_now(linked, key):
    linked.person.update("Account", linked.row("Account", key)["Id"], {"Phone": "021 777"})
    problem = raise_problem(
        linked.door, REFUSED, "Refused", instance_id=linked.instance.pk, entity="Account", key=key, cause="BAD"
    )
    found = sides(linked.door, problem, linked.now)

    assert (found.billing, found.salesforce) == ("there", "there")
    phone = next(held for held in found.fields if held.field == "Phone")
    assert (phone.master, phone.salesforce, phone.rule) == ("salesforce", "021 777", "master changed")
    assert phone.billing == phone.agreed == phone_in_billing(linked, key)


def test_a_record_that_was_merged_is_shown_with_the_one_it_was_merged_into(linked, key, merged):
    survivor = merged()
    found = sides(linked.door, the_problem(linked, key), linked.now)

    assert (found.billing, found.salesforce) == ("there", f"merged into {survivor}")
    assert found.parked.hold == "person"
    assert "merged into another one" in found.now


def test_a_side_that_cannot_be_read_is_told_and_the_rest_is_shown(linked, deleted):
    key, _ = deleted
    linked.billing.service.faults.arm("unavailable", times=None)
    found = sides(linked.door, the_problem(linked, key, "Contact"), linked.now)

    assert found.unread
    assert found.parked is not None


# problems that are not about one record


@pytest.fixture
def held(door, instance):
    door.rows(Live).create(instance=instance, state="live", held_until=NOW + timedelta(hours=1), held_reason="down")
    return raise_problem(door, DOWN, "Nothing can be delivered", instance_id=instance.pk, key="billing", cause="DOWN")


def test_a_retry_ends_the_pause_of_a_side_that_was_down(door, held):
    problems.retry(door, held, "Ada", NOW)

    assert door.rows(Live).get().held_until is None
    held.refresh_from_db()
    assert held.state == "retrying"
    assert door.activities.get(tag="problem:retried").actor == "Ada"


def test_a_problem_of_a_load_says_what_to_do_instead_of_a_retry_and_can_be_dismissed(door, instance):
    problem = raise_problem(door, "load_failed", "It failed", instance_id=instance.pk, mend="Start the load again.")

    with pytest.raises(ProblemError, match="Start the load again"):
        problems.retry(door, problem, "Ada", NOW)
    problems.dismiss(door, problem, "Ada")
    problem.refresh_from_db()
    assert problem.state == "dismissed"


@pytest.mark.parametrize("act", [problems.dismiss, lambda *told: problems.retry(*told, NOW)], ids=["dismiss", "retry"])
def test_a_closed_problem_is_left_alone(door, held, act):
    problems.dismiss(door, held, "Ada")
    held.refresh_from_db()
    with pytest.raises(ProblemError, match="closed"):
        act(door, held, "Ada")


def test_two_problems_of_one_record_are_dismissed_together(door, instance):
    one = {"instance_id": instance.pk, "entity": "Account", "key": "A1"}
    first, second = (raise_problem(door, kind, "Bad", cause="BAD", **one) for kind in (REFUSED, ASKED))
    door.rows(Live).create(instance=instance, state="live")
    problems.dismiss(door, first, "Ada")
    second.refresh_from_db()
    assert second.state == "dismissed"


def test_only_what_waits_is_dismissed_and_only_of_this_record(door, instance):
    door.rows(Live).create(instance=instance, state="live")
    outcomes = {1: ("A1", "parked"), 2: ("A1", "applied"), 3: ("A1", None), 4: ("A2", "parked")}
    for number, (record, outcome) in outcomes.items():
        door.rows(Change).create(
            instance=instance, number=number, side="billing", entity="Account", key=record, record=record, op="save",
            event_id=f"e{number}", origin="event", outcome=outcome,
        )  # fmt: skip
    for record in ("A1", "A2"):
        door.rows(Parked).create(instance=instance, entity="Account", record=record, hold="permanent", code="BAD")
        raise_problem(door, REFUSED, "Bad", instance_id=instance.pk, entity="Account", key=record, cause="BAD")
    link = {"entity": "Account", "billing_key": "A1", "salesforce_id": "001000000000001AAA"}
    door.links(instance).create(instance=instance, **link)

    problems.dismiss(door, door.problems.get(key="A1"), "Ada")

    kept = dict(door.rows(Change).values_list("number", "outcome"))
    assert kept == {1: "dismissed", 2: "applied", 3: None, 4: "parked"}
    assert door.rows(Parked).get().record == "A2"
    assert door.links(instance).exists()


def test_problems_of_one_cause_are_one_line_with_their_count(door, instance):
    for number in range(3):
        raise_problem(
            door, REFUSED, f"Bad {number}", instance_id=instance.pk, entity="Account", key=f"A{number}", cause="BAD",
            mend="Mend it.",
        )  # fmt: skip
    raise_problem(door, "load_failed", "It failed", instance_id=instance.pk, cause="OTHER")

    first, second = problems.grouped(door.problems)
    assert (first.count, first.cause, first.entity, first.mend) == (3, "BAD", "Account", "Mend it.")
    assert (first.instance, first.example) == ("Sales org", "Bad 0")
    assert (second.count, second.cause) == (1, "OTHER")


def test_a_problem_is_found_by_how_its_id_begins(door, instance):
    problem = raise_problem(door, "load_failed", "It failed", instance_id=instance.pk)
    assert problems.find(str(problem.pk)[:6])[1] == problem
    for name in ("", str(uuid.uuid4())):
        with pytest.raises(ProblemError, match="no problem"):
            problems.find(name)


def test_an_id_that_several_problems_share_is_not_guessed(door, instance):
    for number in (1, 2):
        door.problems.create(id=uuid.UUID(f"abcdef00-0000-0000-0000-00000000000{number}"), kind="x", key=str(number))
    with pytest.raises(ProblemError, match="Several"):
        problems.find("ABCDEF")


def test_the_command_line_shows_both_sides_of_a_problem(linked, key, monkeypatch):
    from salesbridge import store  # noqa: PLC0415 - Django is set up first
    from salesbridge.cli import show  # noqa: PLC0415 - as above
    from salesbridge.cli.main import app  # noqa: PLC0415 - as above

    monkeypatch.setattr(store, "setup", lambda: None)
    linked.person.update("Account", linked.row("Account", key)["Id"], {"Phone": "021 777"})
    problem = raise_problem(
        linked.door, REFUSED, "Refused", instance_id=linked.instance.pk, entity="Account", key=key, cause="BAD"
    )
    monkeypatch.setattr(show.out, "width", 240)

    shown = CliRunner().invoke(app, ["problems", "show", str(problem.pk)[:8]]).stdout
    told = json.loads(CliRunner().invoke(app, ["problems", "show", str(problem.pk), "--json"]).stdout)

    assert "is there in billing, there in Salesforce" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("Phone "))
    assert "'021 777'" in row
    assert row.rstrip().endswith("Salesforce is master and has changed it")
    phone = next(held for held in told["record"]["fields"] if held["field"] == "Phone")
    assert phone["salesforce"] == "021 777"
    assert told["record"]["salesforce_id"] == linked.row("Account", key)["Id"]
