from __future__ import annotations

from pathlib import Path

import pytest

from salesbridge.settings import Settings, settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in ("DATABASE_URL", "SALESBRIDGE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_variable_there_is_no_database_and_no_sandbox():
    assert (Settings().database_url, Settings().vault_key, Settings().sandbox) == (None, None, False)


@pytest.mark.parametrize("name", ["DATABASE_URL", "SALESBRIDGE_DATABASE_URL"])
def test_the_database_url_is_read_with_and_without_prefix(monkeypatch, name):
    monkeypatch.setenv(name, "postgresql://h/d")
    assert Settings().database_url == "postgresql://h/d"


def test_folders_follow_the_data_directory(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_DATA_DIR", "/data")
    assert Settings().work_folder == Path("/data/work")
    assert Settings().mail_folder == Path("/data/mail")


def test_root_keeps_data_where_the_machine_does_and_others_at_home(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert Settings().data_dir == Path("/var/lib/salesbridge")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/ada/share")
    assert Settings().data_dir == Path("/home/ada/share/salesbridge")


def test_secrets_hide_in_repr(monkeypatch):
    for name in ("DATABASE_URL", "SALESBRIDGE_VAULT_KEY", "SALESBRIDGE_MAIL_PASSWORD"):
        monkeypatch.setenv(name, "canary")
    assert "canary" not in repr(Settings())


def test_settings_are_read_once():
    assert settings() is settings()
