"""The package's Apex compiles: apex-ls checks types, methods, objects and what queries give.

It looks at fields in constructors only; those in queries and in the mapping are looked up in a simulated org, in
tests/package/test_deployed.py.
"""

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
    "a field of the event": ("GentrackChange", "Object_Type__c =", "Object_Typ__c ="),
    "a field of the log": ("GentrackCallout", "Attempts__c =", "Tries__c ="),
    "the object of a query": ("GentrackRetry", "FROM Gentrack_Publish_Failure__c", "FROM Account"),
    "a method": ("TriggerHandler", "GentrackCallout.publish", "GentrackCallout.publishAll"),
    "a type": ("GentrackMapping", "return FIELDS.containsKey", "return 1 + FIELDS.containsKey"),
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
