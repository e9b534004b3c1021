from __future__ import annotations

import httpx2
import pytest

from salesbridge.salesforce import SalesforceError, deploy, deploy_result


def result(**members: object) -> httpx2.Response:
    return httpx2.Response(200, json={"id": "0Af1", "deployResult": {"id": "0Af1", **members}})


def test_a_package_is_posted_in_two_parts_that_salesforce_knows(salesforce, wire):
    wire.answers = [httpx2.Response(201, json={"id": "0Af1", "deployResult": {"status": "Pending", "done": False}})]
    deploy_id = deploy.deploy(salesforce, b"PK-zip", deploy.Options(check_only=True))
    sent = wire.requests[0]

    assert deploy_id == "0Af1"
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="json"' in sent.content
    assert b'"checkOnly":true,"rollbackOnError":true' in sent.content
    assert b"testLevel" not in sent.content
    assert b"runTests" not in sent.content
    assert b'name="file"; filename="deploy.zip"' in sent.content
    assert b"PK-zip" in sent.content


def test_a_package_that_is_too_large_is_not_sent(salesforce, wire, monkeypatch):
    monkeypatch.setattr(deploy, "MAX_ZIP_BYTES", 3)
    with pytest.raises(SalesforceError, match="takes 3"):
        deploy.deploy(salesforce, b"1234")

    assert wire.requests == []


def test_component_failures_and_failed_tests_become_findings(salesforce, wire):
    failure = {
        "fullName": "GentrackCallout",
        "componentType": "ApexClass",
        "fileName": "classes/GentrackCallout.cls",
        "problem": "Variable does not exist: x",
        "problemType": "Error",
        "lineNumber": 3,
    }
    warning = {"fullName": "Nope", "componentType": "ApexClass", "problem": "No ApexClass", "problemType": "Warning"}
    trace = "Class.TriggerTest.sends: line 12, column 1\nTrigger.AccountTrigger: line 2, column 1"
    failed = {"name": "TriggerTest", "methodName": "sends", "message": "Assertion failed", "stackTrace": trace}
    lacking = {"name": "GentrackCallout", "message": "Test coverage of selected class is 10%"}
    covered = [{"name": "A", "numLocations": 30, "numLocationsNotCovered": 10}, {"name": "B", "numLocations": 10}]
    tests = {"failures": failed, "codeCoverage": covered, "codeCoverageWarnings": [lacking]}
    details = {"componentFailures": [failure], "componentSuccesses": [warning, {"fullName": "Good"}]}
    details["runTestResult"] = tests
    wire.answers = [
        result(status="InProgress", done=False),
        result(
            status="Failed", done=True, numberTestsTotal=3, numberTestsCompleted=1, numberTestErrors=1, details=details
        ),
    ]
    done = deploy.wait(salesforce, "0Af1", poll=0.001)

    assert (done.status, done.done, done.success) == ("Failed", True, False)
    assert [(f.component, f.type, f.severity, f.line) for f in done.findings] == [
        ("GentrackCallout", "ApexClass", "Error", 3),
        ("Nope", "ApexClass", "Warning", None),
        ("TriggerTest.sends", "ApexTest", "Error", 12),
        ("GentrackCallout", "CodeCoverage", "Warning", None),
    ]
    assert (done.tests_total, done.tests_done, done.coverage) == (3, 2, 75.0)
    assert [f.component for f in done.errors] == ["GentrackCallout", "TriggerTest.sends"]
    assert dict(wire.requests[0].url.params) == {"includeDetails": "true"}


def test_a_deployment_can_be_cancelled(salesforce, wire):
    wire.answers = [httpx2.Response(202, json={"id": "0Af1", "deployResult": {"status": "Canceling", "done": False}})]

    assert deploy.cancel(salesforce, "0Af1").status == "Canceling"


def test_the_named_tests_and_the_ignored_warnings_are_told_to_salesforce(salesforce, wire):
    wire.answers = [httpx2.Response(201, json={"id": "0Af1"})]
    options = deploy.Options(test_level="RunSpecifiedTests", run_tests=("ATest", "BTest"), ignore_warnings=True)
    deploy.deploy(salesforce, b"PK-zip", options)

    sent = wire.requests[0].content
    assert b'"testLevel":"RunSpecifiedTests","runTests":["ATest","BTest"]' in sent
    assert b'"ignoreWarnings":true' in sent


@pytest.mark.parametrize(
    ("kind", "problem", "mend"),
    [
        ("CustomField", "In field: field - no CustomObject named Quote found", "Quote Settings"),
        ("PermissionSet", "In field: field - no CustomObject named AccountContactRelation found", "multiple accounts"),
        ("ApexTrigger", "Invalid type: Order", "Enable Orders"),
        ("CustomField", "The maximum number of external ID fields (25) has been reached", "external id"),
        ("CustomField", "This custom field is referenced elsewhere in salesforce.com. : Apex Class - X.", "reference"),
        ("ApexClass", "This schedulable class has jobs pending or in progress", "Scheduled Jobs"),
        ("ApexTest", "System.DmlException: FIELD_CUSTOM_VALIDATION_EXCEPTION", "validation rule"),
        ("ApexTest", "System.AssertException", "Apex Test Execution"),
        ("CodeCoverage", "Average test coverage is 10%", "--run-tests"),
        ("ApexClass", "Something nobody has seen", ""),
    ],
)
def test_a_known_problem_comes_with_what_to_do(kind, problem, mend):
    found = deploy_result.ComponentFinding("X", kind, "", problem, "Error").mend
    assert mend in found
    assert bool(found) is bool(mend)
