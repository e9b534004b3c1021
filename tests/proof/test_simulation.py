"""Plays from a seed: whatever people, networks and misfortune do, everything ends well, and the same way twice (L2)."""

import os

import pytest
from scenario import ending, people
from simulation import simulate
from steps import CALM, NAMED

pytestmark = pytest.mark.django_db
SEEDS = int(os.environ.get("SALESBRIDGE_PROOF_SEEDS", "5"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_everything_ends_well(stage, seed):
    played = simulate(stage, seed)
    assert played.violations == [], "\n".join([str(played), *played.trace])


def test_the_same_seed_makes_the_same_play_to_the_last_write(stage):
    first, second = simulate(stage, 4), simulate(stage, 4)
    assert second.trace == first.trace
    assert second.hash == first.hash
    assert simulate(stage, 5, steps=5).hash != simulate(stage, 6, steps=5).hash


def test_deletes_that_take_links_away_leave_everything_else_well(stage):
    played = simulate(stage, 7, unlink=True)
    assert played.violations == [], "\n".join([str(played), *played.trace])


def test_the_order_and_number_of_deliveries_changes_nothing(stage):
    """I5 and I6: the same people, three networks."""
    ends = []
    for network in ("straight", "turned and repeated", "one by one, last letters first"):
        with stage.play(seed=11) as play:
            people(play)
            NETWORKS[network](play)
            play.drain()
            ends.append(ending(play))
    assert ends[1] == ends[0]
    assert ends[2] == ends[0]


def straight(play):
    play.hear_salesforce()
    play.hear_billing()
    play.deliver()


def turned_and_repeated(play):
    play.hear_salesforce(2)
    play.hear_salesforce(repeat=5, turned=True)
    play.fetch()
    for _ in range(2):
        play.hear_billing(range(len(play.letters) - 1, -1, -1), repeat=True)
    play.deliver(limit=2)
    play.poll()
    play.deliver()


def one_by_one(play):
    play.fetch()
    while play.letters:
        play.hear_billing([len(play.letters) - 1])
        play.deliver(limit=1)
    while play.waiting:
        play.hear_salesforce(1)
        play.deliver(limit=1)


NETWORKS = {
    "straight": straight,
    "turned and repeated": turned_and_repeated,
    "one by one, last letters first": one_by_one,
}


def test_every_step_is_told_by_its_name():
    assert len(NAMED) >= 20
    assert {step for _, step in CALM} <= set(NAMED.values())
