"""Problems, stories and conflicts at the command line."""

from __future__ import annotations

import pytest

from salesbridge.engine.live.book import REFUSED
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Change, Conflict, Live, Parked


@pytest.fixture
def sales(new_door):
    door = new_door(name="Retailer")
    instance = door.instances.create(name="sales", login_url="http://127.0.0.1:9")
    door.rows(Live).create(instance=instance, state="live", next_number=10)
    return door, instance


@pytest.fixture
def refused(sales):
    """Two records that were refused for one reason, each with a change behind it."""
    door, instance = sales
    found = []
    for number, key in enumerate(("A1", "A2"), 1):
        door.rows(Change).create(
            instance=instance, number=number, side="billing", entity="Account", key=key, record=key, op="save",
            event_id=f"e{number}", origin="event", outcome="parked", reason="BAD",
        )  # fmt: skip
        door.rows(Parked).create(instance=instance, entity="Account", record=key, hold="permanent", code="BAD")
        one = {"instance_id": instance.pk, "entity": "Account", "key": key, "cause": "BAD", "mend": "Mend [it]."}
        found.append(raise_problem(door, REFUSED, f"Account {key}: no", **one))
    return found


def test_problems_are_listed_by_cause_with_their_count(run, run_json, refused):
    (group,) = run_json("problems", "list")
    assert (group["count"], group["cause"], group["entity"], group["instance"]) == (2, "BAD", "Account", "sales")
    shown = run("problems", "list", "sales")
    assert "Account A1: no" in shown
    assert "Mend [it]." in shown


def test_each_problem_is_listed_with_the_beginning_of_its_id(run, run_json, refused):
    assert {each["id"] for each in run_json("problems", "list", "--each")} == {str(each.pk) for each in refused}
    shown = run("problems", "list", "--each")
    assert all(str(each.pk)[:8] in shown for each in refused)


def test_without_problems_the_list_says_so(run, sales):
    assert run("problems", "list").strip() == "No problems."


def test_closed_problems_are_listed_on_request_only(run_json, refused, sales):
    door, _ = sales
    door.problems.update(state="solved")
    assert run_json("problems", "list") == []
    assert run_json("problems", "list", "--closed")[0]["count"] == 2


def test_one_problem_is_dismissed_by_the_beginning_of_its_id(run_json, refused, sales):
    door, _ = sales
    (told,) = run_json("problems", "dismiss", str(refused[0].pk)[:13])

    assert told["done"] is True
    assert dict(door.problems.values_list("key", "state")) == {"A1": "dismissed", "A2": "open"}
    assert dict(door.rows(Change).values_list("key", "outcome")) == {"A1": "dismissed", "A2": "parked"}
    assert door.activities.get(tag="problem:dismissed").subject == "Account A1"


def test_all_problems_of_a_cause_are_tried_again_together(run_json, refused, sales):
    door, _ = sales
    told = run_json("problems", "retry", "--cause", "BAD", "--instance", "sales")

    assert [each["done"] for each in told] == [True, True]
    assert set(door.problems.values_list("state", flat=True)) == {"retrying"}
    assert door.activities.filter(tag="problem:retried").count() == 2


def test_a_closed_problem_is_told_as_closed_and_the_others_are_seen_to(run, refused, sales):
    door, _ = sales
    run("problems", "dismiss", refused[0].pk)
    shown = run("problems", "dismiss", refused[0].pk, refused[1].pk, code=1)

    assert "it was dismissed" in shown
    assert set(door.problems.values_list("state", flat=True)) == {"dismissed"}


@pytest.mark.parametrize(
    "words",
    [(), ("--cause", "BAD"), ("--instance", "sales"), ("abc", "--cause", "BAD", "--instance", "sales")],
    ids=["nothing", "cause alone", "instance alone", "both ways"],
)
def test_which_problems_are_meant_must_be_said_in_one_way(run, sales, words):
    assert "Say which" in run("problems", "retry", *words, code=2)


def test_a_cause_that_is_not_there_is_wrong_usage(run, refused):
    assert "no problem of cause" in run("problems", "retry", "--cause", "OTHER", "--instance", "sales", code=2)


def test_an_unknown_id_is_wrong_usage(run, sales):
    assert "no problem" in run("problems", "show", "abc", code=2)


def test_a_problem_that_is_not_about_a_record_is_shown_with_what_to_do(run, run_json, sales):
    door, instance = sales
    problem = raise_problem(door, "load_failed", "It failed", instance_id=instance.pk, cause="X", mend="Load again.")

    assert run_json("problems", "show", problem.pk)["record"] is None
    shown = run("problems", "show", problem.pk)
    assert "It failed" in shown
    assert "What to do: Load again." in shown


def test_the_story_of_a_record_is_told_in_time_order(run, run_json, refused, sales):
    door, instance = sales
    lost = {"field": "Phone", "side": "billing", "base": "1", "lost": "2", "won": "3", "both": False, "by": "bob"}
    door.rows(Conflict).create(instance=instance, entity="Account", record="A1", number=1, **lost)
    run("problems", "retry", refused[0].pk)

    (told,) = run_json("activity", "A1")
    assert told["instance"] == "sales"
    assert [entry["what"] for entry in told["entries"]].count("heard") == 1
    assert {"heard", "decided", "waits", "problem", "conflict", "person"} == {e["what"] for e in told["entries"]}
    assert [entry["at"] for entry in told["entries"]] == sorted(entry["at"] for entry in told["entries"])
    shown = run("activity", "Account:A1", "--instance", "sales")
    assert "Saved in billing." in shown
    assert "did not prevail" in shown


def test_a_record_that_nobody_knows_is_told_as_unknown(run, sales):
    assert "Nothing is known of 'A404'" in run("activity", "A404", code=2)


def test_conflicts_are_listed_the_latest_first_and_by_record(run, run_json, sales):
    door, instance = sales
    for number, record in enumerate(("A1", "A2"), 1):
        door.rows(Conflict).create(
            instance=instance, entity="Account", record=record, field="Phone", side="salesforce", number=number,
            lost="new", won=None, both=True,
        )  # fmt: skip

    assert [each["record"] for each in run_json("conflicts", "list")] == ["A2", "A1"]
    assert [each["record"] for each in run_json("conflicts", "list", "--record", "Account:A1")] == ["A1"]
    assert len(run_json("conflicts", "list", "--instance", "sales", "--limit", 1)) == 1
    shown = run("conflicts", "list")
    assert "both sides changed it" in shown
    assert "nothing" in shown


def test_without_conflicts_the_list_says_so(run, sales):
    assert run("conflicts", "list").strip() == "No conflicts."
