"""What Salesforce tells of a deployment: how far it is, and what is wrong with which component, test or coverage.

Source: Metadata API Developer Guide, *DeployResult*, *RunTestsResult*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salesbridge.salesforce.deploy_advice import advice

#: Where Apex tells the place of a failed test: ``Class.GentrackAccountTest.tellsOfInserts: line 12, column 1``.
_PLACE = re.compile(r"(?:Class|Trigger)\.(?:\w+\.)*\w+: line (\d+)")


@dataclass(frozen=True, slots=True)
class ComponentFinding:
    """What is wrong with one component, one Apex test, or the coverage.

    Attributes:
        component: Full name; of a test ``Class.method``.
        type: Metadata type; ``ApexTest`` for a failed test, ``CodeCoverage`` for a warning about coverage.
        file: Path within the package.
        problem: What Salesforce says.
        severity: ``Error`` or ``Warning``.
        line: Line within the file, if known.
    """

    component: str
    type: str
    file: str
    problem: str
    severity: str
    line: int | None = None

    @property
    def mend(self) -> str:
        """What a person does about it; empty where Salesforce's own words have to do."""
        return advice(self.type, self.problem)


@dataclass(frozen=True, slots=True)
class Deployment:
    """How far a deployment is.

    Attributes:
        id: 18 characters, ``0Af...``.
        status: Pending, InProgress, FinalizingDeploy, Succeeded, SucceededPartial, Failed, Canceling, Canceled.
        done: Whether the status is final.
        success: Whether everything was deployed (or would be, when only checked).
        total: Components in the package.
        deployed: Components done.
        tests_total: Apex tests to run; 0 when none runs.
        tests_done: Apex tests that have run.
        coverage: Share of the lines of the classes and triggers that the tests ran through, in percent; None when no
            test ran.
        findings: What is wrong, component by component.
        message: Why the deployment as a whole failed.
    """

    id: str
    status: str
    done: bool
    success: bool
    total: int = 0
    deployed: int = 0
    tests_total: int = 0
    tests_done: int = 0
    coverage: float | None = None
    findings: tuple[ComponentFinding, ...] = ()
    message: str | None = None

    @property
    def cancelled(self) -> bool:
        """Whether somebody stopped it before anything changed."""
        return self.status == "Canceled"

    @property
    def errors(self) -> tuple[ComponentFinding, ...]:
        """The findings that fail it."""
        return tuple(finding for finding in self.findings if finding.severity == "Error")


def deployment(body: Mapping[str, Any]) -> Deployment:
    """Reads the answer of the deploy resources."""
    result: Mapping[str, Any] = body.get("deployResult") or {}
    details: Mapping[str, Any] = result.get("details") or {}
    tests: Mapping[str, Any] = details.get("runTestResult") or {}
    return Deployment(
        id=str(body.get("id") or result.get("id")),
        status=str(result.get("status")),
        done=bool(result.get("done")),
        success=bool(result.get("success")),
        total=int(result.get("numberComponentsTotal") or 0),
        deployed=int(result.get("numberComponentsDeployed") or 0),
        tests_total=int(result.get("numberTestsTotal") or 0),
        tests_done=_tests_done(result),
        coverage=_coverage(tests),
        findings=(*_components(details), *_failed_tests(tests), *_lacking_coverage(tests)),
        message=result.get("errorMessage"),
    )


def _components(details: Mapping[str, Any]) -> Iterator[ComponentFinding]:
    for message in (*_list(details.get("componentFailures")), *_list(details.get("componentSuccesses"))):
        if message.get("problem"):
            yield ComponentFinding(
                component=str(message.get("fullName") or ""),
                type=str(message.get("componentType") or ""),
                file=str(message.get("fileName") or ""),
                problem=str(message["problem"]),
                severity=str(message.get("problemType") or "Error"),
                line=int(message["lineNumber"]) if message.get("lineNumber") else None,
            )


def _failed_tests(tests: Mapping[str, Any]) -> Iterator[ComponentFinding]:
    for failure in _list(tests.get("failures")):
        place = _PLACE.search(str(failure.get("stackTrace") or ""))
        yield ComponentFinding(
            component=".".join(str(failure[name]) for name in ("name", "methodName") if failure.get(name)),
            type="ApexTest",
            file=f"classes/{failure.get('name')}.cls",
            problem=str(failure.get("message") or ""),
            severity="Error",
            line=int(place.group(1)) if place else None,
        )


def _lacking_coverage(tests: Mapping[str, Any]) -> Iterator[ComponentFinding]:
    for warning in _list(tests.get("codeCoverageWarnings")):
        name = str(warning.get("name") or "")
        yield ComponentFinding(name, "CodeCoverage", "", str(warning.get("message") or ""), "Warning")


def _tests_done(result: Mapping[str, Any]) -> int:
    """Tests that passed and tests that failed; Salesforce counts them apart."""
    return sum(int(result.get(name) or 0) for name in ("numberTestsCompleted", "numberTestErrors"))


def _coverage(tests: Mapping[str, Any]) -> float | None:
    found = _list(tests.get("codeCoverage"))
    lines = sum(int(each.get("numLocations") or 0) for each in found)
    missed = sum(int(each.get("numLocationsNotCovered") or 0) for each in found)
    return 100 * (lines - missed) / lines if lines else None


def _list(value: Any) -> list[Mapping[str, Any]]:
    """Reads a member that is a list, or a single object where there is but one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
