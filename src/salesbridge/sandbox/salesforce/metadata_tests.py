"""The Apex tests of a deployment: which run, whether they are there, and what they cover; Apex itself is never run.

A test passes unless :class:`~.metadata_store.MetadataSettings` says otherwise. A class counts as covered when a test
that runs names it or leads to it, a trigger when such a test names its object. Sources: Metadata API, *Running Tests
in a Deployment*, *Running a Subset of Tests in a Deployment*, *DeployResult* (RunTestsResult).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.trigger_apex import code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesbridge.sandbox.salesforce.metadata_apex import Apex
    from salesbridge.sandbox.salesforce.metadata_store import MetadataSettings

WANTED = 75
_TEST_CLASS = re.compile(r"@IsTest\b[^{]*?\bclass\b|\btestMethod\b", re.IGNORECASE)
_METHOD = re.compile(r"(?:@IsTest\b(?:\s*\([^)]*\))?\s*(?:\w+\s+)*?|\btestMethod\s+)void\s+(\w+)\s*\(", re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class TestRun:
    """What became of the tests: names of the methods that passed, why others failed, lines by component.

    ``lines`` goes from the name of a class or trigger to how many lines it has and how many of them were not run.
    """

    __test__ = False

    passed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many tests there are."""
        return len(self.passed) + len(self.failed)

    @property
    def good(self) -> bool:
        """Whether nothing stands in the deployment's way."""
        return not self.failed and not self.warnings

    def as_json(self) -> dict[str, Any]:
        """The run as ``RunTestsResult``."""
        empty: list[Any] = []
        return {
            "numTestsRun": self.total,
            "numFailures": len(self.failed),
            "totalTime": float(self.total),
            "successes": [{"name": name, "methodName": method, "time": 1.0} for name, method in self.passed],
            "failures": [_failure(*each) for each in self.failed],
            "codeCoverage": [
                {"name": name, "numLocations": lines, "numLocationsNotCovered": missed}
                for name, (lines, missed) in self.lines.items()
            ],
            "codeCoverageWarnings": [{"name": name or None, "message": message} for name, message in self.warnings],
            "flowCoverage": empty,
            "flowCoverageWarnings": empty,
        }


def _failure(name: str, method: str, message: str) -> dict[str, Any]:
    trace = f"Class.{name}.{method}: line 1, column 1" if method else None
    return {"name": name, "methodName": method or None, "message": message, "stackTrace": trace, "time": 1.0}


def run_tests(
    chosen: Iterable[str] | None,
    classes: Mapping[str, Apex],
    triggers: Mapping[str, Apex],
    settings: MetadataSettings,
    deployed: Iterable[str],
) -> TestRun:
    """Run tests.

    Args:
        chosen: The test classes; None for every one of the org.
        classes: The classes there are after the deployment.
        triggers: The triggers there are after it.
        settings: Which tests fail.
        deployed: The classes and triggers that the deployment brings, whose coverage counts.
    """
    run = TestRun()
    tests = {name: each for name, each in classes.items() if _TEST_CLASS.search(code(each.body))}
    known = {name.casefold(): name for name in tests}
    names = sorted(tests) if chosen is None else [known.get(name.casefold(), name) for name in chosen]
    for name in names:
        if name in tests:
            _run_class(run, tests[name], settings)
        else:
            run.failed.append((name, "", f"The class {name} is not there or has no tests"))
    brought = set(deployed)
    _cover(run, [tests[name] for name in names if name in tests], classes, triggers, brought - tests.keys())
    return run


def _run_class(run: TestRun, test: Apex, settings: MetadataSettings) -> None:
    for method in _METHOD.findall(code(test.body)):
        problem = settings.failing_tests.get(f"{test.name}.{method}")
        if problem is None:
            run.passed.append((test.name, method))
        else:
            run.failed.append((test.name, method, problem))


def _cover(
    run: TestRun, tests: list[Apex], classes: Mapping[str, Apex], triggers: Mapping[str, Apex], brought: set[str]
) -> None:
    named = _reached(tests, classes)
    for each in (*classes.values(), *triggers.values()):
        if each.name in brought:
            covered = (each.table or each.name).casefold() in named
            lines = max(1, code(each.body).count(";"))
            run.lines[each.name] = (lines, 0 if covered else lines)
            if not covered and each.table is not None:
                text = "Test coverage of selected Apex Trigger is 0%, at least 1% test coverage is required"
                run.warnings.append((each.name, text))
    lines, missed = (sum(each[at] for each in run.lines.values()) for at in (0, 1))
    share = 100 * (lines - missed) // lines if lines else 100
    if share < WANTED:
        text = (
            f"Average test coverage across all Apex Classes and Triggers is {share}%, at least {WANTED}% test coverage"
        )
        run.warnings.append(("", f"{text} is required."))


def _reached(tests: list[Apex], classes: Mapping[str, Apex]) -> set[str]:
    """The words of some tests and of every class that they lead to."""
    bodies = {name.casefold(): each.body for name, each in classes.items()}
    words: set[str] = set()
    fresh = [each.body for each in tests]
    while fresh:
        found = {word.casefold() for body in fresh for word in _WORD.findall(code(body))} - words
        words |= found
        fresh = [bodies[word] for word in found if word in bodies]
    return words
