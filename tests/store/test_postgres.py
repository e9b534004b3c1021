from __future__ import annotations

import pytest

from salesbridge.settings import settings
from salesbridge.store.postgres import DatabaseUnavailable, database_url, django_database


def test_the_url_of_the_settings_wins(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/x")
    settings.cache_clear()
    assert database_url() == "postgresql://db.example/x"
    settings.cache_clear()


def test_a_url_becomes_djangos_description():
    described = django_database("postgresql://ada:p%40ss@db.example:6543/sales?sslmode=require")
    assert {name: described[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "sales", "USER": "ada", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6543",
    }  # fmt: skip
    assert described["OPTIONS"] == {"sslmode": "require"}


def test_a_socket_folder_is_a_host():
    assert django_database("postgresql://ada@/sales?host=%2Frun%2Fpg")["HOST"] == "/run/pg"


def test_a_pool_is_bounded():
    assert django_database("postgresql://x/y", pool=7)["OPTIONS"]["pool"]["max_size"] == 7


def test_a_url_of_anything_else_is_refused_without_repeating_it():
    with pytest.raises(DatabaseUnavailable, match="postgresql://user:password@host") as refused:
        django_database("postgresql://ada:canary@[broken/x")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
