"""Folding: several changes of a record are answered together, and every change gets exactly one outcome."""

from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model import Side
from salesbridge.sync.change import Change
from salesbridge.sync.fold import fold


def change(number, record="a"):
    return Change(Side.BILLING, "Account", record, by=f"change {number}")


@st.composite
def journals(draw):
    """Changes of a few records as a journal hands them out: in any order, some of them twice."""
    records = draw(st.lists(st.sampled_from("abc"), max_size=12))
    numbers = draw(st.lists(st.integers(1, 99), unique=True, min_size=len(records), max_size=len(records)))
    entries = [(record, number, change(number, record)) for record, number in zip(records, numbers, strict=True)]
    again = draw(st.lists(st.sampled_from(entries), max_size=4)) if entries else []
    return entries, draw(st.permutations(entries + again))


@given(journals())
def test_every_change_gets_exactly_one_outcome(journal):
    entries, handed_out = journal
    folded = fold(handed_out)
    outcomes = [number for each in folded.values() for number in (each.last, *each.superseded)]
    assert sorted(outcomes) == sorted(number for _, number, _ in entries)


@given(journals())
def test_the_changes_of_a_record_stand_in_the_order_of_the_journal_each_once(journal):
    entries, handed_out = journal
    for record, each in fold(handed_out).items():
        own = {number: said for of, number, said in entries if of == record}
        assert each.numbers == tuple(sorted(own))
        assert each.changes == tuple(own[number] for number in each.numbers)
        assert each.last == max(own)


@given(journals())
def test_the_order_of_hand_out_and_repeats_change_nothing(journal):
    entries, handed_out = journal
    assert list(fold(handed_out).items()) == list(fold(entries).items())


@given(journals())
def test_records_stand_where_their_first_change_stands(journal):
    _, handed_out = journal
    firsts = [each.numbers[0] for each in fold(handed_out).values()]
    assert firsts == sorted(firsts)


def test_the_last_change_bears_the_outcome_and_supersedes_the_others():
    (folded,) = fold([("a", 3, change(3)), ("a", 1, change(1)), ("a", 2, change(2))]).values()
    assert (folded.last, folded.superseded) == (3, (1, 2))
    assert [each.by for each in folded.changes] == ["change 1", "change 2", "change 3"]
    assert fold([]) == {}


def test_of_two_changes_with_one_number_the_first_is_kept():
    (folded,) = fold([("a", 1, change(1)), ("a", 1, change(2))]).values()
    assert [each.by for each in folded.changes] == ["change 1"]
