"""Named credentials at the command line, as far as no Salesforce is needed."""

from __future__ import annotations

import pytest

from salesbridge.engine import credentials, durable


@pytest.fixture
def queue(environment):
    """The queue of durable work; its connections are closed afterwards."""
    yield
    durable._client(environment["DATABASE_URL"]).destroy()
    durable._client.cache_clear()


@pytest.fixture
def sales(new_door):
    """An instance of a tenant: its door and its row."""
    door = new_door(name="Retailer")
    return door, door.instances.create(name="sales", login_url="http://127.0.0.1:9")


@pytest.fixture
def gentrack(sales):
    """A credential of it that is in use."""
    door, instance = sales
    issued = credentials.add(door, instance, "Gentrack", by="Ada")
    return credentials.promote(door, issued.secret_id, by="Ada")


def test_a_list_tells_each_credential(run, run_json, sales, gentrack):
    (told,) = run_json("credential", "list", "sales")
    assert (told["name"], told["client_id"], told["state"]) == ("Gentrack", gentrack.client_id, "active")
    assert told["scopes"] == ["billing.read", "billing.write"]
    assert gentrack.client_id in run("credential", "list", "sales")


def test_a_status_tells_secrets_and_what_was_done_but_never_a_secret(run, run_json, sales, gentrack):
    run("credential", "cut-off", "sales", "--yes")
    told = run_json("credential", "status", "sales")
    assert [each["state"] for each in told["secrets"]] == ["current"]
    assert [(each["operation"], each["state"]) for each in told["operations"]] == [("cut_off", "done")]
    shown = run("credential", "status", "sales")
    assert "Every token issued until then is refused" in shown
    assert "sbs_" not in shown + str(told)


def test_revoking_holds_at_once_and_needs_a_yes_where_nobody_can_be_asked(run, run_json, sales, gentrack):
    assert "Give --yes" in run("credential", "revoke", "sales", code=2)
    assert run_json("credential", "status", "sales")["state"] == "active"
    told = run_json("credential", "revoke", "sales", "--yes")
    assert (told["operation"], told["state"]) == ("revoke", "done")
    assert run_json("credential", "status", "sales")["state"] == "revoked"


def test_work_can_be_left_to_a_worker(run, run_json, sales, gentrack, queue):
    assert "credential status sales" in run("credential", "rotate", "sales", "--detach")
    assert run_json("credential", "status", "sales")["operations"][0]["state"] == "queued"
    assert run_json("credential", "list", "sales")[0]["now"] == "rotate: queued"
    assert "being worked on (rotate)" in run("credential", "rotate", "sales", "--detach", code=2)
    run("credential", "revoke", "sales", "--yes")
    states = [(each["operation"], each["state"]) for each in run_json("credential", "status", "sales")["operations"]]
    assert states == [("revoke", "done"), ("rotate", "stopped")]


def test_what_is_not_there_is_wrong_usage(run, sales):
    assert "no credential 'Gentrack'" in run("credential", "rotate", "sales", code=2)
    assert "no credential 'Other'" in run("credential", "status", "sales", "--credential", "Other", code=2)


def test_an_edge_that_salesforce_cannot_call_is_told_before_anything_begins(run, sales, monkeypatch):
    from salesbridge.settings import settings  # noqa: PLC0415 - after the environment is set

    monkeypatch.setenv("SALESBRIDGE_EDGE_URL", "http://edge.example")
    settings.cache_clear()
    assert "https addresses only" in run("credential", "add", "sales", code=2)


def test_nothing_under_way_cannot_be_resumed(run, sales, gentrack):
    assert "Nothing is under way" in run("credential", "resume", "sales", code=2)
