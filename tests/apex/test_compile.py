"""The package's Apex compiles: apex-ls checks types, SOQL and fields against Salesforce's own objects and ours."""

from __future__ import annotations

import shutil

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
CHECK = "io.github.apexdevtools.apexls.CheckForIssues"
CLASSES = "force-app/main/default/classes"


def issues(tools, project):
    done = tools.java(CHECK, "-n", "-d", "warnings", "-w", str(project))
    return done.returncode, done.stdout + done.stderr


def test_the_package_compiles_without_an_error_or_a_warning(tools, sfdx):
    assert issues(tools, sfdx) == (0, "")


PLANTED = {
    "a field that the package does not bring": ("GentrackMapping", "Account.Trading_Name__c", "Account.Trade_Name__c"),
    "a field of the event": ("GentrackChange", "Object_Type__c =", "Object_Typ__c ="),
    "a column of a query": ("GentrackRetry", "SELECT Id, Operation_Type__c", "SELECT Id, Operation__c"),
    "a type": ("GentrackCallout", "List<String> problems", "Map<String, String> problems"),
}


def test_what_would_not_compile_is_found(tools, sfdx, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(sfdx, project)
    for name, right, wrong in PLANTED.values():
        path = project / CLASSES / f"{name}.cls"
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong), encoding="utf-8")
    code, said = issues(tools, project)
    assert code != 0
    for name, _, _ in PLANTED.values():
        assert f"{name}.cls" in said, said
