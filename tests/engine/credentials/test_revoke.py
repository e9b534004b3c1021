"""Revoking, cutting off and removing, as Salesforce notices them."""

from __future__ import annotations

import time

import pytest

from salesbridge.engine.credentials import CredentialRefusedError, operations
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.named_credentials import External, Named
from salesbridge.settings import settings


def asks_for_a_token(world):
    """Have the org fetch a token now; whether it got one."""
    try:
        world.named.refresh(world.named.external("Gentrack"))
    except SalesforceError:
        return False
    return True


def seconds_until(true, patience=10.0):
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience
        time.sleep(0.02)
    return time.monotonic() - began


def test_after_a_revocation_no_new_token_is_issued_and_the_issued_one_still_works(working):
    assert asks_for_a_token(working)
    done = operations.revoke(working.door, working.client.pk, by="Ada")
    began = time.monotonic()
    assert working.calls_well()
    assert not asks_for_a_token(working)
    assert time.monotonic() - began < 1.0
    assert (done.kind, done.state) == ("revoke", "done")


def test_cutting_off_stops_the_issued_token_within_a_second(working):
    operations.revoke(working.door, working.client.pk, by="Ada")
    assert working.calls_well()
    done = operations.cut_off(working.door, working.client.pk, by="Ada")
    assert seconds_until(lambda: not working.calls_well()) < 1.0
    assert (done.state, done.kind) == ("done", "cut_off")


def test_a_credential_that_is_cut_off_but_not_revoked_fetches_another_token(working):
    operations.cut_off(working.door, working.client.pk, by="Ada")
    for _ in range(20):
        assert working.calls_well()
        time.sleep(0.1)


@pytest.mark.slow
def test_an_issued_token_works_until_it_expires(world, monkeypatch):
    life = 60
    world.edge.front._oauth._life_s = life
    assert world.add().state == "done"
    assert world.calls_well()
    operations.cut_off(world.door, world.client.pk, by="Ada")
    time.sleep(1.5)
    assert world.calls_well()
    fetched = time.monotonic()
    operations.revoke(world.door, world.client.pk, by="Ada")
    while time.monotonic() - fetched < life - 5:
        assert world.calls_well(), time.monotonic() - fetched
        time.sleep(2)
    seconds_until(lambda: not world.calls_well(), 10)
    assert life - 2 < time.monotonic() - fetched < life + 5


def test_a_removed_credential_is_gone_from_salesforce_with_its_permission_set(working):
    row = operations.revoke(working.door, working.client.pk, by="Ada", remove=True)
    done = working.run(row)
    assert done.state == "done", done.message
    assert "named credential" in done.message
    assert working.named.external("Gentrack") is None
    assert working.named.named("Gentrack") is None
    rows = working.org.org.rows("PermissionSet")
    assert not [row for row in rows if row["Name"] == "Gentrack_Callouts"]


def test_what_still_rests_on_it_is_told_and_the_credential_stays_revoked(working):
    working.named.put_named(Named("Other", f"{settings().edge_url}/api/junifer", "Gentrack"))
    row = operations.revoke(working.door, working.client.pk, by="Ada", remove=True)
    done = working.run(row)
    assert done.state == "failed"
    assert "Other" in done.message or "credential" in done.message
    assert "uses it" in done.mend
    assert working.client.state == "revoked"
    (problem,) = working.door.problems.filter(kind="credential not removed")
    working.named.delete_named("Other")
    row = operations.revoke(working.door, working.client.pk, by="Ada", remove=True)
    assert working.run(row).state == "done"
    problem.refresh_from_db()
    assert problem.state == "solved"


def test_a_credential_of_somebody_else_with_the_name_is_left_alone(world):
    world.named.put_external(External("Gentrack", "http://127.0.0.1:1/token", "Somebody"))
    done = world.add()
    assert (done.state, done.code) == ("failed", "REFUSED")
    assert "Choose another name" in done.message
    assert world.named.external("Gentrack").token_url == "http://127.0.0.1:1/token"


def test_two_instances_of_one_org_do_not_take_each_others_names(working):
    other, _ = second_instance(working)
    row = operations.start_add(working.door, other, "Gentrack", by="Ada")
    done = working.run(row)
    assert done.state == "failed"
    assert "another instance" in done.message
    assert working.calls_well()


def second_instance(world):
    from salesbridge.engine import connections, instances  # noqa: PLC0415 - beside what needs it

    app = connections.credentials(world.door, world.instance)
    return instances.add_instance(world.door, "second", app, by="test")


@pytest.mark.parametrize("name", ["", "1st", "with blank", "Two__underscores", "ends_", "x" * 41, "é"])
def test_a_name_that_salesforce_would_refuse_is_refused_at_once(world, name):
    with pytest.raises(CredentialRefusedError, match="cannot be a name in Salesforce"):
        operations.start_add(world.door, world.instance, name, by="Ada")


def test_names_that_differ_in_case_only_are_one_name(working):
    with pytest.raises(CredentialRefusedError, match="'Gentrack' already"):
        operations.start_add(working.door, working.instance, "GENTRACK", by="Ada")


def test_a_read_only_credential_may_not_change_billing(world):
    row = operations.start_add(
        world.door, world.instance, "Gentrack", by="Ada", scopes=("billing.read",), users=["admin@sandbox.example"]
    )
    assert world.run(row).state == "done"
    assert world.calls_well()
    answer = world.callout("/accounts/1", method="PUT", body="{}", headers={"Content-Type": "application/json"})
    assert answer["status"] == 403
