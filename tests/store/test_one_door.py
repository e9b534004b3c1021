from __future__ import annotations

import ast
from pathlib import Path

import pytest

import salesbridge
from salesbridge.store import models

SOURCE = Path(salesbridge.__file__).parent
MANAGERS = {"_default_manager", "_base_manager", "default_manager", "base_manager"}
TABLES = {name for name in models.__all__ if hasattr(getattr(models, name), "_meta")}


def outside_the_store():
    inside = {SOURCE / "store", SOURCE / "sandbox"}
    return [path for path in SOURCE.rglob("*.py") if not inside & set(path.parents)]


def ways_around(source):
    """Lines of a module that reach rows of ours other than through the door."""
    tree = ast.parse(source)
    return [node.lineno for node in ast.walk(tree) if _goes_around(node)]


def _goes_around(node):
    match node:
        case ast.Attribute(attr="objects", value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
            return owner in TABLES
        case ast.Attribute(attr=attr) if attr in MANAGERS:
            return True
        case ast.Call(func=ast.Name(id="QuerySet" | "Rows") | ast.Attribute(attr="QuerySet" | "Rows")):
            return True
        case ast.ImportFrom(module="salesbridge.store.rows"):
            return True
    return False


def test_no_module_outside_the_store_goes_around_the_door():
    found = {str(path.relative_to(SOURCE)): ways_around(path.read_text()) for path in outside_the_store()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "Run.objects.all()",
        "models.Link.objects.filter(pk=1)",
        "Tenant._base_manager.get(pk=1)",
        "row._meta.default_manager",
        "QuerySet(Run).all()",
        "from salesbridge.store.rows import Rows",
    ],
)
def test_the_scan_finds_every_way_around(line):
    assert ways_around(line) == [1]


@pytest.mark.parametrize("line", ["door.runs.all()", "plan.objects", "Door(tenant_id).links(instance)"])
def test_the_scan_leaves_honest_lines_alone(line):
    assert ways_around(line) == []
