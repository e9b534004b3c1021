"""The benchmark measures loads that really happen: both sides bring the same records into the org."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.__main__ import OURS, PEER, measure
from bench.arrived import ACTIVATED
from bench.peer_rows import PLAN

pytestmark = pytest.mark.slow
_ABOUT = 600


@pytest.fixture(scope="module")
def measured():
    return {side: measure(side, _ABOUT) for side in (OURS, PEER)}


@pytest.mark.parametrize("side", [OURS, PEER])
def test_what_a_side_read_and_was_not_refused_stands_in_the_org(measured, side):
    told = measured[side]
    stands = {name: count for name, count in told["arrived"].items() if name != ACTIVATED}

    assert sum(stands.values()) == told["records"] - told["refused"]
    assert all(stands[name] > 0 for name, _, _ in PLAN)
    assert 0 < told["arrived"][ACTIVATED] <= stands["Contract"]


def test_both_sides_do_the_same_work(measured):
    ours, peer = measured[OURS], measured[PEER]

    assert ours["records"] == peer["records"]
    for name, count in peer["arrived"].items():
        assert abs(ours["arrived"][name] - count) <= max(ours["refused"], peer["refused"])


@pytest.mark.parametrize("side", [OURS, PEER])
def test_the_figures_are_of_the_side_alone(measured, side):
    told = measured[side]

    assert 0 < told["cpu_s"] <= told["wall_s"] * 4
    assert 10 < told["peak_mb"] < 1000
    assert told["calls"] > len(PLAN)
