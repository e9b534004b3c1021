"""Events of billing surfaced in Salesforce: none lost, none silent, in order, and repeated under the same id."""

from __future__ import annotations

import json

import pytest

from salesbridge.billing.events import parse as read_event
from salesbridge.engine import prepare
from salesbridge.engine.live import points, problems
from salesbridge.engine.live.hear import hear_billing
from salesbridge.engine.surface import outbox, subscribing
from salesbridge.engine.surface.outbox import UNPUBLISHED, UNSURFACED
from salesbridge.engine.surface.preview import preview
from salesbridge.engine.surface.publish import publish
from salesbridge.store.journal import LIVE
from salesbridge.store.leases import FencedError
from salesbridge.store.models import Sale, Surfaced
from salesbridge.sync.event_mapping import MappingError, parse

TOPIC = "/event/Gentrack_Event__e"
STARTED, FINISHED, BILL = "switch-loss-started", "switch-loss-finished", "bill-ready"
BILL_MAPPING = parse({"eventType": "Bill", "externalContextId": "$.accountId"})


class DiedError(Exception):
    """The process ends here."""


def dies_at(name):
    def listener(point):
        if point == name:
            raise DiedError

    return points.watched(listener)


def published(world):
    return world.org.org.bus.values(TOPIC)


def rows(world, **filters):
    return list(world.door.rows(Surfaced).filter(**filters).order_by("number"))


def publish_now(world):
    return publish(world.site, world.fences["deliver"], world.now)


def the_problem(world, kind=UNSURFACED):
    return world.door.problems.get(kind=kind, state__in=LIVE)


def lose(world, kind=STARTED, point="0000012345TR8A1", account="A-1"):
    return world.hear_billing(kind, identifier=point, identifierType="MPAN", accountNumber=account)


def give(world, mapping=BILL_MAPPING):
    return subscribing.give(world.door, world.instance, BILL, mapping, "Ada")


def test_a_switch_loss_is_published_by_default_with_the_asset_it_is_about(linked):
    point = min(linked.rows("Asset"))
    asset = linked.row("Asset", point)
    lose(linked, point=point, account="A-7")
    assert publish_now(linked) == 1

    (event,) = published(linked)
    told = {name: value for name, value in event.items() if name.endswith("__c")}
    (row,) = rows(linked)
    assert told | {"Occurred_At__c": None} == {
        "Event_Type__c": "Switch Loss", "Event_Subtype__c": "Started", "Event_Context__c": "Service Point",
        "External_Context_Id__c": point, "External_Reference__c": "A-7", "Attributes__c": '{"identifierType": "MPAN"}',
        "Event_Id__c": row.event_id, "Occurred_At__c": None, "Record_Id__c": asset["Id"],
    }  # fmt: skip
    assert event["Occurred_At__c"] // 1000 == int(linked.now.timestamp())
    assert (row.state, row.published_as) == ("published", linked.org.org.bus.retained(TOPIC)[-1].uuid)


def test_the_account_stands_in_where_the_record_itself_is_not_linked(linked):
    account = min(linked.rows("Account"))
    lose(linked, point="unknown to Salesforce", account=account)
    publish_now(linked)
    assert published(linked)[0]["Record_Id__c"] == linked.row("Account", account)["Id"]


def test_an_event_of_an_order_names_the_order_in_salesforce_else_its_quote(world):
    subscribing.subscribe(world.door, world.instance, "contract-active", "Ada")
    for number, ids in (("O1", {"order_id": "801a", "quote_id": "0Q0a"}), ("O2", {"quote_id": "0Q0b"}), ("O3", {})):
        world.door.rows(Sale).create(
            instance=world.instance, origin="billing", order_number=number, state="active", **ids
        )
        world.hear_billing("contract-active", orderNumber=number, accountNumber="A1", status="active")
    publish_now(world)
    assert [event["Record_Id__c"] for event in published(world)] == ["801a", "0Q0b", None]


def test_what_is_not_subscribed_is_not_published(world):
    world.hear_billing("account-updated", accountNumber="A-1")
    assert rows(world) == []
    subscribing.subscribe(world.door, world.instance, "account-updated", "Ada")
    world.hear_billing("account-updated", accountNumber="A-1")
    publish_now(world)
    assert [event["Event_Type__c"] for event in published(world)] == ["Account"]


