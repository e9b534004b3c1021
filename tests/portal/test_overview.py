"""The overview: the same figures as the command line, what stands in the way, pausing and resuming."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from portal_world import make_world

from salesbridge.engine.live.status import standing
from salesbridge.portal.trends import HOURS, trends
from salesbridge.store import audit
from salesbridge.store.hours import by_hour, next_number, number_at
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Change, Lease, Live


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/"


def _set(world, **values):
    world.door.rows(Live).filter(instance=world.instance).update(**values)


def test_the_figures_are_those_of_status(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(at)
    told = standing(world.door, world.instance, datetime.now(UTC))
    assert page.context["flow"].backlog == told.flow.backlog == 2
    assert page.context["standing"].problems == told.problems
    assert page.context["flow"].conflicts == told.flow.conflicts
    assert "23,410 of 100,000" in page.text


def test_each_reason_why_nothing_goes_through_is_told(sign_in, world, at):
    client, now = sign_in(world.person("viewer")), datetime.now(UTC)
    assert "notice tone-bad" not in client.get(at).text
    _set(world, held_until=now + timedelta(minutes=5), held_reason="Billing is down.")
    assert "Billing is down. Tried again by itself" in client.get(at).text
    _set(world, gap_since=now - timedelta(hours=1), gap_reason="the stream was cut")
    assert "may have been missed: the stream was cut" in client.get(at).text
    raise_problem(world.door, "another org", "The credentials lead to another org", instance_id=world.instance.pk)
    assert "The credentials lead to another org" in client.get(at).text
    world.door.rows(Lease).filter(instance=world.instance).delete()
    assert "No worker looks after this instance" in client.get(at).text


def test_a_pause_that_is_over_and_a_hold_that_has_ended_are_not_told(sign_in, world, at):
    _set(world, held_until=datetime.now(UTC) - timedelta(seconds=1), held_reason="Billing was down.")
    assert "Billing was down" not in sign_in(world.person("viewer")).get(at).text


def test_an_operator_pauses_and_resumes_and_it_is_audited(sign_in, world, at):
    client = sign_in(world.person("operator"))
    assert "Delivery stops in both directions" in client.get(f"{at}pause/").text
    told = client.post(f"{at}pause/", {"reason": "billing is migrated"}, follow=True).text
    assert "is paused" in told
    assert "Nothing is delivered since" in told
    client.post(f"{at}resume/")
    assert world.door.rows(Live).get(instance=world.instance).state == "live"
    found = audit.entries(world.organisation).filter(action__startswith="instance:").order_by("number")
    assert [(e.action, e.detail.get("reason")) for e in found][-2:] == [
        ("instance:paused", "billing is migrated"), ("instance:resumed", None)
    ]  # fmt: skip
    assert found.last().actor == client.person.email


def test_a_wrong_moment_is_told_and_leaves_no_entry(sign_in, world, at):
    client = sign_in(world.person("operator"))
    _set(world, state="loading")
    assert "is loading: this cannot be done now" in client.post(f"{at}pause/", follow=True).text
    assert not audit.entries(world.organisation).filter(action="instance:paused").exists()


def test_a_viewer_sees_no_button_to_pause(sign_in, world, at):
    assert "Pause" not in sign_in(world.person("viewer")).get(at).text
    assert "Pause" in sign_in(world.person("operator")).get(at).text


def test_the_figures_alone_are_sent_to_a_page_that_renews_them(sign_in, world, at):
    answer = sign_in(world.person("viewer")).get(at, headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert "Backlog" in answer.text


def test_an_instance_that_has_just_been_set_up_says_what_comes_next(sign_in, world):
    path = f"/tenants/{world.door.tenant_id}/instances/{world.fresh.pk}/"
    assert "The initial data synchronisation comes first" in sign_in(world.person("viewer")).get(path).text


def test_the_hours_add_up_to_what_was_heard(world):
    now = datetime.now(UTC)
    found = trends(world.door, world.instance, now)
    since = found.hours[0]
    rows = world.door.rows(Change).filter(instance=world.instance, heard_at__gte=since)
    assert len(found.hours) == HOURS
    assert sum(found.from_salesforce) == rows.filter(side="salesforce").count()
    assert sum(found.from_billing) == rows.filter(side="billing").count()
    assert sum(found.to_billing) == rows.filter(side="salesforce", outcome="applied").count()
    assert max(found.slowest_s) == pytest.approx(5.0)
    assert not found.cut


@pytest.mark.parametrize("back", [0, 1, 30, 600, 1298, 5000])
def test_a_moment_is_found_in_the_journal_by_halving(world, back):
    at = datetime.now(UTC) - timedelta(minutes=back)
    rows = world.door.rows(Change).filter(instance=world.instance, heard_at__gte=at).order_by("number")
    expected = rows.values_list("number", flat=True).first() or next_number(world.door, world.instance.pk)
    assert number_at(world.door, world.instance.pk, at) == expected


def test_a_journal_whose_beginning_was_taken_away_is_searched_as_well(world):
    rows = world.door.rows(Change).filter(instance=world.instance)
    rows.filter(number__lte=40).delete()
    assert number_at(world.door, world.instance.pk, datetime.now(UTC) - timedelta(days=9)) == 41
    assert number_at(world.door, world.fresh.pk, datetime.now(UTC)) == 1


def test_no_more_than_the_last_changes_are_counted_and_that_is_told(world, monkeypatch):
    monkeypatch.setattr("salesbridge.store.hours.MOST", 10)
    found = trends(world.door, world.instance, datetime.now(UTC))
    assert found.cut
    assert 10 <= sum(found.from_salesforce) + sum(found.from_billing) < 20


def test_an_hour_that_is_over_is_counted_once(world, django_assert_num_queries):
    now = datetime.now(UTC)
    before = trends(world.door, world.instance, now)
    with django_assert_num_queries(5):
        assert trends(world.door, world.instance, now) == before


def test_another_tenants_journal_is_never_looked_at(world, new_door):
    hours = [datetime.now(UTC) - timedelta(hours=back) for back in range(30, -1, -1)]
    assert by_hour(new_door(), world.instance.pk, hours) == ([], False)
    assert number_at(new_door(), world.instance.pk, datetime.now(UTC)) == 1


def test_the_budget_is_told_as_it_was_heard_until_salesforce_is_asked(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    assert "23,410 of 100,000" in client.get(f"{at}budget/").text
    assert "Salesforce could not be asked" in client.get(f"{at}budget/?ask=now").text
