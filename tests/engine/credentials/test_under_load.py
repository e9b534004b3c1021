"""A rotation at 200 callouts a second: none fails, however the org treats the token that it holds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.credentials.__main__ import RATE, measure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("load")]


def test_no_callout_fails_while_the_secret_is_exchanged():
    rows = measure(RATE)
    assert [(row["keep"], row["single"]) for row in rows] == [
        (False, True), (False, False), (True, True), (True, False)
    ]  # fmt: skip
    for row in rows:
        assert row["state"] == "done", row
        assert (row["failed"], row["byStatus"].keys() - {"200"}, row["byException"]) == (0, set(), {}), row["failures"]
        assert row["answered"] > RATE, row
        assert row["tokens"] >= 1, row
