"""One deployment: its options, its progress and its result. Source: Metadata API, *DeployResult*, *DeployOptions*."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_tests import TestRun
from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesbridge.sandbox.salesforce.metadata_outcome import Outcome

DONE = frozenset({"Succeeded", "SucceededPartial", "Failed", "Canceled"})
TEST_LEVELS = ("NoTestRun", "RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg", "RunRelevantTests")
_FLAGS = (
    "allowMissingFiles",
    "autoUpdatePackage",
    "checkOnly",
    "ignoreWarnings",
    "performRetrieve",
    "purgeOnDelete",
    "rollbackOnError",
    "runAllTests",
    "singlePackage",
)


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The options of one deployment; ``flags`` holds every boolean one."""

    flags: Mapping[str, bool]
    test_level: str | None = None
    run_tests: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> bool:
        return self.flags[name]

    def as_json(self) -> dict[str, Any]:
        """The options as responses repeat them."""
        return dict(self.flags) | {"testLevel": self.test_level, "runTests": list(self.run_tests) or None}


def deploy_options(found: object, *, production: bool) -> DeployOptions:
    """Read ``deployOptions``.

    Raises:
        ApiError: An unknown option, a value of another type, or what a production org refuses.
    """
    if not isinstance(found, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "deployOptions must be a JSON object")
    for name, value in found.items():
        _check(name, value)
    flags = {name: bool(found.get(name)) for name in _FLAGS}
    level = found.get("testLevel")
    if production and (not flags["rollbackOnError"] or level == "NoTestRun"):
        problem = "A production org needs rollbackOnError true and a testLevel other than NoTestRun"
        raise ApiError(400, "INVALID_OPERATION", problem)
    if bool(found.get("runTests")) != (level == "RunSpecifiedTests"):
        raise ApiError(400, "INVALID_OPERATION", "runTests and the testLevel RunSpecifiedTests need each other")
    return DeployOptions(flags, level, tuple(found.get("runTests") or ()))


def _check(name: str, value: object) -> None:
    if name == "testLevel":
        good = value is None or value in TEST_LEVELS
    elif name == "runTests":
        good = value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value))
    elif name in _FLAGS:
        good = isinstance(value, bool)
    else:
        raise ApiError(400, "JSON_PARSER_ERROR", f'Unrecognized field "{name}" in deployOptions')
    if not good:
        raise ApiError(400, "JSON_PARSER_ERROR", f'Cannot deserialize value of "{name}": {value!r}')


@dataclass(slots=True, eq=False)
class Deployment:
    """One deployment. ``lock`` guards its status; ``cancel`` is set when it shall not go on."""

    id: str
    options: DeployOptions
    zip: bytes = field(repr=False)
    created_by: str
    created_by_name: str
    created: dt.datetime
    status: str = "Pending"
    started: dt.datetime | None = None
    completed: dt.datetime | None = None
    modified: dt.datetime = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    total: int = 0
    detail: str | None = None
    error: tuple[str, str] | None = None
    tests: TestRun = field(default_factory=TestRun)
    canceled_by: tuple[str, str] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    cancel: threading.Event = field(default_factory=threading.Event, repr=False)
    finished: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    def move(self, status: str, at: dt.datetime) -> None:
        """Enter a status."""
        with self.lock:
            self.status, self.modified = status, at
            if status in DONE:
                self.completed, self.detail = at, None
                self.finished.set()

    @property
    def failures(self) -> list[Outcome]:
        """The components that could not be deployed; warnings count unless they are to be ignored."""
        return [each for each in self.outcomes if not self.good(each)]

    def good(self, outcome: Outcome) -> bool:
        """Whether the component was deployed (DeployOptions, *ignoreWarnings*)."""
        problem = outcome.problem
        return problem is None or (problem.warning and self.options["ignoreWarnings"])

    def as_json(self, url: str, *, details: bool = False) -> dict[str, Any]:
        """The answer of the deploy resources."""
        result = self._result()
        if details:
            result["details"] = self._details()
        return {"id": self.id, "url": url, "deployOptions": self.options.as_json(), "deployResult": result}

    def _result(self) -> dict[str, Any]:
        failed = len(self.failures)
        tested = self.options.test_level not in (None, "NoTestRun") or bool(self.tests.total)
        code, message = self.error or (None, None)
        by, by_name = self.canceled_by or (None, None)
        return {
            "id": self.id,
            "status": self.status,
            "done": self.status in DONE,
            "success": self.status in ("Succeeded", "SucceededPartial"),
            "checkOnly": self.options["checkOnly"],
            "ignoreWarnings": self.options["ignoreWarnings"],
            "rollbackOnError": self.options["rollbackOnError"],
            "runTestsEnabled": tested,
            "numberComponentsTotal": max(self.total, len(self.outcomes)),
            "numberComponentsDeployed": len(self.outcomes) - failed,
            "numberComponentErrors": failed,
            "numberTestsTotal": self.tests.total,
            "numberTestsCompleted": len(self.tests.passed),
            "numberTestErrors": len(self.tests.failed),
            "numFiles": 0,
            "zipSize": len(self.zip),
            "createdDate": _wire(self.created),
            "startDate": _wire(self.started),
            "lastModifiedDate": _wire(self.modified),
            "completedDate": _wire(self.completed),
            "errorStatusCode": code,
            "errorMessage": message,
            "stateDetail": self.detail,
            "createdBy": self.created_by,
            "createdByName": self.created_by_name,
            "canceledBy": by,
            "canceledByName": by_name,
        }

    def _details(self) -> dict[str, Any]:
        """Failures at any time; successes once the deployment is over (DeployResult, *DeployDetails*)."""
        over = self.status in DONE
        good = [each for each in self.outcomes if self.good(each)] if over else []
        return {
            "componentFailures": [self._message(each) for each in self.failures],
            "componentSuccesses": [self._message(each) for each in good],
            "retrieveResult": None,
            "runTestResult": self.tests.as_json(),
        }

    def _message(self, outcome: Outcome) -> dict[str, Any]:
        problem, good = outcome.problem, self.good(outcome)
        return {
            "componentType": outcome.type,
            "fullName": outcome.name,
            "fileName": outcome.path,
            "id": self.ids.get((outcome.type, outcome.name)),
            "success": good,
            "created": outcome.created and good,
            "changed": outcome.changed and good,
            "deleted": outcome.deleted and good,
            "createdDate": _wire(self.modified),
            "problem": problem.text if problem else None,
            "problemType": ("Warning" if problem.warning else "Error") if problem else None,
            "lineNumber": problem.line or None if problem else None,
            "columnNumber": problem.column or None if problem else None,
        }


def _wire(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if moment else None
