from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from salesbridge.store.models import Instance
from salesbridge.store.runs import RunActive, begin_run


def begin(door, instance, **values):
    return begin_run(door, instance.pk, **{"state": "planned", "started_by": "Ada", **values})


def finish(run):
    run.finished_at = timezone.now()
    run.save()
    return run


def test_runs_of_an_instance_are_numbered_from_one(door, instance):
    assert [finish(begin(door, instance)).number for _ in range(3)] == [1, 2, 3]


def test_each_instance_counts_its_own_runs(door, instance):
    other = door.instances.create(name="Other org", login_url="http://127.0.0.1:9")
    assert begin(door, instance).number == begin(door, other).number == 1


def test_a_second_active_run_is_refused_and_names_the_first(door, instance):
    first = begin(door, instance)
    with pytest.raises(RunActive) as refused:
        begin(door, instance)
    assert refused.value.run_id == first.pk


def test_not_even_sql_makes_a_second_active_run(door, instance):
    begin(door, instance)
    with pytest.raises(IntegrityError, match="one_active_run"), transaction.atomic():
        door.runs.create(instance=instance, number=2, state="running", started_by="Ada")


def test_beginning_the_same_run_again_returns_it(door, instance):
    run_id = uuid.uuid4()
    assert begin(door, instance, run_id=run_id) == begin(door, instance, run_id=run_id)
    assert door.runs.count() == 1


def test_a_run_of_another_tenants_instance_is_not_begun(instance, new_door):
    with pytest.raises(Instance.DoesNotExist):
        begin(new_door(), instance)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_begin_at_once_one_wins(new_door):
    door = new_door()
    instance = door.instances.create(name="org", login_url="http://127.0.0.1:9")

    def attempt(_):
        try:
            return begin(door, instance).number
        except RunActive:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(attempt, range(6)))
    assert sorted(numbers, key=bool) == [None] * 5 + [1]
