"""The guide's Apex compiles beside the package, keeps the rules, is formatted, and is what the guide shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from salesbridge.edge.openapi import product
from salesbridge.engine.credentials.tokens import Place

from .test_compile import CLASSES, issues
from .test_rules import LEFT_OUT, rules, violations

__all__ = ["rules"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "examples" / "gentrack-apis").glob("*.cls"))
#: Beside what the package leaves out: the guide's text tells what tags of each parameter would.
UNTOLD = {*LEFT_OUT, "ApexDoc"}
META = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata">\n'
    "    <apiVersion>66.0</apiVersion>\n    <status>Active</status>\n</ApexClass>\n"
)


@pytest.fixture
def project(sfdx, tmp_path):
    """The package with the guide's classes."""
    made = tmp_path / "project"
    shutil.copytree(sfdx, made)
    for each in EXAMPLES:
        shutil.copy(each, made / CLASSES)
        (made / CLASSES / f"{each.name}-meta.xml").write_text(META, encoding="utf-8")
    return made


def test_the_examples_compile_without_an_error_or_a_warning(tools, project):
    assert len(EXAMPLES) == 4
    assert issues(tools, project) == (0, "")


def test_a_method_that_is_not_there_is_found(tools, project):
    path = project / CLASSES / "GentrackAccountLookup.cls"
    path.write_text(path.read_text(encoding="utf-8").replace("GentrackApi.account(", "GentrackApi.bill("), "utf-8")
    code, said = issues(tools, project)
    assert code != 0
    assert "GentrackAccountLookup.cls" in said


def test_the_examples_keep_the_rules(tools, rules, tmp_path):
    found = violations(tools, tmp_path, rules, EXAMPLES)
    places = [(each["rule"], each["codeLocation"]["file"], each["codeLocation"]["startLine"]) for each in found]
    assert [each for each in places if each[0] not in UNTOLD] == []


def test_the_examples_are_formatted(tools, project):
    (project / "node_modules").symlink_to(tools.modules)
    files = [f"{CLASSES}/{each.name}" for each in EXAMPLES]
    done = tools.node(tools.modules / "prettier/bin/prettier.cjs", "--check", *files, cwd=project)
    if "apex-ast-serializer" in done.stderr and "ENOENT" in done.stderr:
        pytest.skip("NOT RUN: the formatter of Apex is not built for this kind of machine")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_guide_shows_every_example():
    guide = (DOCS / "gentrack-apis.md").read_text(encoding="utf-8")
    for each in EXAMPLES:
        assert f"examples/gentrack-apis/{each.name}" in guide


def test_the_examples_call_what_the_edge_offers_and_read_what_is_there():
    document = product(Place("https://edge.example", "https://edge.example/api"), "junifer")
    text = "".join(each.read_text(encoding="utf-8") for each in EXAMPLES)
    calls = set(re.findall(r"send\('(\w+)', '(/[\w/]+)/'", text))
    assert calls == {("GET", "/accounts/accountNumber"), ("PUT", "/accounts")}
    for method, path in calls:
        found = [place for place, offered in document["paths"].items() if method.lower() in offered]
        assert [place for place in found if re.fullmatch(path + r"/\{\w+\}", place)]
    read = set(re.findall(r"account\.get\('(\w+)'\)", text))
    assert read == {"id", "tradingName"}
    assert read <= document["components"]["schemas"]["Account"]["properties"].keys()
