"""Problems: by cause, one by one; tried again and let go of, one and all of a cause."""

from __future__ import annotations

import pytest
from portal_world import make_world

from salesbridge.portal import clearing
from salesbridge.store import audit
from salesbridge.store.journal import raise_problem
from salesbridge.store.models import Change, Parked, Problem

CAUSE = {"kind": "record refused", "cause": "STRING_TOO_LONG", "entity": "Contact"}


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/problems/"


def _one(world, key="C-5"):
    return world.door.problems.get(instance=world.instance, key=key)


def _entries(world, action):
    return list(audit.entries(world.organisation).filter(action=action).order_by("number"))


def test_problems_stand_by_cause_the_most_frequent_first(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(at)
    first = page.context["groups"][0]["group"]
    assert (first.entity, first.count) == ("Contact", 9)
    assert "Shorten the name in billing" in page.text


def test_problems_are_found_by_record_object_and_state(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    assert _shown(client, f"{at}each/?text=C-5") == ["C-5"]
    assert len(_shown(client, f"{at}each/?object=Contact")) == 9
    assert len(_shown(client, f"{at}each/?object=Contact&state=closed")) == 3
    assert len(_shown(client, f"{at}each/?object=Contact&state=all")) == 12


def _shown(client, path):
    return [problem.key for problem, _ in client.get(path).context["rows"]]


def test_a_problem_of_the_whole_tenant_is_seen_at_its_instances(sign_in, world, at):
    raise_problem(world.door, "events cannot be checked", "Billing sends events without a key")
    client = sign_in(world.person("viewer"))
    assert "events cannot be checked" in client.get(at).text
    found = world.door.problems.get(kind="events cannot be checked")
    assert client.get(f"{at}{found.pk}/").status_code == 200


def test_a_problem_of_another_instance_is_not_found(sign_in, world, at):
    other = raise_problem(world.door, "record refused", "x", instance_id=world.fresh.pk, entity="Account", key="Z")
    client = sign_in(world.person("operator"))
    for action in ("", "dismiss/"):
        assert client.get(f"{at}{other.pk}/{action}").status_code == 404
    assert client.post(f"{at}{other.pk}/retry/").status_code == 404


def test_one_page_tells_cause_mend_record_and_since_when(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(f"{at}{_one(world).pk}/").text
    for words in ("Contact C-5 was refused", "Shorten the name", "STRING_TOO_LONG", "1 time in all", "Read both sides"):
        assert words in page
    assert ">Retry<" not in page


def test_both_sides_are_shown_when_somebody_asks(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(f"{at}{_one(world).pk}/?now=1").text
    assert "Credentials are missing" in page


def test_a_problem_is_tried_again_by_an_operator(sign_in, world, at):
    client, problem = sign_in(world.person("operator")), _one(world)
    assert "It is tried again" in client.post(f"{at}{problem.pk}/retry/", follow=True).text
    assert _one(world).state == Problem.State.RETRYING
    assert world.door.rows(Change).filter(instance=world.instance, key="C-5", origin="person").count() == 1
    entry = _entries(world, "problem:retried")[0]
    assert (entry.actor, entry.subject, entry.detail["cause"]) == (
        client.person.email,
        "Contact C-5",
        "STRING_TOO_LONG",
    )


def test_one_that_cannot_be_tried_again_says_what_to_do_and_is_not_audited(sign_in, world, at):
    problem = raise_problem(world.door, "another org", "x", instance_id=world.instance.pk, mend="Accept it.")
    page = sign_in(world.person("operator")).post(f"{at}{problem.pk}/retry/", follow=True).text
    assert "This cannot be tried again from here. Accept it. Then dismiss it." in page
    assert _entries(world, "problem:retried") == []


def test_who_dismisses_a_problem_says_why(sign_in, world, at):
    client, problem = sign_in(world.person("operator")), _one(world)
    assert "This field is required" in client.post(f"{at}{problem.pk}/dismiss/", {"reason": " "}).text
    assert _one(world).state == Problem.State.OPEN
    page = client.post(f"{at}{problem.pk}/dismiss/", {"reason": "a test record"}, follow=True).text
    assert "It was dismissed" in page
    assert "a test record" in page
    assert _one(world).state == Problem.State.DISMISSED
    assert _entries(world, "problem:dismissed")[0].detail["reason"] == "a test record"
    assert world.door.activities.get(tag="problem:dismissed").detail["reason"] == "a test record"


def test_what_waits_is_dropped_with_it(sign_in, world, at):
    problem = raise_problem(
        world.door, "record refused", "x", instance_id=world.instance.pk, entity="Contact", key="C-77"
    )
    sign_in(world.person("operator")).post(f"{at}{problem.pk}/dismiss/", {"reason": "gone"})
    assert not world.door.rows(Parked).filter(instance=world.instance, record="C-77").exists()


def test_all_of_a_cause_are_tried_again_each_with_its_entry(sign_in, world, at):
    page = sign_in(world.person("operator")).post(f"{at}cause/retry/", CAUSE, follow=True).text
    assert "9 problems were tried again" in page
    assert len(_entries(world, "problem:retried")) == 9
    assert audit.verify(world.organisation) == []


def test_all_of_a_cause_are_dismissed_for_one_reason(sign_in, world, at):
    client = sign_in(world.person("operator"))
    assert "Dismiss 9 problems of Contact STRING_TOO_LONG?" in client.get(f"{at}cause/dismiss/", CAUSE).text
    page = client.post(f"{at}cause/dismiss/", {**CAUSE, "reason": "test data"}, follow=True).text
    assert "9 problems were dismissed" in page
    assert world.door.problems.filter(cause="STRING_TOO_LONG", state="dismissed").count() == 9
    assert world.door.problems.filter(cause="DUPLICATE_VALUE", state="open").count() == 3


def test_one_click_clears_so_many_and_says_how_many_are_left(sign_in, world, at, monkeypatch):
    monkeypatch.setattr(clearing, "AT_ONCE", 4)
    client = sign_in(world.person("operator"))
    page = client.post(f"{at}cause/retry/", CAUSE, follow=True).text
    assert "4 problems were tried again" in page
    assert "5 of this cause are left" in page
    client.post(f"{at}cause/retry/", CAUSE)
    assert "1 problem was tried again" in client.post(f"{at}cause/retry/", CAUSE, follow=True).text


def test_clearing_without_a_cause_clears_nothing(sign_in, world, at):
    client = sign_in(world.person("operator"))
    before = world.door.problems.filter(state="open").count()
    assert client.post(f"{at}cause/retry/").status_code == 404
    client.post(f"{at}cause/dismiss/", {"reason": "x"})
    assert world.door.problems.filter(state="open").count() == before > 1
