"""The one error that says that there is no database, and what to do."""

from __future__ import annotations


class DatabaseUnavailable(RuntimeError):  # noqa: N818 - names the state, as the message does
    """The database cannot be started or reached.

    Attributes:
        message: What is wrong.
        mend: What to do about it.
    """

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(f"{message} {mend}")
        self.message = message
        self.mend = mend


_CAUSES = (
    ("No space left on device", "The disk is full.", "Free some space on the disk of {home} and start again."),
    (
        "Permission denied",
        "PostgreSQL may not read or write its files.",
        "Give {home} to the account that PostgreSQL runs as (see the log), or choose another SALESBRIDGE_DATA_DIR.",
    ),
    (
        "has wrong ownership",
        "PostgreSQL's files belong to another account.",
        "Run as the account that made {home}, or choose another SALESBRIDGE_DATA_DIR.",
    ),
    (
        "has invalid permissions",
        "PostgreSQL's files may be read by other accounts, so it refuses them.",
        "Run: chmod 700 {home}/postgres",
    ),
    (
        "Address already in use",
        "The address of our PostgreSQL is taken by another server.",
        "Stop that server, or choose another SALESBRIDGE_DATA_DIR.",
    ),
    (
        "incompatible with server",
        "PostgreSQL's files were made by another major version.",
        "Dump them with that version, or move {home}/postgres away to begin anew.",
    ),
    (
        "could not create shared memory segment",
        "The system allows too little shared memory.",
        "Allow more (kernel.shmmax, or --shm-size for a container), or set DATABASE_URL.",
    ),
)


def diagnosed(log: str, home: object) -> DatabaseUnavailable:
    """Return the error that tells what PostgreSQL's log complains of, in our words.

    Args:
        log: Last lines of the log or of the command's output.
        home: Folder that holds the files, named in the mend.
    """
    for sign, message, mend in _CAUSES:
        if sign in log:
            return DatabaseUnavailable(f"{message}\n{_tail(log)}\n", mend=mend.format(home=home))
    return DatabaseUnavailable(
        f"Our PostgreSQL cannot be started or stopped; it says:\n{_tail(log)}\n",
        mend=f"The whole log is {home}/postgres.log. Or set DATABASE_URL to a PostgreSQL 15 or later of your own.",
    )


def _tail(log: str, lines: int = 8) -> str:
    return "\n".join(log.strip().splitlines()[-lines:])
