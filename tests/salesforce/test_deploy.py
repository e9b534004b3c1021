from __future__ import annotations

import httpx2
import pytest

from salesbridge.salesforce import SalesforceError, deploy


def result(**members: object) -> httpx2.Response:
    return httpx2.Response(200, json={"id": "0Af1", "deployResult": {"id": "0Af1", **members}})


def test_a_package_is_posted_in_two_parts_that_salesforce_knows(salesforce, wire):
    wire.answers = [httpx2.Response(201, json={"id": "0Af1", "deployResult": {"status": "Pending", "done": False}})]
    deploy_id = deploy.deploy(salesforce, b"PK-zip", check_only=True)
    sent = wire.requests[0]

    assert deploy_id == "0Af1"
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="json"' in sent.content
    assert b'"checkOnly":true,"rollbackOnError":true' in sent.content
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
    tests = {"failures": {"name": "TriggerTest", "methodName": "sends", "message": "Assertion failed"}}
    details = {"componentFailures": [failure], "runTestResult": tests}
    wire.answers = [
        result(status="InProgress", done=False),
        result(status="Failed", done=True, success=False, details=details),
    ]
    done = deploy.wait(salesforce, "0Af1", poll=0.001)

    assert (done.status, done.done, done.success) == ("Failed", True, False)
    assert [(f.component, f.type, f.line) for f in done.findings] == [
        ("GentrackCallout", "ApexClass", 3),
        ("TriggerTest.sends", "ApexTest", None),
    ]
    assert dict(wire.requests[0].url.params) == {"includeDetails": "true"}


def test_a_deployment_can_be_cancelled(salesforce, wire):
    wire.answers = [httpx2.Response(202, json={"id": "0Af1", "deployResult": {"status": "Canceling", "done": False}})]

    assert deploy.cancel(salesforce, "0Af1").status == "Canceling"
