"""Which events of billing appear in Salesforce, and how: at the command line."""

from __future__ import annotations

import json

import pytest

from salesbridge.store.models import HeardEvent, Live, Surfaced
from salesbridge.sync.event_defaults import SUBSCRIBED

BILL = {"eventType": "Bill", "externalContextId": "$.accountId", "attributes": [{"name": "due", "value": "$.dueDate"}]}


@pytest.fixture
def sales(new_door):
    """A live instance of a tenant called Retailer: its door and its row."""
    door = new_door(name="Retailer")
    instance = door.instances.create(name="sales", login_url="http://127.0.0.1:9")
    door.rows(Live).create(instance=instance, state="live")
    return door, instance


@pytest.fixture
def mapping(tmp_path):
    """Write a mapping into a file."""

    def write(form):
        path = tmp_path / "mapping.json"
        path.write_text(form if isinstance(form, str) else json.dumps(form), encoding="utf-8")
        return path

    return write


def test_the_three_switch_losses_are_subscribed_and_mapped_by_default(run, run_json, sales):
    told = run_json("event-mapping", "list", "sales")
    assert [(each["type"], each["subscribed"], each["mapping"]) for each in told["events"]] == [
        (name, True, "default") for name in sorted(SUBSCRIBED)
    ]
    assert "switch-loss-started" in run("event-mapping", "list", "sales")
    everything = run_json("event-mapping", "list", "sales", "--all")["events"]
    assert {"type": "quote-ready", "subscribed": False, "mapping": "default"} in everything


def test_a_mapping_is_shown_as_it_can_be_set(run, run_json, sales, mapping):
    shown = run_json("event-mapping", "show", "sales", "switch-loss-started")
    shown["eventSubtype"] = "Leaving"
    path = mapping(shown)
    told = run_json("event-mapping", "set", "sales", "switch-loss-started", path)
    assert told["switch-loss-started"]["mapping"] == "own"
    assert run_json("event-mapping", "show", "sales", "switch-loss-started") == shown
    assert "default mapping" in run("event-mapping", "set", "sales", "switch-loss-started", "--default")
    assert sales[0].activities.filter(tag="event:mapping_changed").count() == 2


def test_a_subscribed_event_without_a_mapping_is_told_and_released_by_one(run, run_json, sales, mapping):
    door, instance = sales
    assert "missing mapping" in run("event-mapping", "subscribe", "sales", "bill-ready")
    assert "event-mapping set" in run("event-mapping", "show", "sales", "bill-ready", code=2)
    door.rows(Surfaced).create(instance=instance, event_id="e1", type="bill-ready", state="held")
    assert "1 held" in run("event-mapping", "list", "sales")
    assert run_json("status", "sales")["events"] == {"held": 1}
    run("event-mapping", "set", "sales", "bill-ready", mapping(BILL))
    assert door.rows(Surfaced).get().state == "waiting"
    assert run_json("event-mapping", "list", "sales")["waiting"] == 1
    run("event-mapping", "unsubscribe", "sales", "bill-ready")
    assert door.rows(Surfaced).get().state == "dismissed"


def test_what_is_wrong_is_told_with_what_to_do(run, sales, mapping):
    told = run("event-mapping", "set", "sales", "bill-ready", mapping({"externalContextId": "accountId"}), code=2)
    assert "Event Type: enter a word or two" in told
    assert "write it like $.identifier" in told
    assert "not JSON" in run("event-mapping", "set", "sales", "bill-ready", mapping("{"), code=2)
    assert "no event type" in run("event-mapping", "subscribe", "sales", "bill ready", code=2)
    assert "not subscribed" in run("event-mapping", "unsubscribe", "sales", "bill-ready", code=2)
    assert "Give a file" in run("event-mapping", "set", "sales", "bill-ready", code=2)


def test_a_preview_uses_what_was_heard_and_keeps_nothing(run, run_json, sales, mapping):
    door, instance = sales
    door.rows(HeardEvent).create(
        event_id="e1",
        type="bill-ready",
        created_at="2026-01-01T00:00Z",
        data={"accountId": "A1", "dueDate": "2026-02-01"},
    )
    told = run_json("event-mapping", "preview", "sales", "bill-ready", "--mapping", mapping(BILL))
    assert told["fields"]["External_Context_Id__c"] == "A1"
    assert json.loads(told["fields"]["Attributes__c"]) == {"due": "2026-02-01"}
    assert door.instances.get(pk=instance.pk).settings == {}
    made_up = run("event-mapping", "preview", "sales", "switch-loss-started")
    assert "made up" in made_up
    assert "Switch Loss" in made_up
    assert "no event mapping" in run("event-mapping", "preview", "sales", "bill-ready", code=1)
