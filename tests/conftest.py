"""What every test may ask for: a database, a tenant's door, a data directory of its own."""

# ruff: noqa: PLC0415 - ours and Django are imported after the environment is set

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import django
import hypothesis
import pytest

_CONTROLLER = "PYTEST_XDIST_WORKER" not in os.environ

# Before anything reads the settings: the tests of a session share one data directory, which is never
# the developer's. Workers of pytest-xdist inherit it. Not below pytest's own folder, which is closed to
# the account that PostgreSQL runs as when the tests run as root.
if _CONTROLLER:
    _data_dir = tempfile.mkdtemp(prefix="salesbridge-test-")
    Path(_data_dir).chmod(0o711)
    os.environ["SALESBRIDGE_DATA_DIR"] = _data_dir
os.environ["DJANGO_SETTINGS_MODULE"] = "salesbridge.portal.django_settings"
django.setup()  # models can be imported from here on; no database is opened

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def pytest_unconfigure():
    if _CONTROLLER:
        shutil.rmtree(os.environ["SALESBRIDGE_DATA_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def server_url():
    """The database that the session's server was started with; not for tables of tests."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    from salesbridge.store.embedded import Embedded

    server = Embedded(Path(os.environ["SALESBRIDGE_DATA_DIR"]), _FAST)
    yield server.acquire()
    server.release()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(server_url):
    """Name the server, and a database of this worker's own on it, before pytest-django makes that."""
    from django.db import connections

    from salesbridge.store.setup import use_database

    use_database(server_url, pool=0)
    connections["default"].settings_dict["TEST"]["NAME"] = f"test_{uuid.uuid4().hex}"


@pytest.fixture
def database_url(server_url, transactional_db):
    """The URL of this worker's migrated test database, for processes a test starts.

    Other processes see committed rows only, so the tables are emptied after the test instead of
    rolling back.
    """
    from django.db import connection

    return _of(server_url, connection.settings_dict["NAME"])


@pytest.fixture
def empty_database(server_url):
    """The URL of a fresh database without tables, dropped after the test."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield _of(server_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def new_door(db):
    """Make a tenant, of a Junifer billing system if nothing else is said, and return its door."""
    from salesbridge.store.door import Door

    def make(**values):
        named = {"name": f"Tenant {uuid.uuid4()}", "product": "junifer", "base_url": "http://127.0.0.1:9"}
        return Door(Door.operator(reason="test data").tenants.create(**{**named, **values}).pk)

    return make


@pytest.fixture
def door(new_door):
    """The door of a tenant."""
    return new_door()


@pytest.fixture
def instance(door):
    """A connector instance of the tenant of ``door``."""
    return door.instances.create(name="Sales org", login_url="http://127.0.0.1:9")


def _of(server_url, database):
    return urlsplit(server_url)._replace(path=f"/{database}").geturl()
