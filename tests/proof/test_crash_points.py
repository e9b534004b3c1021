"""A process may die at any point: the story is told once for each, and ends as if nobody had died (L3)."""

import pytest
from scenario import difference, dying_at, told

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
#: The points are shared out among so many tests, which may run side by side.
SHARES = 12


@pytest.fixture(scope="module")
def undisturbed(stage):
    end, passed, wrong, play = told(stage)
    assert wrong == []
    assert play.crashes == 0
    return end, passed


@pytest.mark.parametrize("share", range(SHARES))
def test_a_death_at_any_point_changes_nothing(stage, undisturbed, share):
    end, passed = undisturbed
    died = 0
    for place in range(share, len(passed), SHARES):
        found, _, wrong, play = told(stage, dying_at(place))
        where = f"died at point {place} of {len(passed)}: {passed[place]}"
        assert play.crashes == 1, where
        assert wrong == [], where
        assert difference(end, found) == [], where
        died += 1
    assert died >= len(passed) // SHARES


@pytest.mark.parametrize("side", ["salesforce", "billing"])
def test_a_reply_lost_after_any_write_changes_nothing(stage, undisturbed, side):
    end, _ = undisturbed
    lost = 0
    for place in range(50):
        found, _, wrong, play = told(stage, lambda play, at=place: cut(play, side, at))
        if not fired(play, side):
            break
        lost += 1
        assert wrong == [], f"the reply to write {place} of {side} was lost"
        assert difference(end, found) == [], f"the reply to write {place} of {side} was lost"
    assert lost >= 3


def cut(play, side, at):
    if side == "salesforce":
        play.cut = play.org.faults.arm("cut_after_commit", after=at, times=1, path="composite")
    else:
        play.cut = play.faults.arm("cut", after=at, times=1, when="after", method="PUT")


def fired(play, _side):
    return play.cut.fired
