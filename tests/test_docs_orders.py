"""The page on orders says what the tables of the program say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesbridge.billing.order_refusals import REFUSALS
from salesbridge.engine.live.options import OPTIONS
from salesbridge.sync.life import diagram
from salesbridge.sync.sale_life import SALE, TURNS

PAGE = (Path(__file__).parents[1] / "docs" / "orders.md").read_text(encoding="utf-8")


def test_the_life_cycle_is_drawn_as_it_is():
    assert f"```mermaid\n{diagram(SALE)}\n```" in PAGE


@pytest.mark.parametrize("state", SALE)
def test_each_state_names_who_is_to_act_and_for_how_long(state):
    (row,) = re.findall(rf"^\| {state} \| (.+?) \| (\w+) \| (.+?) \|$", PAGE, re.MULTILINE)
    within = TURNS[state].within
    days = "no limit" if within is None else f"{within.days} day{'s' * (within.days > 1)}"
    assert row[1:] == (TURNS[state].owner, days if within is None or within.days else "15 minutes")


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_is_told_in_the_words_that_the_record_has(code):
    reason, mend = REFUSALS[code]
    assert f"| `{code}` | {reason} | {mend} |" in PAGE


def test_the_settings_are_those_of_the_instance():
    _, _, section = PAGE.partition("## Settings of an instance")
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {"orders_from_quotes", "placed_status"}
    assert {"orders_from_quotes", "placed_status"} <= OPTIONS.keys()
