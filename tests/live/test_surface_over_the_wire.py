"""A customer leaves: billing raises the event, signed; the edge hears it; a subscriber in Salesforce sees it."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

import pytest
from edge_server import edge_server
from journey import wait_until

from salesbridge.engine import connections
from salesbridge.engine.live import hooks, states, upkeep
from salesbridge.engine.live.supervise import Supervisor
from salesbridge.salesforce.events import Events, Start
from salesbridge.sandbox.billing.signing import SigningKey
from salesbridge.store.models import Lease, Live, Surfaced
from salesbridge.sync.life import InstanceState

TOPIC = "/event/Gentrack_Event__e"


@pytest.fixture
def live(transactional_db, linked, monkeypatch):
    """A live instance whose billing system calls the edge, with its leases free."""
    monkeypatch.setattr(upkeep, "start_reconciliation", lambda *_: None)
    linked.door.rows(Lease).update(owner="", epoch=1)
    instance = linked.door.instances.get(pk=linked.instance.pk)
    instance.settings = {"pubsub": f"http://{linked.org.pubsub_address}", "reconcile_at": None}
    instance.save()
    now = datetime.now(UTC)
    linked.door.rows(Live).update(state="live", polled_until=now, audited_at=now)
    key = SigningKey()
    hooks.add_key(linked.door, key.public_pem, by="Ada")
    with edge_server(monkeypatch):
        linked.billing.publisher.subscribe(hooks.address(linked.door.tenant), key=key, concurrency=1)
        yield linked


@pytest.fixture
def supervisor(live):
    made = Supervisor(f"test-{uuid.uuid4()}")
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()


@pytest.fixture
def seen(live):
    """What a subscriber of the platform event has seen."""
    found, stop = [], threading.Event()
    opened = connections.salesforce(live.door, live.instance)

    def listen():
        with Events(opened, address=live.org.pubsub_address, plaintext=True) as bus:
            for delivery in bus.subscribe(TOPIC, Start.EARLIEST, stop=stop):
                for event in delivery.events:
                    asset = live.row("Asset", event.values["External_Context_Id__c"])
                    found.append({**event.values, "then": asset["Gentrack_Switch_Status__c"]})

    thread = threading.Thread(target=listen)
    thread.start()
    yield found
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_switch_away_is_seen_by_a_subscriber_after_the_asset_tells_it(live, supervisor, seen):
    point = next(key for key, row in sorted(live.records("service_points").items()) if row["switch_status"] == "None")
    live.edit_billing("service_points", point, switch_status="Loss Started")
    wait_until(lambda: seen, 20)
    live.edit_billing("service_points", point, switch_status="None")
    wait_until(lambda: len(seen) == 2, 20)

    told = [(event["Event_Type__c"], event["Event_Subtype__c"], event["External_Context_Id__c"]) for event in seen]
    assert told == [("Switch Loss", "Started", point), ("Switch Loss", "Cancelled", point)]
    assert [event["then"] for event in seen] == ["Loss Started", "None"]
    assert {event["Record_Id__c"] for event in seen} == {live.row("Asset", point)["Id"]}
    assert len({event["Event_Id__c"] for event in seen}) == 2


def test_what_happens_while_the_instance_is_paused_is_seen_once_it_goes_on(live, supervisor, seen):
    point = min(live.records("service_points"))
    states.move(live.door, live.instance.pk, InstanceState.PAUSED)
    wait_until(lambda: not live.door.rows(Lease).exclude(owner="").exists(), 10)
    live.edit_billing("service_points", point, switch_status="Loss Started")
    wait_until(lambda: live.door.rows(Surfaced).exists(), 10)
    time.sleep(1.0)
    assert seen == []
    states.move(live.door, live.instance.pk, InstanceState.LIVE)
    wait_until(lambda: len(seen) == 1, 20)
