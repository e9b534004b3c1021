"""A client's secret and its tokens are found nowhere: not in a table, not in a log line."""

from __future__ import annotations

import base64
import logging

import psycopg
import pytest
import structlog
from edge_server import credential

from salesbridge import telemetry
from salesbridge.engine import credentials
from salesbridge.store.models import ApiCall


@pytest.fixture
def log(capsys):
    handlers, level = logging.root.handlers[:], logging.root.level
    telemetry.configure(json=True, level="DEBUG")
    yield lambda: capsys.readouterr().err
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def everything_in(url):
    """The text of every row of every table."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f"SELECT t::text FROM {name} t").fetchall() for (name,) in tables]
        blobs = connection.execute("SELECT digest FROM store_clientsecret UNION SELECT sealed FROM store_signingkey")
        return str(rows) + "".join(bytes(blob).decode("latin-1") for (blob,) in blobs.fetchall())


def test_secrets_tokens_and_keys_are_in_no_table_and_no_log(log, database_url, served, tenant):
    issued = credential(tenant)
    credentials.promote(tenant, issued.secret_id, by="Ada")
    second = credentials.new_secret(tenant, issued.client.pk, by="Ada")
    tokens = [served.token(issued), served.token(second)]
    for token in tokens:
        assert served.call(token, "/api/junifer/version").status_code == 200
        served.ask(issued, "introspect", token=token)
    served.ask(issued, "revoke", token=tokens[0])
    served.http.post("/oauth2/token", data={"client_secret": second.secret.get_secret_value()})
    served.http.get("/api/junifer/version", headers={"Authorization": f"Basic {tokens[1]}"})
    while not tenant.rows(ApiCall).exists():
        pass

    found = log() + everything_in(database_url)
    assert issued.client.client_id in found
    for value in (issued.secret.get_secret_value(), second.secret.get_secret_value(), *tokens, "sandbox-key"):
        for form in (value, value[-20:], base64.b64encode(value.encode()).decode()[:40]):
            assert form == "sandbox-key"[-20:] or form not in found
    assert "PRIVATE KEY" not in found
