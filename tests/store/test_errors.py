from __future__ import annotations

import pytest

from salesbridge.store.errors import Cause, Rejected, causes, resolve, write_row_errors
from salesbridge.store.models import Stage
from salesbridge.store.runs import begin_run


@pytest.fixture
def stage(door, instance):
    run = begin_run(door, instance.pk, state="running", started_by="Ada")
    return door.stages.create(run=run, position=0, entity="Account", state="running")


def refused(count, code="REQUIRED_FIELD_MISSING", begin=0):
    return [
        Rejected(f"A{n}", code, f"{code} on A{n}", "Fill in Name.", ("Name",), '{"Name": null}')
        for n in range(begin, begin + count)
    ]


def test_rejected_rows_are_kept_whole(door, stage):
    assert write_row_errors(door, stage.pk, refused(1), wave=2, source="part 1") == 1
    row = door.row_errors.get()
    assert (row.run_id, row.stage_id, row.entity, row.key, row.code) == (
        stage.run_id, stage.pk, "Account", "A0", "REQUIRED_FIELD_MISSING",
    )  # fmt: skip
    assert (row.fields, row.row, row.mend, row.wave) == (["Name"], {"Name": None}, "Fill in Name.", 2)
    assert row.resolved is False


def test_a_step_that_runs_twice_replaces_its_own_rows_only(door, stage):
    write_row_errors(door, stage.pk, refused(3), source="part 1")
    write_row_errors(door, stage.pk, refused(2, begin=3), source="part 2")
    write_row_errors(door, stage.pk, refused(1), source="part 1")
    assert sorted(door.row_errors.values_list("key", flat=True)) == ["A0", "A3", "A4"]


def test_field_names_of_any_text_survive(door, stage):
    names = ("a,b", 'say "x"', "back\\slash", "{}", "NULL", "", "né")
    write_row_errors(door, stage.pk, [Rejected("A1", "BAD", fields=names)])
    assert door.row_errors.get().fields == [*names]


def test_two_refusals_of_one_key_are_both_kept(door, stage):
    twice = [Rejected("A1", "DUPLICATE_KEY"), Rejected("A1", "DUPLICATE_KEY")]
    assert write_row_errors(door, stage.pk, twice) == 2
    assert door.row_errors.count() == 2


def test_causes_are_counted_the_most_frequent_first(door, stage):
    write_row_errors(door, stage.pk, refused(2, "INVALID_EMAIL") + refused(3, "DUPLICATE_VALUE", 10))
    assert causes(door, stage.run_id) == [
        Cause("Account", "DUPLICATE_VALUE", 3, "DUPLICATE_VALUE on A12", "Fill in Name."),
        Cause("Account", "INVALID_EMAIL", 2, "INVALID_EMAIL on A1", "Fill in Name."),
    ]


def test_a_later_wave_resolves_earlier_refusals_of_its_keys(door, stage):
    write_row_errors(door, stage.pk, refused(3))
    assert resolve(door, stage.pk, ["A0", "A2"], before_wave=1) == 2
    assert [cause.count for cause in causes(door, stage.run_id)] == [1]
    assert [cause.count for cause in causes(door, stage.run_id, resolved=True)] == [2]


def test_errors_of_another_tenants_stage_are_not_written(stage, new_door):
    with pytest.raises(Stage.DoesNotExist):
        write_row_errors(new_door(), stage.pk, refused(1))
