"""The self-assessment in docs/security.md names tests that exist, and leaves out no chapter."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    there = {
        name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    assert len(named) > 60
    assert sorted(named - there) == []


def test_every_chapter_is_assessed():
    assert [int(number) for number in re.findall(r"^### V(\d+) ", TEXT, re.MULTILINE)] == list(range(1, 18))


def test_a_row_without_a_test_says_how():
    rows = re.findall(r"^\| (\d+\.\d+\.\d+[^|]*)\| ([^|]*)\|", TEXT, re.MULTILINE)
    assert len(rows) > 60
    assert [numbers for numbers, how in rows if len(how.strip()) < 10] == []
