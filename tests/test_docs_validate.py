"""The page on validation lists every finding, placeholder and option of the program."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from salesbridge.engine.pinning import ANOTHER
from salesbridge.model.check_codes import KINDS
from salesbridge.model.context import PLACEHOLDERS

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "validate.md").read_text(encoding="utf-8")


def test_the_table_of_findings_is_the_generated_one():
    spec = importlib.util.spec_from_file_location("docs_findings", DOCS / "_tools" / "findings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.table() in PAGE, "run: python docs/_tools/findings.py, and put the table into docs/validate.md"


def test_every_finding_is_on_the_page():
    assert set(re.findall(r"^\| `([a-z-]+)` \| (?:error|warning|note) \|", PAGE, flags=re.MULTILINE)) == set(KINDS)


def test_every_placeholder_is_on_the_page():
    table = PAGE.partition("| Placeholder | Stands for |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `\{(\w+)\}` \| .+ \|$", table, flags=re.MULTILINE) == list(PLACEHOLDERS)


def test_the_problem_of_another_org_is_on_the_page_of_live_problems():
    assert f"| {ANOTHER} |" in (DOCS / "live.md").read_text(encoding="utf-8")
