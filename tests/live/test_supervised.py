"""The real thing: a supervisor with its threads, the event bus over gRPC, billing asked for changes."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

import pytest
from journey import wait_until

from salesbridge.engine.live import states, upkeep
from salesbridge.engine.live.states import live_of
from salesbridge.engine.live.supervise import Supervisor
from salesbridge.store.models import Change, Lease, Live
from salesbridge.sync.life import InstanceState


@pytest.fixture
def live(transactional_db, linked, monkeypatch):
    """An instance whose records are all linked, with its leases free and events heard over gRPC.

    No durable engine runs in this process that could compare everything when a gap is found.
    """
    monkeypatch.setattr(upkeep, "start_reconciliation", lambda *_: None)
    linked.door.rows(Lease).update(owner="", epoch=1)
    instance = linked.door.instances.get(pk=linked.instance.pk)
    instance.settings = {"pubsub": f"http://{linked.org.pubsub_address}", "poll_s": 1, "reconcile_at": None}
    instance.save()
    now = datetime.now(UTC)
    linked.door.rows(Live).update(state="live", polled_until=now, audited_at=now)
    return linked


@pytest.fixture
def supervisor(live):
    made = Supervisor(f"test-{uuid.uuid4()}")
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_change_on_either_side_arrives_on_the_other_by_itself(live, supervisor):
    contact, point = min(live.rows("Contact")), min(live.rows("Asset"))
    wait_until(lambda: live.door.rows(Lease).filter(role="listen", owner__startswith="test").exists(), 10)
    time.sleep(1.0)  # LATEST: what is published before the subscription is open is not heard
    for digits in ("0001", "0002", "0003"):
        live.edit_salesforce("Contact", contact, Phone=f"+44 20 7946 {digits}")
        wait_until(lambda d=digits: str(live.records("customers")[contact]["phone"]).replace(" ", "").endswith(d), 10)
    live.edit_billing("service_points", point, supply_status="De-energised")
    wait_until(lambda: live.row("Asset", point)["Gentrack_Supply_Status__c"] == "De-energised", 10)
    wait_until(lambda: not live.door.rows(Change).filter(outcome=None).exists(), 10)
    assert live_of(live.door, live.instance.pk).replay_id is not None


def test_a_paused_instance_is_left_alone_and_goes_on_where_it_was(live, supervisor):
    contact = min(live.rows("Contact"))
    wait_until(lambda: live.live.replay_id is not None or heard_once(live, contact), 20)
    states.move(live.door, live.instance.pk, InstanceState.PAUSED)
    wait_until(lambda: not live.door.rows(Lease).exclude(owner="").exists(), 10)
    live.edit_salesforce("Contact", contact, Phone="+44 20 7946 0777")
    time.sleep(1.5)
    assert not str(live.records("customers")[contact]["phone"]).endswith("0777")
    states.move(live.door, live.instance.pk, InstanceState.LIVE)
    wait_until(lambda: str(live.records("customers")[contact]["phone"]).endswith("0777"), 20)


def heard_once(live, contact):
    """Edit until the subscription is open, so that its place is known."""
    live.edit_salesforce("Contact", contact, Phone=f"+44 20 7946 {int(time.monotonic() * 10) % 10_000:04d}")
    time.sleep(0.3)
    return live.live.replay_id is not None
