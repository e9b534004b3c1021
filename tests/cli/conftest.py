"""The command line in this process, on the test's own database."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from salesbridge.settings import settings


@pytest.fixture
def environment(database_url, monkeypatch, tmp_path):
    """What a process of the product is to see."""
    found = {
        "DATABASE_URL": database_url, "SALESBRIDGE_DATABASE_POOL": "0", "SALESBRIDGE_EDGE_URL": "https://hear.example/",
        "SALESBRIDGE_WORKDIR": str(tmp_path),
    }  # fmt: skip
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield found
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def run(environment, monkeypatch):
    """Call a command; its output, once it has ended with the expected code."""
    from salesbridge.cli import show  # noqa: PLC0415 - as above
    from salesbridge.cli.main import app  # noqa: PLC0415 - after the environment is set

    monkeypatch.setattr(show.out, "width", 240)

    def call(*words, code=0):
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return call


@pytest.fixture
def run_json(run):
    """Call a command and read the JSON it prints."""

    def call(*words, code=0):
        return json.loads(run(*words, "--json", code=code))

    return call
