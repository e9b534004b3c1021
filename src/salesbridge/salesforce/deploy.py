"""Deployment of a metadata package by the Metadata API's REST resource."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote as percent

import orjson

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from salesbridge.salesforce.rest import Salesforce

# Metadata API Developer Guide, "deployRequest"; 39 MB is the limit of the compressed archive.
MAX_ZIP_BYTES: Final = 39_000_000

TestLevel = Literal["NoTestRun", "RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg"]


@dataclass(frozen=True, slots=True)
class ComponentFinding:
    """What is wrong with one component, or one failed Apex test.

    Attributes:
        component: Full name.
        type: Metadata type; ``ApexTest`` for a failed test.
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
        findings: What is wrong, component by component.
        message: Why the deployment as a whole failed.
    """

    id: str
    status: str
    done: bool
    success: bool
    total: int = 0
    deployed: int = 0
    findings: tuple[ComponentFinding, ...] = ()
    message: str | None = None


def deploy(
    salesforce: Salesforce,
    zip_bytes: bytes,
    *,
    check_only: bool = False,
    test_level: TestLevel | None = None,
    run_tests: tuple[str, ...] = (),
) -> str:
    """Starts a deployment of a package archive and gives its id; any error rolls everything back.

    Args:
        salesforce: The org; its user needs *Modify Metadata Through Metadata API Functions*.
        zip_bytes: Archive with ``package.xml`` at its root or in one folder.
        check_only: Only validate.
        test_level: Which Apex tests run; None leaves it to the org's kind.
        run_tests: Test classes, for ``RunSpecifiedTests``.
    """
    if len(zip_bytes) > MAX_ZIP_BYTES:
        raise SalesforceError(
            f"The package has {len(zip_bytes)} bytes; Salesforce takes {MAX_ZIP_BYTES}.",
            kind="permanent",
            code="PACKAGE_TOO_LARGE",
            mend="Split the package.",
        )
    options: dict[str, Any] = {"checkOnly": check_only, "rollbackOnError": True, "singlePackage": True}
    if test_level:
        options |= {"testLevel": test_level, "runTests": list(run_tests)}
    fields = orjson.dumps({"deployOptions": options})

    @contextlib.contextmanager
    def body() -> Iterator[Mapping[str, Any]]:
        yield {
            "files": {
                "json": (None, fields, "application/json"),
                "file": ("deploy.zip", zip_bytes, "application/zip"),
            }
        }

    return str(salesforce.json(Call("POST", _path(salesforce), "deploy", body=body))["id"])


def status(salesforce: Salesforce, deploy_id: str) -> Deployment:
    """Asks how far a deployment is, with every finding so far."""
    call = Call(
        "GET", f"{_path(salesforce)}/{percent(deploy_id, safe='')}", "deploy", params={"includeDetails": "true"}
    )
    return _deployment(salesforce.json(call))


def cancel(salesforce: Salesforce, deploy_id: str) -> Deployment:
    """Asks Salesforce to stop a deployment that is not yet finalising."""
    body = orjson.dumps({"deployResult": {"status": "Canceling"}})
    path = f"{_path(salesforce)}/{percent(deploy_id, safe='')}"
    headers = {"Content-Type": "application/json"}
    return _deployment(salesforce.json(Call("PATCH", path, "deploy", headers=headers, content=body)))


def wait(
    salesforce: Salesforce,
    deploy_id: str,
    *,
    poll: float = 5.0,
    on_progress: Callable[[Deployment], None] | None = None,
) -> Deployment:
    """Waits until a deployment is done.

    Args:
        salesforce: The org.
        deploy_id: The deployment.
        poll: Longest pause between two polls in seconds; the first pauses are shorter.
        on_progress: Called after every poll.
    """
    pause = poll / 8
    while True:
        deployment = status(salesforce, deploy_id)
        if on_progress:
            on_progress(deployment)
        if deployment.done:
            return deployment
        time.sleep(pause)
        pause = min(poll, pause * 2)


def _path(salesforce: Salesforce) -> str:
    return f"{salesforce.base_path}/metadata/deployRequest"


def _deployment(body: Mapping[str, Any]) -> Deployment:
    result: Mapping[str, Any] = body.get("deployResult") or {}
    details: Mapping[str, Any] = result.get("details") or {}
    return Deployment(
        id=str(body.get("id") or result.get("id")),
        status=str(result.get("status")),
        done=bool(result.get("done")),
        success=bool(result.get("success")),
        total=int(result.get("numberComponentsTotal") or 0),
        deployed=int(result.get("numberComponentsDeployed") or 0),
        findings=(*_failures(details), *_failed_tests(details)),
        message=result.get("errorMessage"),
    )


def _failures(details: Mapping[str, Any]) -> Iterator[ComponentFinding]:
    for failure in _list(details.get("componentFailures")):
        yield ComponentFinding(
            component=str(failure.get("fullName") or ""),
            type=str(failure.get("componentType") or ""),
            file=str(failure.get("fileName") or ""),
            problem=str(failure.get("problem") or ""),
            severity=str(failure.get("problemType") or "Error"),
            line=int(failure["lineNumber"]) if failure.get("lineNumber") else None,
        )


def _failed_tests(details: Mapping[str, Any]) -> Iterator[ComponentFinding]:
    for failure in _list((details.get("runTestResult") or {}).get("failures")):
        yield ComponentFinding(
            component=f"{failure.get('name')}.{failure.get('methodName')}",
            type="ApexTest",
            file="",
            problem=str(failure.get("message") or ""),
            severity="Error",
        )


def _list(value: Any) -> list[Mapping[str, Any]]:
    """Reads a member that is a list, or a single object where there is but one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
