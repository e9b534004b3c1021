"""People of an organisation: invitations, roles, and the last administrator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from people_world import PASSWORD, new_person

from salesbridge.portal import people
from salesbridge.portal.models import Invitation, Membership, User
from salesbridge.portal.roles import Role
from salesbridge.store import audit

NEW = {"name": "Nia", "password": "a long walk on the beach", "again": "a long walk on the beach"}


@pytest.fixture
def link(organisation):
    _, url = people.invite(organisation, "Nia@example.com", Role.OPERATOR, by="ann@example.com")
    return urlsplit(url).path


def test_an_invitation_is_sent_and_its_link_is_shown_once(administrator, organisation):
    answer = administrator.post("/people/invite/", {"email": "nia@example.com", "role": "operator"}, follow=True)
    assert "nia@example.com is invited" in answer.text
    assert "/invitations/" in answer.text
    assert "/invitations/" not in administrator.get("/people/").text.replace("/people/invitations/", "")
    entry = audit.entries(organisation).get(action="person:invited")
    assert (entry.actor, entry.subject) == (administrator.person.email, "nia@example.com")


def test_somebody_new_makes_an_account_and_is_in(anonymous, organisation, link):
    answer = anonymous.post(link, NEW, follow=True)
    assert "Welcome. You are a member of Default now." in answer.text
    assert "This one" in anonymous.get("/accounts/sessions/").text
    person = User.objects.get(email="nia@example.com")
    assert list(person.memberships.values_list("organisation", "tenant", "role")) == [
        (organisation.pk, None, "operator")
    ]


def test_an_invitation_opens_once(anonymous, link):
    anonymous.post(link, NEW)
    assert anonymous.get(link).status_code == 410


def test_an_invitation_is_over_after_seven_days(anonymous, link):
    Invitation.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    answer = anonymous.get(link)
    assert (answer.status_code, "This invitation is over" in answer.text) == (410, True)


def test_only_a_hash_of_the_link_is_kept(link):
    token = link.split("/")[2]
    assert token not in str(list(Invitation.objects.values_list()))


def test_somebody_who_has_an_account_joins_only_while_signed_in_as_that_person(anonymous, sign_in, organisation, link):
    known = new_person(email="nia@example.com")
    other = sign_in(organisation=organisation)
    for client in (anonymous, other):
        client.post(link, NEW)
        assert not known.memberships.exists()
    sign_in(known).post(link)
    assert known.memberships.get().role == "operator"


def test_a_new_invitation_takes_the_place_of_the_old_one(anonymous, organisation, link):
    people.invite(organisation, "nia@example.com", Role.VIEWER, by="ann@example.com")
    assert anonymous.get(link).status_code == 410


def test_an_invitation_is_taken_back(administrator, anonymous, link):
    administrator.post(f"/people/invitations/{Invitation.objects.get().pk}/take-back/")
    assert anonymous.get(link).status_code == 410


def test_a_role_is_changed_and_written_down(administrator, organisation):
    membership = new_person(organisation, "viewer").memberships.get()
    administrator.post(f"/people/{membership.pk}/role/", {"role": "operator"})
    membership.refresh_from_db()
    assert membership.role == "operator"
    assert audit.entries(organisation).get(action="person:role_changed").detail == {"from": "viewer", "to": "operator"}


def test_the_last_administrator_stays(administrator, organisation):
    mine = administrator.person.memberships.get()
    with pytest.raises(people.PeopleError, match="only administrator"):
        people.remove(mine, by="x")
    answer = administrator.post(f"/people/{mine.pk}/role/", {"role": "viewer"}, follow=True)
    assert "is the only administrator" in answer.text
    assert Membership.objects.get(pk=mine.pk).role == "administrator"


def test_a_member_is_not_invited_twice(organisation):
    person = new_person(organisation, "viewer")
    with pytest.raises(people.PeopleError, match="member already"):
        people.invite(organisation, person.email, Role.VIEWER, by="x")


def test_a_weak_password_is_refused_with_the_invitation_still_open(anonymous, link):
    answer = anonymous.post(link, {**NEW, "password": "short", "again": "short"})
    assert "at least 12 characters" in answer.text
    assert not User.objects.exists()
    assert anonymous.get(link).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_administrator_looks_after_people(sign_in, organisation, role):
    client = sign_in(organisation=organisation, role=role)
    assert client.get("/people/").status_code == 403
    assert client.post("/people/invite/", {"email": "a@example.com", "role": "viewer"}).status_code == 403
    assert "People" not in client.get("/").text


@pytest.mark.parametrize("word", ["Kowhai", "ko-WHAI energy", "Salesbridge", "gentrack"])
def test_a_password_with_a_name_of_ones_own_in_it_is_refused(anonymous, new_organisation, word):
    _, url = people.invite(new_organisation("Kowhai Energy"), "nia@example.com", Role.OPERATOR, by="ann@example.com")
    own = f"{word} 2026, on the beach"
    answer = anonymous.post(urlsplit(url).path, {"name": "Nia", "password": own, "again": own})
    assert "which others would try first" in answer.text
    assert not User.objects.filter(email="nia@example.com").exists()


def test_a_new_password_may_not_name_the_organisation_either(anonymous, new_organisation):
    person, own = new_person(new_organisation("Kowhai Energy")), "kowhai kowhai kowhai"
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    given = {"oldpassword": PASSWORD, "password1": own, "password2": own}
    assert "which others would try first" in anonymous.post("/accounts/password/change/", given).text
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_removing_somebody_ends_their_sessions(administrator, anonymous, organisation):
    person = new_person(organisation, "operator")
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert anonymous.get("/").status_code == 200
    people.remove(person.memberships.get(), by=administrator.person.email)
    assert anonymous.get("/")["location"] == "/accounts/login/?next=/"


def test_an_administrator_signs_a_member_out_everywhere(administrator, anonymous, organisation):
    person = new_person(organisation, "operator")
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    answer = administrator.post(f"/people/{person.memberships.get().pk}/sign-out/", follow=True)
    assert "is signed out everywhere (1 session)" in answer.text
    assert anonymous.get("/")["location"] == "/accounts/login/?next=/"
    assert person.memberships.exists()
    entry = audit.entries(organisation).get(action="person:sessions_ended")
    assert (entry.actor, entry.subject) == (administrator.person.email, person.email)


def test_whoever_signs_oneself_out_everywhere_is_led_to_the_sign_in(anonymous, organisation):
    person = new_person(organisation)
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    answer = anonymous.post(f"/people/{person.memberships.get().pk}/sign-out/", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "is signed out everywhere" in answer.text


def test_whoever_removes_oneself_is_led_to_the_sign_in(anonymous, organisation):
    new_person(organisation)
    person = new_person(organisation)
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    answer = anonymous.post(f"/people/{person.memberships.get().pk}/remove/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert not person.memberships.exists()
