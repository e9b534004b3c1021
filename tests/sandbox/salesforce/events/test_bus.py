from __future__ import annotations

from itertools import pairwise

import pytest

from salesbridge.sandbox.salesforce.bus import DELIVERED
from salesbridge.sandbox.salesforce.demo import configure, demo_org
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.schema import Field

TOPIC = "/event/Gentrack_Object_Event__e"
NAME = "Gentrack_Object_Event__e"


@pytest.fixture
def publish(org, user):
    def run(*texts):
        records = [{"Object_Type__c": text} for text in texts]
        return org.save("insert", NAME, records, user=user)

    return run


@pytest.fixture
def texts(bus):
    return lambda: [each["Object_Type__c"] for each in bus.values(TOPIC)]


def test_an_org_without_deployed_events_has_no_topics():
    assert demo_org().org.bus.topics() == []


def test_there_is_a_topic_for_each_deployed_event_and_no_other(bus):
    assert bus.topics() == [TOPIC]
    assert bus.schema("/event/Other__e") is None
    assert bus.schema("/event/Account") is None


def test_topic_names_are_case_sensitive(bus):
    assert bus.schema(TOPIC.lower()) is None


def test_a_topic_goes_with_its_event(org, bus):
    org.schema.remove_sobject(NAME)
    assert bus.schema(TOPIC) is None


def test_a_new_field_makes_a_new_schema_and_the_old_one_stays_readable(org, bus, publish):
    publish("before")
    old = bus.schema(TOPIC)
    org.schema.add_field(NAME, Field("Extra__c", "Extra", "double", custom=True))
    new = bus.schema(TOPIC)
    assert new.id != old.id
    assert bus.schema_by_id(old.id) == old
    publish("after")
    assert [set(each) - {"Extra__c"} == set(each) for each in bus.values(TOPIC)] == [True, False]


def test_replay_ids_grow_with_gaps_and_uuids_differ(bus, publish):
    publish(*"abcdefghij")
    events = bus.retained(TOPIC)
    assert all(one.replay_id < other.replay_id for one, other in pairwise(events))
    assert any(other.number - one.number > 1 for one, other in pairwise(events))
    assert len({each.uuid for each in events}) == 10


def test_one_seed_gives_the_same_replay_ids_and_uuids(bus, publish):
    def told():
        bus.reseed(7)
        publish("a", "b")
        return [(each.replay_id, each.uuid) for each in bus.retained(TOPIC)]

    assert told() == told()


def test_events_are_kept_72_hours_of_the_orgs_clock(bus, publish, texts, clock):
    publish("old")
    clock.forward(hours=71)
    publish("young")
    clock.forward(minutes=59)
    assert texts() == ["old", "young"]
    clock.forward(minutes=2)
    assert texts() == ["young"]


def test_a_replay_id_names_nothing_after_72_hours(bus, publish, clock):
    publish("old")
    replay_id = bus.retained(TOPIC)[0].replay_id
    assert bus.log(TOPIC).place(replay_id) is not None
    clock.forward(hours=73)
    assert bus.log(TOPIC).place(replay_id) is None


def test_a_reset_loses_events_and_replay_ids(bus, publish, texts):
    publish("lost")
    replay_id = bus.retained(TOPIC)[0].replay_id
    bus.reset()
    assert texts() == []
    assert bus.log(TOPIC).place(replay_id) is None


def test_the_delivery_allocation_renews_after_24_hours(org, bus, publish, clock):
    publish("a", "b")
    bus.settings.daily_deliveries = 3
    bus.charge(bus.retained(TOPIC))
    assert (bus.allowance(), org.limits.used(DELIVERED)) == (1, 2)
    clock.forward(hours=25)
    assert (bus.allowance(), org.limits.used(DELIVERED)) == (3, 0)


# -- publishing through the record APIs ------------------------------------------------------------------------------


def test_a_rest_publish_answers_201_with_operation_enqueued(http, bus):
    answer = http.post(f"/sobjects/{NAME}/", json={"Object_Type__c": "x"})
    assert answer.status_code == 201
    body = answer.json()
    assert body["success"] is True
    [error] = body["errors"]
    assert error == {"statusCode": "OPERATION_ENQUEUED", "message": bus.retained(TOPIC)[0].uuid, "fields": []}
    assert body["id"].startswith("e0")


