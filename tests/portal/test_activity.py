"""Activity: every change is found by any name of its record, a page at a time, and its story is told by field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from portal_world import make_world

from salesbridge.engine.live.names import long_id
from salesbridge.engine.live.site import site
from salesbridge.engine.live.story import story
from salesbridge.portal import journal
from salesbridge.portal.journal import Wanted, found
from salesbridge.portal.record_story import by_field
from salesbridge.store.models import Change


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/activity/"


def _numbers(world, wanted, **place):
    return [change.number for change in found(world.door, world.instance, wanted, **place).changes]


@pytest.mark.parametrize(
    "asked", ["A-1003", "Account:A-1003", long_id("0015g00000AbC03"), "0015g00000AbC03", " A-1003 "]
)
def test_a_record_is_found_by_any_of_its_names(world, asked):
    expected = [n for n in range(60, 0, -1) if n % 7 == 3]
    assert _numbers(world, Wanted(asked)) == expected


def test_changes_are_found_by_object_side_outcome_and_time(world):
    now = datetime.now(UTC)
    assert _numbers(world, Wanted("Account"))[:2] == [60, 59]
    assert _numbers(world, Wanted(entity="Contact")) == []
    assert _numbers(world, Wanted(side="billing"))[0] == 60
    assert _numbers(world, Wanted(outcome="open")) == [60, 59]
    assert all(number % 4 == 0 for number in _numbers(world, Wanted(outcome="unchanged")))
    late = _numbers(world, Wanted(since=now - timedelta(minutes=115)))
    assert late == [60, 59, 58, 57, 56, 55]
    assert _numbers(world, Wanted(until=now - timedelta(minutes=115)))[0] == 54


def test_pages_go_back_and_forth_without_a_gap(world):
    first = found(world.door, world.instance, Wanted())
    second = found(world.door, world.instance, Wanted(), before=first.older)
    assert [c.number for c in (*first.changes, *second.changes)] == list(range(60, 0, -1))
    assert (second.older, first.newer) == (0, 0)
    again = found(world.door, world.instance, Wanted(), after=second.newer)
    assert [c.number for c in again.changes] == [c.number for c in first.changes]


def test_a_search_for_what_is_rare_stops_and_goes_on(world, monkeypatch):
    monkeypatch.setattr(journal, "WINDOW", 20)
    world.door.rows(Change).filter(instance=world.instance, number=5).update(outcome="dismissed")
    seen, before, rounds = [], 0, 0
    while True:
        page = found(world.door, world.instance, Wanted(outcome="dismissed"), before=before)
        seen += [change.number for change in page.changes]
        rounds += 1
        if not page.older:
            break
        assert page.stopped
        before = page.older
    assert (seen, rounds) == ([5], 3)


def test_the_page_says_where_a_search_stopped(sign_in, world, at, monkeypatch):
    monkeypatch.setattr(journal, "WINDOW", 20)
    page = sign_in(world.person("viewer")).get(f"{at}?outcome=dismissed")
    assert "Look further back" in page.text


def test_nonsense_in_the_address_is_no_error(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    for query in ("before=x", "before=-1", "after=999999999999999999999", "since=x", "object=Nothing", "record=%00"):
        assert client.get(f"{at}?{query}").status_code == 200, query
    assert client.get(f"{at}log/?before=x&since=x").status_code == 200


def test_the_story_is_told_in_the_words_of_the_command_line(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(f"{at}record/Account/A-1001/").text
    for entry in story(site(world.door, world.instance.pk), "Account:A-1001").entries:
        first = entry.lines[0].replace("'", "&#x27;")
        assert first in page
    assert "https://kowhai.my.salesforce.com/0015g00000AbC01" in page
    assert f"/go/{world.door.tenant_id}/Account/A-1001" in page


def test_a_field_tells_who_changed_it_which_rule_decided_and_what_was_written(world):
    steps = by_field(story(site(world.door, world.instance.pk), "Account:A-1001"))["Phone"]
    first = steps[0]
    assert (first.number, first.by, first.side) == (1, "Kowhai person", "salesforce")
    assert first.claim == ("+64 9 555 0100", "+64 9 555 0101")
    assert first.rule == "Salesforce is master and has changed it"
    assert (first.written, first.value) == (("billing",), "+64 9 555 0101")
    unchanged = next(step for step in steps if step.number == 8)
    assert (unchanged.rule, unchanged.written) == ("", ())


def test_a_change_that_is_not_decided_is_told_with_its_field(world):
    steps = by_field(story(site(world.door, world.instance.pk), "Account:A-1003"))["Phone"]
    assert (steps[-1].number, steps[-1].rule, steps[-1].claim[1]) == (59, "", "+64 9 555 0159")


def test_both_sides_are_read_when_somebody_asks(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    page = f"{at}record/Account/A-1001/"
    assert "Reads the record in Salesforce and in billing" in client.get(page).text
    told = client.get(f"{page}?now=1", headers={"hx-request": "true"}).text
    assert "The sides could not be read" in told
    assert "Credentials are missing" in told
    assert "<html" not in told


def test_an_object_that_is_not_kept_in_step_is_not_found(sign_in, world, at):
    assert sign_in(world.person("viewer")).get(f"{at}record/Nothing/A-1001/").status_code == 404


def test_a_record_nobody_has_heard_of_says_so(sign_in, world, at):
    assert "Nobody has heard of it" in sign_in(world.person("viewer")).get(f"{at}record/Account/none/x/").text


def test_what_people_did_is_found_by_who_and_what(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    assert "Problem retried" in client.get(f"{at}log/").text
    assert "Run started" not in client.get(f"{at}log/?what=problem").text
    assert "Problem retried" in client.get(f"{at}log/?text=operator").text
    assert "Nothing found" in client.get(f"{at}log/?until=2020-01-01").text