def test_events_are_published_in_the_order_of_hearing_and_more_than_one_call_takes(world, monkeypatch):
    monkeypatch.setattr("salesbridge.engine.surface.publish.MAX_COLLECTION", 3)
    for number in range(8):
        lose(world, kind=(STARTED, FINISHED)[number % 2], point=f"P{number}")
    assert publish_now(world) == 8
    assert [event["External_Context_Id__c"] for event in published(world)] == [f"P{n}" for n in range(8)]


def test_what_was_heard_after_the_round_began_waits_for_the_next(world):
    assert outbox.last(world.door, world.instance.pk) is None
    lose(world, point="P1")
    last = outbox.last(world.door, world.instance.pk)
    lose(world, point="P2")
    assert publish(world.site, world.fences["deliver"], world.now, upto=last) == 1
    assert [event["External_Context_Id__c"] for event in published(world)] == ["P1"]
    assert publish_now(world) == 1


@pytest.mark.parametrize(
    ("point", "times"),
    [("before publishing events", 1), ("after publishing events", 2), ("after writing down what was published", 1)],
)
def test_a_death_at_any_point_loses_nothing_and_a_repeat_has_the_same_id(world, point, times):
    lose(world)
    with dies_at(point), pytest.raises(DiedError):
        publish_now(world)
    publish_now(world)
    (row,) = rows(world)
    assert row.state == "published"
    assert [event["Event_Id__c"] for event in published(world)] == [row.event_id] * times


def test_an_answer_that_is_lost_makes_it_be_published_again(world):
    lose(world)
    world.org.org.faults.arm("cut_after_commit", times=1, path="composite")
    assert publish_now(world) == 0
    assert publish_now(world) == 0  # it waits a little first
    world.later(seconds=30)
    assert publish_now(world) == 1
    first, second = published(world)
    assert first["Event_Id__c"] == second["Event_Id__c"]


def test_a_worker_that_was_replaced_marks_nothing(world):
    lose(world)
    old = world.fences["deliver"]
    old.give_back()
    world.fences["deliver"] = world.take("deliver", owner="another")
    with pytest.raises(FencedError):
        publish(world.site, old, world.now)
    assert rows(world)[0].state == "waiting"
    assert publish_now(world) == 1


def test_an_event_heard_twice_is_published_once(world):
    event = {"identifier": "P1", "identifierType": "ICP", "accountNumber": "A1"}
    body = {"eventId": "e1", "eventType": STARTED, "data": event}
    for _ in range(2):
        hear_billing(world.door, [world.site], [read_event(json.dumps(body).encode())])
    publish_now(world)
    assert len(published(world)) == 1


def test_a_subscribed_event_without_a_mapping_is_a_problem_and_published_once_it_has_one(world):
    subscribing.subscribe(world.door, world.instance, BILL, "Ada")
    for account in ("A1", "A2"):
        world.hear_billing(BILL, accountId=account)
    lose(world)
    assert publish_now(world) == 1  # what comes after it goes on

    problem = the_problem(world)
    assert (problem.key, problem.cause, problem.count) == (BILL, "NO_MAPPING", 2)
    assert "has no event mapping" in problem.title
    assert {row.state for row in rows(world, type=BILL)} == {"held"}

    give(world)
    assert publish_now(world) == 2
    assert [event["External_Context_Id__c"] for event in published(world)[1:]] == ["A1", "A2"]
    problem.refresh_from_db()
    assert problem.state == "solved"


def test_a_path_that_finds_nothing_for_the_context_id_is_a_problem_and_a_better_one_solves_it(world):
    subscribing.subscribe(world.door, world.instance, BILL, "Ada")
    give(world, parse({"eventType": "Bill", "externalContextId": "$.account.number"}))
    world.hear_billing(BILL, accountId="A1")
    assert publish_now(world) == 0
    assert the_problem(world).cause == "NO_CONTEXT_ID"
    give(world)
    assert publish_now(world) == 1


@pytest.fixture
def unmapped(world):
    subscribing.subscribe(world.door, world.instance, BILL, "Ada")
    world.hear_billing(BILL, accountId="A1")
    publish_now(world)
    return the_problem(world)


def test_a_retry_without_a_mapping_tells_again_and_a_dismissal_lets_go(world, unmapped):
    problems.retry(world.door, unmapped, "Ada", world.now)
    assert rows(world)[0].state == "waiting"
    publish_now(world)
    assert the_problem(world).count == 2
    problems.dismiss(world.door, unmapped, "Ada")
    assert rows(world)[0].state == "dismissed"
    unmapped.refresh_from_db()
    assert unmapped.state == "dismissed"


