"""A sealed value appears nowhere: not in the database, not in the logs."""

from __future__ import annotations

import gc
import logging

import psycopg
import pytest
import structlog
from pydantic import SecretStr

from salesbridge import telemetry
from salesbridge.store.secrets import open_secret, put_secret, vault

CANARY = "canary/9f1c+Zq.T7~x=="


@pytest.fixture(params=[True, False], ids=["json", "console"])
def log(request, capsys):
    """Write logs as in production, and return what was written."""
    handlers, level = logging.root.handlers[:], logging.root.level
    telemetry.configure(json=request.param, level="DEBUG")
    yield lambda: capsys.readouterr().err
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _vault():
    vault.cache_clear()
    yield
    vault.cache_clear()


def refuse(value):
    raise RuntimeError(f"refused: {value}")


def leak(secret):
    """Do everything one should not do."""
    value = secret.get_secret_value()
    ours = structlog.get_logger("salesbridge.test")
    ours.info("plain", anything=value, number=1)
    ours.info(f"in the message {value}", nested={"deep": [f"Bearer {value}", {"header": value.encode()}]})
    ours.bind(bound=value).warning("bound", secret=secret, error=ValueError(value))
    logging.getLogger("library").warning("of a library: %s", value)
    with telemetry.in_context(tenant="t1", run=7):
        try:
            refuse(value)
        except RuntimeError:
            ours.exception("failed")


def test_a_canary_appears_in_no_dump_and_no_log(new_door, database_url, log):
    door = new_door()
    instance = door.instances.create(name="org", login_url="http://127.0.0.1:9")
    put_secret(door, instance.pk, "consumer_secret", CANARY)
    leak(open_secret(door, instance.pk, "consumer_secret"))
    written, dump = log(), everything_in(database_url)
    assert "consumer_secret" in dump
    assert "failed" in written
    assert "refused: [masked]" in written
    assert [CANARY in text or CANARY[:12] in text for text in (written, dump)] == [False, False]


def everything_in(url):
    """The text of every row of every table, as a dump would have it."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        texts = [
            connection.execute(f"SELECT t::text, encode(t::text::bytea, 'escape') FROM {name} t").fetchall()
            for (name,) in tables
        ]
        sealed = connection.execute("SELECT sealed FROM store_secret").fetchall()
    return str(texts) + "".join(bytes(each).decode("latin-1") for (each,) in sealed)


def test_context_variables_are_on_every_line_inside(log):
    with telemetry.in_context(tenant="t1", instance="i1", run=7):
        structlog.get_logger("x").info("inside")
        logging.getLogger("library").info("inside too")
    structlog.get_logger("x").info("outside")
    lines = log().splitlines()
    assert [("t1" in line and "i1" in line and "7" in line) for line in lines[:2]] == [True, True]
    assert "t1" not in lines[2]


def test_a_value_stays_masked_after_its_secret_is_gone():
    telemetry.remember_secret(SecretStr("long-gone-3a7c9e11"))
    gc.collect()
    assert telemetry.mask("Authorization: Bearer long-gone-3a7c9e11; x") == "Authorization: Bearer [masked]; x"
    assert telemetry.mask("url?token=long-gone-3a7c9e11&x=1") == "url?token=[masked]&x=1"


def test_every_line_of_a_key_file_is_masked():
    pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nSM49AwEHBG0wawIBAQQg\n-----END"
    telemetry.remember_secret(SecretStr(pem))
    gc.collect()
    assert "MIGHAg" not in telemetry.mask(f"line: {pem.splitlines()[1]}")


def test_a_live_value_is_masked_in_the_midst_of_a_word_and_in_a_url():
    secret = SecretStr("p@ss/wörd")
    telemetry.remember_secret(secret)
    assert telemetry.mask("xxp@ss/wördxx p%40ss%2Fw%C3%B6rd") == "xx[masked]xx [masked]"


def test_a_secret_of_ordinary_words_does_not_mask_them():
    telemetry.remember_secret(SecretStr("integration password salesforce"))
    gc.collect()
    assert telemetry.mask("the integration of salesforce") == "the integration of salesforce"
    telemetry.remember_secret(short := SecretStr("run"))
    assert telemetry.mask("run 7") == "run 7"
    assert short.get_secret_value() == "run"


@pytest.mark.parametrize(
    "name",
    ["password", "Password", "consumer_secret", "apiKey", "API-Key", "X-Api-Key", "Authorization", "access_token",
     "vault_key", "key", "set-cookie", "client_assertion", "private_key_pem", "secrets"],
)  # fmt: skip
def test_a_telling_name_masks_any_value(name):
    event = telemetry.redact(None, "info", {name: "abc", "nested": {name: ["abc"]}})
    assert event == {name: "[masked]", "nested": {name: "[masked]"}}


@pytest.mark.parametrize("name", ["billing_key", "key_id", "keyboard", "monkey", "tokens_used", "event", "entity"])
def test_other_names_keep_their_values(name):
    assert telemetry.redact(None, "info", {name: "abc"}) == {name: "abc"}
