"""Getting ready: name the database to Django, load the models, apply the migrations."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Any

import django
from django.conf import settings as django_settings
from django.db import connection, connections

from salesbridge.settings import settings
from salesbridge.store.postgres import database_url, django_database

_MIGRATING = 0x53414C4553  # key of the advisory lock: "SALES"
_once = threading.Lock()
_done: set[str] = set()


def setup(*, url: str | None = None, migrate: bool = True) -> str:
    """Make the store ready in this process and return the URL of its database.

    Many processes may start at once: migrations are applied by the first under an advisory lock
    of the database, the others wait. A second call in one process does nothing.

    Args:
        url: Database to use instead of the one the settings name.
        migrate: Whether to apply pending migrations.

    Raises:
        DatabaseUnavailable: If there is no database; says what to do.
    """
    with _once:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesbridge.store.django_settings")
        url = url or database_url()
        use_database(url)
        django.setup()
        if migrate and url not in _done:
            apply_migrations()
            _done.add(url)
        return url


def use_database(url: str, *, pool: int | None = None) -> None:
    """Name the database to Django.

    Args:
        url: libpq URL.
        pool: Connections this process may hold; as the settings say when not given.
    """
    wanted = django_database(url, pool=settings().database_pool if pool is None else pool)
    current: dict[str, Any] = django_settings.DATABASES["default"]
    if all(current.get(name) == value for name, value in wanted.items()):
        return
    connections.close_all()
    # updated in place: Django's connections, once made, keep this very dictionary
    current.update(wanted)
    atexit.unregister(_close_pool)
    atexit.register(_close_pool)


def apply_migrations() -> None:
    """Apply pending migrations; returns when they are applied, by whomever."""
    from django.core.management import call_command  # noqa: PLC0415 - needs Django set up
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 - as above

    def pending() -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    try:
        if not pending():
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
            try:
                call_command("migrate", interactive=False, verbosity=0)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])
    finally:
        connection.close()


def _close_pool() -> None:
    for each in connections.all(initialized_only=True):
        each.close()
        if hasattr(each, "close_pool"):
            each.close_pool()
