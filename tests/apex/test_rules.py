"""The package's Apex keeps the rules of PMD and of Salesforce's security review, and is formatted."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
PMD = "com.salesforce.sfca.pmdwrapper.PmdWrapper"
RULESET = (
    '<ruleset name="All" xmlns="http://pmd.sourceforge.net/ruleset/2.0.0"><description>All</description>{}</ruleset>'
)
REVIEW = "sfca/rulesets/AppExchange_apex.xml"
#: Rules that the package does not follow, and why.
LEFT_OUT = {
    "ApexUnitTestClassShouldHaveRunAs": "tests work in system mode: in a fresh org nobody sees the new fields yet",
    "QueueableWithoutFinalizer": "the next failure, or the hourly schedule, tries again whatever became of a job",
}


@pytest.fixture(scope="module")
def rules(tools, tmp_path_factory):
    """Every rule there is for Apex."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rulesets.txt").write_text(REVIEW, encoding="utf-8")
    done = tools.java(PMD, "describe", str(folder / "rules.json"), str(folder / "rulesets.txt"), "apex")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "rules.json").read_text(encoding="utf-8"))


def violations(tools, folder, rules, files):
    references = "".join(f'<rule ref="{rule["ruleSetFile"]}/{rule["name"]}"/>' for rule in rules)
    (folder / "ruleset.xml").write_text(RULESET.format(references), encoding="utf-8")
    data = {"apex": {"filesToScan": [str(file) for file in files]}}
    run = {"ruleSetInputFile": str(folder / "ruleset.xml"), "runDataPerLanguage": data}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    done = tools.java(PMD, "run", str(folder / "run.json"), str(folder / "found.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    assert found["processingErrors"] == []
    return found["violations"]


def test_no_rule_of_pmd_or_of_the_security_review_is_broken(tools, rules, sfdx, tmp_path):
    assert len(rules) > 80
    assert {rule["name"] for rule in rules} > set(LEFT_OUT)
    files = [*sfdx.rglob("*.cls"), *sfdx.rglob("*.trigger")]
    assert len(files) == 22
    found = violations(tools, tmp_path, rules, files)
    left = [each for each in found if each["rule"] not in LEFT_OUT]
    assert left == []


def test_a_query_in_a_loop_is_found(tools, rules, tmp_path):
    bad = tmp_path / "Bad.cls"
    bad.write_text(
        "public class Bad { void run() { for (Account a : Trigger.new) { insert new Contact(); } } }", encoding="utf-8"
    )
    broken = {each["rule"] for each in violations(tools, tmp_path, rules, [bad])}
    assert {"OperationWithLimitsInLoop", "ApexCRUDViolation", "ApexSharingViolations"} <= broken


def test_it_is_formatted_as_prettier_does_by_the_project_s_own_settings(tools, sfdx, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(sfdx, project)
    (project / "node_modules").symlink_to(tools.modules)
    done = tools.node(
        tools.modules / "prettier/bin/prettier.cjs", "--check", "force-app/**/*.{cls,trigger}", cwd=project
    )
    if "apex-ast-serializer" in done.stderr and "ENOENT" in done.stderr:
        pytest.skip("NOT RUN: the formatter of Apex is not built for this kind of machine")
    assert done.returncode == 0, done.stdout + done.stderr
