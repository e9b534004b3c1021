"""The everyday pages together: each opens, for whom it is for, with a bounded number of queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from confirmed import confirmed
from django.db import connection
from django.test.utils import CaptureQueriesContext
from portal_urls import addresses
from portal_world import make_world

from salesbridge.store.models import Change, Conflict, HeardEvent, Live

MINE = {
    "instance", "budget", "pause", "resume", "activity", "record", "log", "problems", "problems_each", "problem",
    "retry_problem", "dismiss_problem", "retry_cause", "dismiss_cause", "conflicts", "conflicts_export",
    "reconciliations", "reconciliation", "start_reconciliation", "events", "add_hook_key", "drop_hook_key",
    "event_rules", "instance_settings", "change_setting", "tenant_settings", "tenant_billing", "tenant_place",
    "tenant_paths", "tenant_model", "tenant_links", "data_model", "tenant_audit", "tenant_audit_export",
    "tenant_audit_verify", "audit", "event_mapping", "edit_event_mapping", "edit_subscription",
}  # fmt: skip
ADDRESSES = [each for each in addresses() if each.name in MINE]
#: Pages that a viewer sees; the others take a higher role.
SEEN = {
    "instance", "budget", "activity", "record", "log", "problems", "problems_each", "problem", "conflicts",
    "conflicts_export", "reconciliations", "reconciliation", "events", "instance_settings", "tenant_settings",
    "data_model", "event_mapping",
}  # fmt: skip
#: Acts of operators; what is left is the administrators'.
OPERATED = {
    "pause",
    "resume",
    "retry_problem",
    "dismiss_problem",
    "retry_cause",
    "dismiss_cause",
    "start_reconciliation",
}
#: More than any of these pages asks of the database, session and person included.
MOST_QUERIES = 32


@pytest.fixture
def world(db):
    return make_world("Kowhai")


def test_every_everyday_page_is_there():
    assert {each.name for each in ADDRESSES} == MINE


@pytest.mark.parametrize("role", ["viewer", "operator", "administrator"])
def test_a_page_opens_for_whom_it_is_for(sign_in, world, role):
    client = confirmed(sign_in(world.person(role)))
    allowed = SEEN | (OPERATED if role != "viewer" else set()) | (MINE if role == "administrator" else set())
    for each in ADDRESSES:
        answer = client.get(each.at(world.subjects))
        expected = {200, 302, 405} if each.name in allowed else {403}
        assert answer.status_code in expected, (each.name, answer.status_code)


def test_an_act_is_refused_to_a_role_that_is_too_low(sign_in, world):
    viewer, operator = (confirmed(sign_in(world.person(role))) for role in ("viewer", "operator"))
    for each in ADDRESSES:
        if each.name not in SEEN:
            assert viewer.post(each.at(world.subjects)).status_code == 403, each.name
            if each.name not in OPERATED:
                assert operator.post(each.at(world.subjects)).status_code == 403, each.name


def test_a_page_asks_the_same_few_questions_however_many_rows_there_are(sign_in, world):
    client = sign_in(world.person())
    few = _queries(client, world)
    _many_more(world)
    many = _queries(client, world)
    assert {name: count for name, count in many.items() if count > few[name] + 1} == {}
    assert {name: count for name, count in many.items() if count > MOST_QUERIES} == {}


def _queries(client, world):
    found = {}
    for each in ADDRESSES:
        if each.name in SEEN | {"tenant_audit", "audit", "event_rules", "tenant_model", "tenant_links"}:
            client.get(each.at(world.subjects))
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(each.at(world.subjects))
                assert answer.status_code in {200, 302}, each.name
                if answer.streaming:
                    b"".join(answer.streaming_content)
            found[each.name] = len(captured)
    return found


def _many_more(world):
    now = datetime.now(UTC)
    door, instance = world.door, world.instance
    for number in range(61, 161):
        door.rows(Change).create(
            instance=instance, number=number, side="billing", entity="Account", key="A-1001", record="A-1001",
            op="save", event_id=f"m{number}", origin="event", heard_at=now, outcome="applied", decided_at=now,
        )  # fmt: skip
        door.rows(Conflict).create(
            instance=instance, entity="Account", record="A-1001", field="Phone", side="billing", both=True,
            number=number, lost="x", won="y", at=now - timedelta(minutes=number),
        )  # fmt: skip
        door.rows(HeardEvent).create(event_id=f"many-{number}", type="account-updated", created_at=now, heard_at=now)
        door.problems.create(instance=instance, kind="record refused", title="t", entity="Order", key=f"O{number}")
    door.rows(Live).filter(instance=instance).update(next_number=161)
