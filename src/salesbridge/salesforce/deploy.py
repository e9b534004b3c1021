"""Deployment of a metadata package by the Metadata API's REST resource."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote as percent

import orjson

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.deploy_result import Deployment, deployment
from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from salesbridge.salesforce.rest import Salesforce

# Metadata API Developer Guide, "deployRequest"; 39 MB is the limit of the compressed archive.
MAX_ZIP_BYTES: Final = 39_000_000

TestLevel = Literal["NoTestRun", "RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a package is deployed (Metadata API Developer Guide, *DeployOptions*); any error rolls everything back.

    Attributes:
        check_only: Only validate; nothing changes.
        test_level: Which Apex tests run; None leaves it to the org's kind.
        run_tests: Test classes, for ``RunSpecifiedTests``.
        ignore_warnings: A warning, such as that a component to delete is not there, does not fail the deployment.
    """

    check_only: bool = False
    test_level: TestLevel | None = None
    run_tests: tuple[str, ...] = ()
    ignore_warnings: bool = False

    def as_json(self) -> dict[str, Any]:
        """The options as Salesforce reads them."""
        told: dict[str, Any] = {
            "checkOnly": self.check_only,
            "rollbackOnError": True,
            "singlePackage": True,
            "ignoreWarnings": self.ignore_warnings,
        }
        if self.test_level:
            told["testLevel"] = self.test_level
        if self.run_tests:
            told["runTests"] = list(self.run_tests)
        return told


def deploy(salesforce: Salesforce, zip_bytes: bytes, options: Options | None = None) -> str:
    """Starts a deployment of a package archive and gives its id.

    Args:
        salesforce: The org; its user needs *Modify Metadata Through Metadata API Functions*.
        zip_bytes: Archive with ``package.xml`` at its root.
        options: How; the whole package, without saying which tests run, when not given.
    """
    if len(zip_bytes) > MAX_ZIP_BYTES:
        raise SalesforceError(
            f"The package has {len(zip_bytes)} bytes; Salesforce takes {MAX_ZIP_BYTES}.",
            kind="permanent",
            code="PACKAGE_TOO_LARGE",
            mend="Split the package.",
        )
    fields = orjson.dumps({"deployOptions": (options or Options()).as_json()})

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
    return deployment(salesforce.json(call))


def cancel(salesforce: Salesforce, deploy_id: str) -> Deployment:
    """Asks Salesforce to stop a deployment that is not yet finalising."""
    body = orjson.dumps({"deployResult": {"status": "Canceling"}})
    path = f"{_path(salesforce)}/{percent(deploy_id, safe='')}"
    headers = {"Content-Type": "application/json"}
    return deployment(salesforce.json(Call("PATCH", path, "deploy", headers=headers, content=body)))


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
        found = status(salesforce, deploy_id)
        if on_progress:
            on_progress(found)
        if found.done:
            return found
        time.sleep(pause)
        pause = min(poll, pause * 2)


def _path(salesforce: Salesforce) -> str:
    return f"{salesforce.base_path}/metadata/deployRequest"
