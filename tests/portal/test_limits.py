"""Guessing is slowed down everywhere, and nobody learns who has an account."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.cache import cache
from people_world import PASSWORD, new_person

from salesbridge.portal import people
from salesbridge.portal.roles import Role

LOGIN, RESET, AGAIN, SECOND = (
    "/accounts/login/", "/accounts/password/reset/", "/accounts/reauthenticate/", "/accounts/2fa/authenticate/",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_is_throttled_yet(db):
    cache.clear()


@pytest.fixture
def person(organisation):
    return new_person(organisation, email="olive@example.com")


def plain(text):
    return re.sub(r'csrfmiddlewaretoken" value="\w+"|csrftoken": "\w+"|nobody|olive|[0-9a-f]{32}', "", text)


def test_sign_ins_of_one_address_are_limited_whatever_it_says_of_itself(anonymous, person):
    answers = [
        anonymous.post(
            LOGIN, {"login": f"guess{n}@example.com", "password": "wrong"}, headers={"x-forwarded-for": f"10.0.0.{n}"}
        )
        for n in range(12)
    ]
    assert "Too many failed" in answers[-1].text


def test_password_resets_for_one_address_are_limited(anonymous, person):
    for _ in range(5):
        assert anonymous.post(RESET, {"email": person.email}).status_code == 302
    assert anonymous.post(RESET, {"email": person.email}).status_code == 429
    assert len(mail.outbox) == 5


def test_codes_of_the_second_factor_are_limited(anonymous, person):
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    anonymous.post(LOGIN, {"login": person.email, "password": PASSWORD})
    told = [anonymous.post(SECOND, {"code": f"{n:06}"}).text for n in range(6)]
    assert "Incorrect code" in told[0]
    assert "Too many failed" in told[-1]


def test_confirming_the_password_is_limited(administrator):
    answers = [administrator.post(AGAIN, {"password": "wrong wrong wrong"}) for _ in range(11)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429 or "Too many failed" in answers[-1].text


def test_invitations_of_one_person_are_limited(administrator):
    given = [administrator.post("/people/invite/", {"email": f"p{n}@example.com", "role": "viewer"}) for n in range(31)]
    assert {answer.status_code for answer in given[:30]} == {302}
    assert given[30].status_code == 429
    assert "Too many attempts" in given[30].text


def test_opening_invitations_is_limited(anonymous):
    answers = [anonymous.post(f"/invitations/guess{n}/") for n in range(21)]
    assert (answers[0].status_code, answers[-1].status_code) == (410, 429)


def test_a_forgotten_password_is_answered_alike_for_known_and_unknown_addresses(anonymous, person):
    known = anonymous.post(RESET, {"email": person.email}, follow=True)
    unknown = anonymous.post(RESET, {"email": "nobody@example.com"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert plain(known.text) == plain(unknown.text)
    assert [message.to for message in mail.outbox if "nobody" in message.to[0]] in ([], [["nobody@example.com"]])


def test_inviting_somebody_known_and_somebody_unknown_is_answered_alike(administrator, new_organisation):
    """Of the people of other organisations an administrator learns nothing."""
    new_person(new_organisation(), email="elsewhere@example.com")
    answers = [
        administrator.post("/people/invite/", {"email": email, "role": "viewer"}, follow=True)
        for email in ("elsewhere@example.com", "nobody@example.com")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert "elsewhere@example.com has been" not in answers[0].text.replace("nobody", "elsewhere").replace(
        answers[1].text.replace("nobody", "elsewhere"), ""
    )


def test_an_invitation_opens_once_and_only_for_whom_it_names(anonymous, administrator, organisation):
    _, link = people.invite(organisation, "new@example.com", Role.VIEWER, by="admin@example.com")
    path = link.partition("8000")[2]
    joined = {"name": "New", "password": "a long walk on the beach", "again": "a long walk on the beach"}
    assert anonymous.post(path, joined).status_code == 302
    assert administrator.get(path).status_code == 410


def test_line_breaks_in_what_people_type_make_no_lines_in_the_log(anonymous, person, capfd):
    anonymous.post(LOGIN, {"login": "a@example.com\nlevel=error event=forged", "password": "x"})
    anonymous.get("/nowhere/%0d%0aforged")
    told = capfd.readouterr()
    assert not re.search(r"^\S*forged", told.out + told.err, re.MULTILINE)


def test_line_breaks_in_what_people_type_make_no_headers(administrator):
    answer = administrator.post("/people/invite/", {"email": "a@example.com\r\nBcc: b@example.com", "role": "viewer"})
    assert answer.status_code == 200
    assert mail.outbox == []
    answer = administrator.get("/connectors/?next=%0d%0aSet-Cookie:%20evil=1")
    assert "evil" not in answer.cookies
