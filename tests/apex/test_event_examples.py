"""The examples of the page on events: Apex that compiles, keeps the rules and is formatted, and a flow of its type."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .test_compile import CLASSES, issues
from .test_examples import META, UNTOLD
from .test_metadata_types import compiled, declarations
from .test_rules import rules, violations

__all__ = ["rules"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "examples" / "events"
APEX = sorted([*FOLDER.glob("*.cls"), *FOLDER.glob("*.trigger")])
FLOW = FOLDER / "Gentrack_Customer_Leaving.flow-meta.xml"
TRIGGERS = CLASSES.replace("classes", "triggers")


@pytest.fixture
def project(sfdx, tmp_path):
    """The package with the examples."""
    made = tmp_path / "project"
    shutil.copytree(sfdx, made)
    for each in APEX:
        folder, kind = (CLASSES, "ApexClass") if each.suffix == ".cls" else (TRIGGERS, "ApexTrigger")
        shutil.copy(each, made / folder)
        (made / folder / f"{each.name}-meta.xml").write_text(META.replace("ApexClass", kind), encoding="utf-8")
    return made


def test_the_examples_compile_without_an_error_or_a_warning(tools, project):
    assert [each.name for each in APEX] == [
        "GentrackEventTrigger.trigger", "GentrackLeavingCustomer.cls", "GentrackLeavingCustomerTest.cls",
    ]  # fmt: skip
    assert issues(tools, project) == (0, "")


def test_a_field_that_the_event_has_not_is_found(tools, project):
    path = project / CLASSES / "GentrackLeavingCustomerTest.cls"
    path.write_text(path.read_text(encoding="utf-8").replace("Event_Id__c =", "Event_Ident__c ="), encoding="utf-8")
    code, said = issues(tools, project)
    assert code != 0
    assert "Event_Ident__c" in said


def test_the_examples_keep_the_rules(tools, rules, tmp_path):
    found = violations(tools, tmp_path, rules, APEX)
    places = [(each["rule"], each["codeLocation"]["file"], each["codeLocation"]["startLine"]) for each in found]
    assert [each for each in places if each[0] not in UNTOLD] == []


def test_the_examples_are_formatted(tools, project):
    (project / "node_modules").symlink_to(tools.modules)
    files = [f"{CLASSES if each.suffix == '.cls' else TRIGGERS}/{each.name}" for each in APEX]
    done = tools.node(tools.modules / "prettier/bin/prettier.cjs", "--check", *files, cwd=project)
    if "apex-ast-serializer" in done.stderr and "ENOENT" in done.stderr:
        pytest.skip("NOT RUN: the formatter of Apex is not built for this kind of machine")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_flow_has_the_members_and_values_of_its_type(tools, tmp_path):
    text = FLOW.read_text(encoding="utf-8")
    done = compiled(tools, tmp_path, "".join(declarations({FLOW.name: text})))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_flow_started_by_what_starts_no_flow_is_found(tools, tmp_path):
    text = FLOW.read_text(encoding="utf-8").replace(">PlatformEvent<", ">Platform<")
    assert compiled(tools, tmp_path, "".join(declarations({FLOW.name: text}))).returncode != 0


def test_the_page_shows_every_example():
    page = (DOCS / "events-in-salesforce.md").read_text(encoding="utf-8")
    for each in (*APEX, FLOW):
        assert f"examples/events/{each.name}" in page