def test_unsubscribing_lets_go_of_what_waits_and_keeps_the_mapping(world, unmapped):
    give(world)
    kept = subscribing.unsubscribe(world.door, world.instance, BILL, "Ada")
    assert rows(world)[0].state == "dismissed"
    assert BILL in kept.own
    assert not world.door.problems.filter(kind=UNSURFACED, state__in=LIVE).exists()
    with pytest.raises(MappingError, match="not subscribed"):
        subscribing.unsubscribe(world.door, world.instance, BILL, "Ada")


def test_what_is_let_go_of_while_it_is_taken_up_stays_dismissed(world):
    subscribing.subscribe(world.door, world.instance, BILL, "Ada")
    world.hear_billing(BILL, accountId="A1")
    lose(world)

    def meanwhile(point):
        if point == "before publishing events":
            subscribing.unsubscribe(world.door, world.instance, BILL, "Ada")

    with points.watched(meanwhile):
        assert publish_now(world) == 1
    assert [row.state for row in rows(world)] == ["dismissed", "published"]
    assert not world.door.problems.filter(kind=UNSURFACED, state__in=LIVE).exists()


def test_one_event_that_salesforce_refuses_is_held_and_the_others_go_on(world, monkeypatch):
    lose(world, point="good")
    lose(world, point="bad")
    send = type(world.site.salesforce).collections

    def spoilt(self, operation, sobject, records, external_id=None):
        wrong = [{**r, "Record_Id__c": "x" * 40} if r["External_Context_Id__c"] == "bad" else r for r in records]
        return send(self, operation, sobject, wrong, external_id)

    monkeypatch.setattr(type(world.site.salesforce), "collections", spoilt)
    assert publish_now(world) == 1
    good, bad = rows(world)
    assert (good.state, bad.state, bad.code) == ("published", "held", "STRING_TOO_LONG")
    assert the_problem(world).key == STARTED


def test_an_org_without_the_platform_event_holds_everything_with_one_problem(world):
    assert prepare.remove_package(world.person, world.door.tenant, with_data=True).success
    for number in range(3):
        lose(world, point=f"P{number}")
    assert publish_now(world) == 0
    problem = the_problem(world, UNPUBLISHED)
    assert "Validate Data Model" in problem.mend
    assert {row.state for row in rows(world)} == {"waiting"}


def test_while_salesforce_is_down_events_wait_and_go_out_in_order(world):
    world.org.org.faults.arm("unavailable", times=None)
    for number in range(3):
        lose(world, point=f"P{number}")
    for _ in range(3):
        assert publish_now(world) == 0
        world.later(minutes=5)
    assert the_problem(world, UNPUBLISHED).key == ""
    world.org.org.faults.disarm()
    assert publish_now(world) == 3
    assert [event["External_Context_Id__c"] for event in published(world)] == ["P0", "P1", "P2"]
    assert not world.door.problems.filter(kind=UNPUBLISHED, state__in=LIVE).exists()


def test_what_is_heard_while_paused_or_loading_waits(world):
    for state in ("paused", "loading"):
        world.door.rows(type(world.live)).update(state=state)
        lose(world, point=state)
    assert outbox.counts(world.door, world.instance.pk) == {"waiting": 2}
    assert outbox.with_work([world.instance.pk], world.now) == {world.instance.pk}
    assert publish_now(world) == 2


def test_a_change_of_mapping_is_told_in_the_activity(world):
    give(world)
    activity = world.door.activities.get(tag="event:mapping_changed")
    assert (activity.actor, activity.subject) == ("Ada", BILL)
    assert activity.detail["mapping"]["externalContextId"] == "$.accountId"
    assert subscribing.give(world.door, world.instance, BILL, None, "Ada").mapping(BILL) is None


def test_a_preview_is_made_of_the_event_heard_last_or_of_documented_members(linked):
    made_up = preview(linked.site, STARTED, outbox.subscriptions(linked.instance).mapping(STARTED))
    assert (made_up.heard_at, made_up.fields["External_Context_Id__c"]) == (None, "0000012345TR8A1")
    point = min(linked.rows("Asset"))
    lose(linked, point=point)
    real = preview(linked.site, STARTED, outbox.subscriptions(linked.instance).mapping(STARTED))
    assert (real.heard_at is not None, real.fields["External_Context_Id__c"]) == (True, point)
    assert real.fields["Record_Id__c"] == linked.row("Asset", point)["Id"]
    assert "no event mapping" in preview(linked.site, BILL, None).problem
    assert "finds nothing" in preview(linked.site, STARTED, BILL_MAPPING).problem
