from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from django.core.management import call_command

START = """
import os
from salesbridge import store
from salesbridge.telemetry import configure
configure()
url = store.setup()
assert store.setup() == url
from salesbridge.store.door import Door
print(Door.operator(reason="test").tenants.count())
"""


def start(program, **environment):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **environment}
    env.pop("DJANGO_SETTINGS_MODULE")
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@pytest.mark.slow
def test_many_processes_start_at_once_on_an_empty_database(empty_database):
    processes = [start(START, DATABASE_URL=empty_database) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [(out.strip(), err) for out, err in said] == [("0", "")] * 4
    with psycopg.connect(empty_database) as connection:
        applied = connection.execute("SELECT count(*), count(DISTINCT (app, name)) FROM django_migrations").fetchone()
    assert applied[0] == applied[1] > 0


@pytest.mark.slow
def test_a_threaded_process_with_a_pool_ends_without_complaint(empty_database):
    program = (
        START
        + """
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
def one(_):
    try:
        return Door.operator(reason="test").tenants.count()
    finally:
        connection.close()
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(one, range(100))))
print(connection.pool.get_stats()["pool_max"])
"""
    )
    process = start(program, DATABASE_URL=empty_database, SALESBRIDGE_DATABASE_POOL="4")
    assert process.communicate(timeout=60) == ("0\n0\n4\n", "")


@pytest.mark.slow
def test_importing_the_django_settings_starts_no_database(tmp_path):
    program = "import django, salesbridge.store.django_settings; django.setup(); import salesbridge.store.door"
    environment = {"SALESBRIDGE_DATA_DIR": str(tmp_path / "data")}
    process = start(
        f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'salesbridge.store.django_settings'; {program}",
        **environment,
    )
    assert process.communicate(timeout=60) == ("", "")
    assert not (tmp_path / "data").exists()


def test_the_migrations_say_all_that_the_models_say(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
