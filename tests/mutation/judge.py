"""Runs tests against a mutant, in a process of its own that already knows everything but our code."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mutate import Mutant

PROJECT = Path(__file__).parents[2]
#: Seconds that a mutant may take; one that takes longer hangs, which a person would notice.
LIMIT = 180.0


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the mutant in place of its module."""

    def __init__(self, module: str, path: Path, mutant: Mutant) -> None:
        self.module, self.path, self.mutant = module, path, mutant

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002 - the protocol's
        """The mutant's specification."""
        return importlib.util.spec_from_loader(name, self, origin=str(self.path)) if name == self.module else None

    def exec_module(self, module) -> None:
        """Run the mutated code."""
        exec(compile(self.mutant.tree, str(self.path), "exec"), module.__dict__)  # noqa: S102 - that is the point


def start(module: str, path: Path, mutant: Mutant, tests: Sequence[str]) -> int:
    """Start the tests of a mutant; the process id."""
    return _start(tests, _Mutated(module, path, mutant))


def start_unchanged(tests: Sequence[str]) -> int:
    """Start the tests of the code as it is; the process id."""
    return _start(tests)


def _start(tests: Sequence[str], *finders: _Mutated) -> int:
    child = os.fork()
    if child:
        return child
    code = 2
    try:
        with Path(os.devnull).open("w") as silence:
            os.dup2(silence.fileno(), 1)
            os.dup2(silence.fileno(), 2)
        sys.meta_path[:0] = finders
        if any(finder.module in sys.modules for finder in finders):
            for name in [name for name in sys.modules if name.startswith("salesbridge")]:
                del sys.modules[name]
        code = run_tests(tests)
    finally:
        os._exit(code)


def run_tests(tests: Sequence[str]) -> int:
    """Run some test files in this process; pytest's exit code."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import hypothesis  # noqa: PLC0415 - so that the starter stays light
    import pytest  # noqa: PLC0415 - as above

    hypothesis.settings.register_profile(
        "mutation",
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=40,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutation")
    configuration = Path(__file__).with_name("pytest.ini")
    options = ["-x", "-q", "--assert=plain", "-pno:cacheprovider", f"-c{configuration}", f"--rootdir={PROJECT}"]
    return int(pytest.main([*options, *tests]))


def outcome(child: int, started: float, codes: dict[int, int]) -> str | None:
    """What became of a mutant: killed, survived, hangs; None while its tests run."""
    if child in codes:
        return "survived" if codes[child] == 0 else "killed"
    if time.monotonic() - started > LIMIT:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "hangs"
    return None


def collect(children: Sequence[int]) -> dict[int, int]:
    """Exit codes of the processes that have ended."""
    codes = {}
    for child in children:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            codes[child] = os.waitstatus_to_exitcode(status)
    return codes
