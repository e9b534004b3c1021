"""The data model's page is the table, in words."""

import subprocess
import sys
from pathlib import Path

from salesbridge.model import EXTERNAL_ID, TABLE, columns, merge
from salesbridge.model.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"


def test_the_committed_page_is_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == page(TABLE), (
        "run: python -m salesbridge.model.reference > docs/data-model.md"
    )


def test_the_command_writes_the_page():
    command = [sys.executable, "-m", "salesbridge.model.reference"]
    written = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert written == page(TABLE)


def test_every_column_and_lookup_of_every_entity_is_one_row():
    sections = page(TABLE).split("\n## ")[1:]
    for entity, section in zip(TABLE.entities, sections, strict=True):
        rows = [line.split(" | ")[0].strip("| `") for line in section.splitlines() if line.startswith("| `")]
        lookups = [*(parent.field for parent in entity.parents), *(name for name, _ in entity.facts)]
        assert rows == [EXTERNAL_ID, *lookups, *(column.name for column in columns(entity))]


def test_the_page_of_a_tenant_tells_its_own_masters():
    own = merge(TABLE, {"Account": {"fields": {"Phone": {"master": "billing", "label": "a|b"}}}})
    (row,) = (line for line in page(own).split("\n## ")[1].splitlines() if line.startswith("| `Phone`"))
    assert row == (
        "| `Phone` | a&#124;b | `primary_customer_phone` | billing | phone, 40 | published, of the primary customer |"
    )
