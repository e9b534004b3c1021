"""Reconciliations: begun, watched and read."""

from __future__ import annotations

import pytest
from portal_world import make_world

from salesbridge.store import audit
from salesbridge.store.models import Reconciliation


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/reconciliations/"


@pytest.fixture
def enqueued(monkeypatch):
    """What was handed to the workers, which need a database of their own."""
    found = []
    monkeypatch.setattr("salesbridge.engine.durable.enqueue", lambda *told, **lane: found.append((told, lane)))
    return found


def test_the_history_tells_what_each_found(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(at).text
    assert "22,200" in page
    assert "only told" not in page
    assert "Account A-1003 Kowhai" in page


def test_a_result_is_told_by_object_and_field(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(f"{at}2/")
    found = page.context["found"]
    assert found.differing == 9
    assert found.details[0] == ("Account", "Field that differs", "Phone", 5)
    assert ("Account", "Why refused", "BAD_EMAIL", 1) in found.details
    assert found.total[found.columns.index("Compared")] == 22_200


def test_an_operator_compares_everything_now(sign_in, world, at, enqueued):
    client = sign_in(world.person("operator"))
    page = client.post(f"{at}start/", {"only": "report"}, follow=True).text
    row = world.door.rows(Reconciliation).filter(instance=world.instance).order_by("-number").first()
    assert f"Reconciliation {row.number} is queued for a worker" in page
    assert (row.repair, row.started_by, row.cause) == (False, client.person.email, "on demand")
    assert enqueued[0][0][0] == "reconcile"
    entry = audit.entries(world.organisation).get(action="reconciliation:started")
    assert entry.detail == {"repair": False}
    assert "hx-trigger" in page


def test_a_second_one_is_refused_while_one_goes_on(sign_in, world, at, enqueued):
    client = sign_in(world.person("operator"))
    client.post(f"{at}start/")
    page = client.post(f"{at}start/", follow=True).text
    assert "has not finished yet: wait for it" in page
    assert len(enqueued) == 1
    assert audit.entries(world.organisation).filter(action="reconciliation:started").count() == 1


def test_how_far_one_is_renews_itself_until_it_ends(sign_in, world, at):
    world.door.rows(Reconciliation).create(
        instance=world.instance, number=3, cause="nightly", started_by="x", state="running",
        counts={"Account": {"compared": 1}}, message="Contact: 12 records of billing have been read.",
    )  # fmt: skip
    client = sign_in(world.person("viewer"))
    told = client.get(f"{at}3/", headers={"hx-request": "true"}).text
    assert "Contact: 12 records of billing have been read." in told
    assert "every 2s" in told
    world.door.rows(Reconciliation).filter(instance=world.instance, number=3).update(
        state="failed", finished_at="2026-01-01T00:00Z", message="Billing is down."
    )
    ended = client.get(f"{at}3/", headers={"hx-request": "true"}).text
    assert "Billing is down." in ended
    assert "every 2s" not in ended


def test_one_that_never_was_is_not_found(sign_in, world, at):
    assert sign_in(world.person("viewer")).get(f"{at}99/").status_code == 404
