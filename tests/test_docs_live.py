"""The page on ongoing synchronisation says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesbridge.engine.live.book import ASKED, REFUSED
from salesbridge.engine.live.deliver import DOWN
from salesbridge.engine.live.hooks import NO_KEY
from salesbridge.engine.live.listen import DEAF, LOST
from salesbridge.engine.live.problems import OF_RECORDS
from salesbridge.engine.surface.outbox import UNPUBLISHED, UNSURFACED
from salesbridge.store.models import Change
from salesbridge.sync.decision import SENTENCES
from salesbridge.sync.life import INSTANCE, diagram
from salesbridge.sync.merge import Rule

PAGE = (Path(__file__).parents[1] / "docs" / "live.md").read_text(encoding="utf-8")


def rows(heading):
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| ([^|]+?) \| (.+?) \|$", table, flags=re.MULTILINE)[1:])


def test_the_life_cycle_is_the_transition_table():
    assert f"```mermaid\n{diagram(INSTANCE)}\n```" in PAGE


def test_every_reason_is_told_in_the_words_of_the_program():
    assert rows("Cause") == {f"`{reason.name}`": sentence for reason, sentence in SENTENCES.items()}


def test_every_rule_is_on_the_page():
    assert set(rows("Rule")) == {f"`{rule.value}`" for rule in Rule}


def test_every_outcome_is_on_the_page():
    assert set(rows("Outcome")) == {f"`{outcome.value}`" for outcome in Change.Outcome}


@pytest.mark.parametrize("kind", [DOWN, DEAF, LOST, NO_KEY, UNSURFACED, UNPUBLISHED])
def test_every_kind_of_problem_that_is_not_of_one_record_says_what_to_do(kind):
    assert kind in rows("Problem")
    assert kind not in OF_RECORDS
    assert OF_RECORDS == (REFUSED, ASKED)
