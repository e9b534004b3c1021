"""Changes: what a side claims, and what a doorbell says if nothing else is said."""

from salesbridge.model import Side
from salesbridge.sync.change import Change, Link, Op, Origin, Seen


def test_a_change_claims_the_columns_whose_values_before_and_after_differ():
    change = Change(
        Side.BILLING,
        "Account",
        "K1",
        before={"A": "1", "B": "1", "C": None, "E": "1"},
        after={"A": "2", "B": "1", "C": "1", "D": "1"},
    )
    assert change.claims == {"A": ("1", "2"), "C": (None, "1")}


def test_a_change_is_a_save_that_an_event_told_and_somebody_else_made_unless_it_says_otherwise():
    change = Change(Side.BILLING, "Account", "K1")
    assert (change.op, change.origin, change.ours, change.at, change.by) == (Op.SAVE, Origin.EVENT, False, None, "")
    assert change.claims == {}


def test_a_record_without_further_news_has_none():
    assert (Seen({}, None).id, Seen({}, None).modified, Seen({}, None).by) == ("", None, "")
    assert Link("K1", "001", {}).restored == {}
