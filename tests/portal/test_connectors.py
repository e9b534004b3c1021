"""My Connectors and the Connector Store."""

from __future__ import annotations

import pytest
from portal_world import make_world


def test_an_empty_list_teaches_the_first_step(administrator):
    page = administrator.get("/").text
    assert "No connectors yet" in page
    assert 'href="/connectors/store/"' in page


def test_every_instance_is_listed_with_its_state_and_problems(sign_in, db):
    world = make_world("Kowhai")
    page = sign_in(world.person("viewer")).get("/").text
    for told in ("Kowhai sales", "Kowhai sales rehearsal", "Kowhai billing", "Live", "Set up", "00D5g000004XyZEA0"):
        assert told in page
    assert "Completed with errors" in page, "the last run"
    assert "None yet" in page


def test_an_empty_list_sends_others_to_an_administrator(viewer):
    page = viewer.get("/").text
    assert "An administrator of your organisation sets one up" in page
    assert "From here to a live instance" not in page


def test_the_number_of_queries_does_not_grow_with_the_instances(sign_in, db, django_assert_max_num_queries):
    world = make_world("Kowhai")
    for number in range(20):
        world.door.instances.create(name=f"Org {number}", login_url="http://127.0.0.1:9")
    client = sign_in(world.person())
    client.get("/")  # the first page keeps the chosen organisation in the session
    with django_assert_max_num_queries(10):
        assert "Org 19" in client.get("/").text


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("operator", False), ("administrator", True)])
def test_only_administrators_are_offered_to_set_up(sign_in, organisation, role, offered):
    page = sign_in(organisation=organisation, role=role).get("/connectors/store/").text
    assert "Salesforce Sales Cloud" in page
    assert ("/connectors/store/setup/" in page) is offered


def test_somebody_of_two_organisations_chooses_where_to_work(sign_in, organisation, new_organisation):
    other = new_organisation("Other Energy")
    client = sign_in(organisation=organisation)
    client.person.memberships.create(organisation=other, role="viewer")
    assert client.get("/people/").status_code == 200
    client.post("/organisation/", {"organisation": other.pk})
    assert client.get("/people/").status_code == 403
    assert client.post("/organisation/", {"organisation": new_organisation().pk}).status_code == 404
