"""The seam where the database comes from: yours by ``DATABASE_URL``, or our own.

Another provider of a local PostgreSQL takes the place of ``Embedded`` here and nowhere else.
"""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from salesbridge.settings import settings
from salesbridge.store.unavailable import DatabaseUnavailable

if TYPE_CHECKING:
    from salesbridge.store.embedded import Embedded

__all__ = ["DatabaseUnavailable", "database_url", "django_database"]


def database_url() -> str:
    """Return the libpq URL of our database, starting our own PostgreSQL if none is set.

    The server is shared with every process that uses the same data directory and stops with the
    last of them.

    Raises:
        DatabaseUnavailable: If our own does not start; says what to do.
    """
    return settings().database_url or _own_server().url()


def django_database(url: str, *, pool: int = 0) -> dict[str, Any]:
    """Return Django's description of the database at a libpq URL.

    Args:
        url: ``postgresql://user:password@host:port/name?option=value``.
        pool: Connections that this process may hold at once, 0 for one to each thread.

    Raises:
        DatabaseUnavailable: If the URL is none.
    """
    try:
        known = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise DatabaseUnavailable(
            "DATABASE_URL is not a PostgreSQL URL.", mend="Write it as postgresql://user:password@host:5432/name."
        ) from None  # its message would repeat the URL with the password
    named = {key: known.pop(name, "") for key, name in _DJANGO_NAMES.items()}
    options: dict[str, Any] = known
    if pool:
        options = {**_TIMEOUTS, **options, "options": f"{_SESSION} {options.get('options', '')}".strip()}
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 30}
    return {"ENGINE": "django.db.backends.postgresql", **named, "OPTIONS": options}


#: A server that vanished is noticed in seconds, not after the quarter of an hour that TCP is patient by itself.
_TIMEOUTS = {
    "connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}  # fmt: skip
#: The same the other way round: a process that stands still or vanished in the middle of a transaction, and may hold
#: the row of a lease locked, is given up by the server, so that another can take over.
_SESSION = "-c idle_in_transaction_session_timeout=10s -c tcp_user_timeout=20s -c tcp_keepalives_idle=10"
_DJANGO_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


@cache
def _own_server() -> Embedded:
    if sys.platform == "win32":
        raise DatabaseUnavailable(
            "We do not start PostgreSQL on Windows.", mend="Set DATABASE_URL to a PostgreSQL 15 or later."
        )
    from salesbridge.store.embedded import Embedded  # noqa: PLC0415 - needs what Windows has not

    server = Embedded(settings().data_dir)
    server.acquire()
    atexit.register(_leave, server, os.getpid())
    return server


def _leave(server: Embedded, user: int) -> None:
    if os.getpid() == user:  # a forked child inherits the call but is no user of its own
        server.release()