def test_a_collection_publishes_each_event(http, texts):
    records = [{"attributes": {"type": NAME}, "Object_Type__c": text} for text in "ab"]
    results = http.post("/composite/sobjects", json={"records": records}).json()
    assert [each["success"] for each in results] == [True, True]
    assert [each["errors"][0]["statusCode"] for each in results] == ["OPERATION_ENQUEUED"] * 2
    assert texts() == ["a", "b"]


def test_an_event_is_stored_nowhere(org, http, publish):
    id_ = publish("x")[0].id
    assert org.count(NAME) == 0
    assert http.get(f"/sobjects/{NAME}/{id_}").status_code == 404
    assert http.patch(f"/sobjects/{NAME}/{id_}", json={"Object_Type__c": "y"}).status_code == 404
    assert http.delete(f"/sobjects/{NAME}/{id_}").status_code == 404


def test_an_event_cannot_be_queried(http):
    answer = http.get("/query", params={"q": f"SELECT ReplayId FROM {NAME}"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")


@pytest.mark.parametrize("operation", ["update", "delete", "undelete"])
def test_events_are_only_inserted(org, user, texts, operation):
    [result] = org.save(operation, NAME, [{"Id": "e008e0000000001AAA"}], user=user)
    assert result.errors[0].code == "INVALID_TYPE_FOR_OPERATION"
    assert texts() == []


def test_a_bad_event_is_refused_and_the_others_published(publish, texts):
    results = publish("good", "x" * 65)
    assert [each.success for each in results] == [True, False]
    assert results[1].errors[0].code == "STRING_TOO_LONG"
    assert texts() == ["good"]


def test_a_required_field_must_be_given(org, publish):
    org.schema.add_field(NAME, Field("Key__c", "Key", "string", length=9, nillable=False, custom=True))
    assert publish("x")[0].errors[0].code == "REQUIRED_FIELD_MISSING"


def composite(name):
    event = {"method": "POST", "url": f"/services/data/v66.0/sobjects/{NAME}", "referenceId": "one"}
    bad = {"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "referenceId": "two", "body": {}}
    return {"allOrNone": True, "compositeRequest": [{**event, "body": {"Object_Type__c": name}}, bad]}


def test_an_event_published_immediately_survives_the_rollback(http, texts):
    http.post("/composite", json=composite("early"))
    assert texts() == ["early"]


def test_an_event_published_after_commit_goes_with_the_rollback(org, http, texts):
    metadata_store(org).publish_behavior[NAME] = "PublishAfterCommit"
    http.post("/composite", json=composite("late"))
    assert texts() == []
    assert http.post(f"/sobjects/{NAME}", json={"Object_Type__c": "committed"}).status_code == 201
    assert texts() == ["committed"]


def test_a_failed_record_does_not_take_an_event_before_it_along(org, user, texts):
    metadata_store(org).publish_behavior[NAME] = "PublishAfterCommit"
    with org.transaction(user):
        org.save("insert", NAME, [{"Object_Type__c": "kept"}], user=user)
        org.save("insert", "Account", [{}], user=user)
        assert texts() == []
    assert texts() == ["kept"]


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_duplicate_shares_the_uuid_and_not_the_replay_id(org, bus, publish):
    org.faults.arm("duplicate_events")
    publish("twice", "once")
    first, second, third = bus.retained(TOPIC)
    assert first.uuid == second.uuid != third.uuid
    assert first.replay_id < second.replay_id
    assert first.payload == second.payload


def test_a_lost_event_is_accepted_and_never_there(org, publish, texts):
    org.faults.arm("lost_events", after=1)
    assert all(each.success for each in publish("a", "lost", "b"))
    assert texts() == ["a", "b"]


def test_a_reordered_event_is_overtaken_by_the_next(org, bus, publish, texts):
    org.faults.arm("reorder_events")
    publish("first", "second", "third")
    assert texts() == ["second", "first", "third"]
    assert all(one.replay_id < other.replay_id for one, other in pairwise(bus.retained(TOPIC)))


def test_a_reordered_event_that_nothing_overtakes_comes_late(org, publish, texts, clock):
    org.faults.arm("reorder_events")
    publish("alone")
    assert texts() == []
    clock.forward(seconds=1)
    assert texts() == ["alone"]


# -- settings ------------------------------------------------------------------------------------------------------


def test_a_config_sets_the_bus(org, bus, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"bus": {"keepalive_s": 5, "daily_deliveries": 7}}')
    configure(org, path)
    assert (bus.settings.keepalive_s, bus.allowance()) == (5, 7)
