from __future__ import annotations

from itertools import islice

import pytest

from salesbridge.sandbox.salesforce.ids import checksum, counter_of, normal_id, sequence


@pytest.mark.parametrize(
    ("short", "long"),
    [("0017e00001W4GYR", "0017e00001W4GYRAA3"), ("0037e00001WZ30q", "0037e00001WZ30qAAD")],
)
def test_the_three_check_characters_are_those_of_recorded_ids(short, long):
    assert short + checksum(short) == long
    assert normal_id(short) == normal_id(long) == long


@pytest.mark.parametrize("value", ["", "001", "0017e00001W4GY-", "0017e00001W4GYRAA", 7, None])
def test_what_is_no_id_has_no_normal_form(value):
    assert normal_id(value) is None


@pytest.mark.parametrize("start", [1, 62**3 - 2, 62**5])
def test_a_sequence_ascends_with_right_checksums_and_can_be_taken_up_again(start):
    made = list(islice(sequence("001", start), 5))
    assert made == sorted(made, key=counter_of)
    assert [normal_id(id_[:15]) for id_ in made] == made
    assert counter_of(made[-1]) == start + 4
    assert next(sequence("001", counter_of(made[0]) + 1)) == made[1]
