"""The load order: parents first, the table's own order otherwise."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model import TABLE, CyclicTableError, Entity, Parent, Table, load_order, named_parents


def entity(name, *parents, initial=True):
    references = tuple(Parent(f"{parent}Id", parent, parent, "key") for parent in parents)
    return Entity(name, name.lower(), ("key",), name, (), references, initial=initial)


@st.composite
def acyclic(draw):
    """Tables whose parents point to lower numbers only, and the same in an arbitrary order."""
    size = draw(st.integers(1, 8))
    made = []
    for at in range(size):
        above = draw(st.lists(st.integers(0, at - 1), unique=True, max_size=3)) if at else []
        made.append(entity(f"E{at}", *(f"E{parent}" for parent in above), initial=draw(st.booleans())))
    return Table(tuple(made)), Table(tuple(draw(st.permutations(made))))


@given(acyclic())
def test_every_parent_stands_before_its_children(tables):
    _, shuffled = tables
    ordered = [each.name for each in load_order(shuffled)]
    assert sorted(ordered) == sorted(shuffled.by_name)
    for each in shuffled.entities:
        for parent in each.parents:
            assert ordered.index(parent.entity) < ordered.index(each.name)


@given(acyclic())
def test_a_table_in_a_good_order_keeps_it(tables):
    sorted_table, shuffled = tables
    assert load_order(sorted_table) == list(sorted_table.entities)
    again = Table(tuple(load_order(shuffled)))
    assert load_order(again) == list(again.entities)


@given(acyclic())
def test_the_initial_order_is_the_whole_order_without_the_others(tables):
    _, shuffled = tables
    assert load_order(shuffled, initial=True) == [each for each in load_order(shuffled) if each.initial]


def test_in_an_initial_load_nothing_stands_right_behind_its_parent():
    ordered = load_order(TABLE, initial=True)
    assert all(one.name not in named_parents(other) for one, other in itertools.pairwise(ordered))


@given(st.integers(2, 5), st.data())
def test_a_circle_is_refused_with_the_names_in_it(size, data):
    circle = [entity(f"E{at}", f"E{(at + 1) % size}") for at in range(size)]
    outside = [entity("Free"), entity("Below", "E0")]
    table = Table(tuple(data.draw(st.permutations(circle + outside))))
    with pytest.raises(CyclicTableError) as refusal:
        load_order(table)
    assert all(each.name in str(refusal.value) for each in circle)
    assert "Free" not in str(refusal.value)


def test_a_record_may_be_the_parent_of_its_own_kind():
    assert [each.name for each in load_order(Table((entity("Account", "Account"),)))] == ["Account"]


def test_a_parent_outside_of_the_table_is_taken_to_be_there():
    assert [each.name for each in load_order(Table((entity("Asset", "Site"),)))] == ["Asset"]


def test_the_model_itself_is_written_in_its_load_order():
    assert load_order(TABLE) == list(TABLE.entities)
