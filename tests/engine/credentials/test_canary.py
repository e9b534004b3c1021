"""A secret that an operation made is found nowhere: no table, no log, no file."""

from __future__ import annotations

import base64
import logging
import time
from pathlib import Path

import psycopg
import pytest
import structlog

from salesbridge import telemetry
from salesbridge.engine.credentials import digest, operations
from salesbridge.settings import settings

pytestmark = pytest.mark.slow


@pytest.fixture
def made(monkeypatch):
    """Every secret that is made."""
    kept, make = [], digest.make

    def remembering():
        kept.append(make())
        return kept[-1]

    monkeypatch.setattr(digest, "make", remembering)
    return kept


@pytest.fixture
def log(capsys):
    handlers, level = logging.root.handlers[:], logging.root.level
    telemetry.configure(json=True, level="DEBUG")
    yield lambda: "".join(capsys.readouterr())
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def folders(monkeypatch, tmp_path):
    monkeypatch.setenv("SALESBRIDGE_WORKDIR", str(tmp_path / "work"))
    monkeypatch.setenv("SALESBRIDGE_MAIL_DIR", str(tmp_path / "mail"))
    return tmp_path


def test_no_secret_of_an_operation_is_kept_anywhere(folders, made, log, worker, database_url):
    ended(
        worker,
        operations.start_add(worker.door, worker.instance, "Gentrack", by="Ada", users=["admin@sandbox.example"]),
    )
    assert worker.calls_well()
    for fault in ("credential_push_unsure", "credential_locked", "credential_push_lost", None):
        if fault:
            worker.fault(fault, times=1, path="/named-credentials/credential")
        ended(worker, operations.start_rotate(worker.door, worker.client.pk, by="Ada", grace=0.0))
    worker.fault("credential_push_fails", times=None, path="/named-credentials/credential")
    row = operations.start_rotate(worker.door, worker.client.pk, by="Ada", grace=0.0)
    ended(worker, row, states={"failed", "done"})

    found = log() + everything_in(database_url) + files(folders) + files(settings().data_dir)
    assert worker.client.client_id in found
    assert str(row.pk) in found
    assert len(made) >= 6
    for secret in made:
        value = secret.get_secret_value()
        for form in (value, value[4:], base64.b64encode(value.encode()).decode()[:40]):
            assert form not in found
        both = base64.b64encode(f"{worker.client.client_id}:{value}".encode()).decode()
        assert both not in found


def ended(world, row, states=frozenset({"done"})):
    until = time.monotonic() + 60
    while (now := operations.operation(world.door, row.pk)).finished_at is None:
        assert time.monotonic() < until, now.message
        time.sleep(0.1)
    assert now.state in states, now.message


def everything_in(url):
    """The text of every row of every table, the durable engine's too."""
    tables = (
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        assert "dbos.operation_outputs" in names
        rows = [connection.execute(f"SELECT t::text, encode(t::text::bytea, 'escape') FROM {name} t") for name in names]
        return str([each.fetchall() for each in rows])


def files(folder):
    """What the files of ours in a folder hold, but for the database's own."""
    found = [path for path in Path(folder).rglob("*") if path.is_file() and "postgres" not in path.parts]
    return "".join(path.read_bytes().decode("latin-1") for path in found)
