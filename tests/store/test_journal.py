from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from salesbridge.store.journal import raise_problem, record
from salesbridge.store.models import OutsideTheDoor


def test_an_activity_says_who_did_what_and_when(door, instance):
    record(door, "run:started", actor="Ada", subject="run 7", instance_id=instance.pk, detail={"why": "asked"})
    activity = door.activities.get()
    assert (activity.tag, activity.actor, activity.subject) == ("run:started", "Ada", "run 7")
    assert (activity.instance_id, activity.detail) == (instance.pk, {"why": "asked"})
    assert activity.at.tzinfo is not None


def test_a_tag_without_subject_and_action_is_refused(door):
    with pytest.raises(IntegrityError, match="activity_tag"), transaction.atomic():
        record(door, "something happened", actor="Ada")


def test_an_activity_is_neither_saved_again_nor_deleted(door):
    activity = record(door, "run:started", actor="Ada")
    activity.actor = "Eve"
    with pytest.raises(OutsideTheDoor, match="written once"):
        activity.save()
    with pytest.raises(OutsideTheDoor, match="written once"):
        door.activities.get().delete()


@pytest.mark.parametrize("statement", ["UPDATE store_activity SET actor = 'Eve'", "DELETE FROM store_activity"])
def test_the_database_refuses_to_rewrite_history(door, statement):
    record(door, "run:started", actor="Ada")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert door.activities.get().actor == "Ada"


def test_a_query_set_cannot_rewrite_history_either(door):
    record(door, "run:started", actor="Ada")
    for act in (lambda: door.activities.update(actor="Eve"), door.activities.all().delete):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            act()


def test_history_outlives_its_instance(door, instance):
    record(door, "instance:deleted", actor="Ada", instance_id=instance.pk)
    instance_id = instance.pk
    instance.delete()
    assert door.activities.get().instance_id == instance_id


def test_an_activity_cannot_speak_of_another_tenants_instance(instance, new_door):
    with pytest.raises(OutsideTheDoor, match="not this tenant's"):
        record(new_door(), "run:started", actor="Ada", instance_id=instance.pk)


def test_the_same_problem_again_is_counted_up(door, instance):
    for cause in ("first", "second"):
        problem = raise_problem(
            door, "record_refused", "Name is missing", instance_id=instance.pk, entity="Account", key="A1",
            cause=cause, mend="Fill it in.",
        )  # fmt: skip
    assert (problem.count, problem.cause, door.problems.count()) == (2, "second", 1)
    assert problem.first_at <= problem.last_at


def test_a_solved_problem_that_comes_back_is_a_new_one(door):
    problem = raise_problem(door, "no_access", "The org refuses us")
    problem.state = "solved"
    problem.save()
    assert raise_problem(door, "no_access", "The org refuses us").pk != problem.pk


def test_problems_of_different_records_stand_apart(door):
    keys = [raise_problem(door, "record_refused", "Bad", entity="Account", key=key).key for key in ("A1", "A2")]
    assert keys == ["A1", "A2"]
    assert door.problems.count() == 2
