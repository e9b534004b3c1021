"""Who may see what: every view is declared, and nobody sees anything of another tenant."""

from __future__ import annotations

import pytest
from confirmed import confirmed
from django.test import Client, RequestFactory
from portal_urls import addresses
from portal_world import make_world

from salesbridge.portal.middleware import OnlyDeclaredViews

ADDRESSES = addresses()
OF_TENANTS = [each for each in ADDRESSES if "tenant" in each.names]


@pytest.fixture
def theirs(db):
    return make_world("Quokka")


@pytest.fixture
def ours(db):
    return make_world("Kowhai")


def test_every_address_is_declared_with_who_may_see_it():
    assert [each.name for each in ADDRESSES if each.declared is None] == []
    assert len(ADDRESSES) > 40


def test_an_address_below_a_tenant_is_declared_as_a_tenants_and_no_other_is():
    declared = {each.name for each in ADDRESSES if each.declared.kind == "tenant"}
    assert declared == {each.name for each in OF_TENANTS}


def test_a_view_that_nobody_declared_is_not_run():
    request = RequestFactory().get("/")
    with pytest.raises(RuntimeError, match="not declared"):
        OnlyDeclaredViews(lambda _: None).process_view(request, lambda _: None, (), {})


def test_nobody_who_is_not_signed_in_gets_past_the_sign_in(anonymous, theirs):
    for each in ADDRESSES:
        if each.declared.kind != "public":
            for method in (anonymous.get, anonymous.post):
                answer = method(each.at(theirs.subjects))
                assert answer.status_code == 302, each.name
                assert answer["location"].startswith("/accounts/login/"), each.name


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_told_of_nothing_that_another_organisation_has(sign_in, ours, theirs, method):
    client = sign_in(ours.person())
    for each in ADDRESSES:
        answer = getattr(client, method)(each.at(theirs.subjects))
        foreign = each.names & {"tenant", "membership", "invitation"}
        if foreign and answer.status_code != 405:
            confirmed = answer.status_code == 302 and "reauthenticate" in answer["location"]
            assert answer.status_code == 404 or confirmed, each.name
        assert b"quokka" not in _body(answer).lower().replace(answer.wsgi_request.path.lower().encode(), b""), each.name
        if answer.wsgi_request.path == "/accounts/logout/":
            client.force_login(client.person)


def test_a_row_of_another_tenant_is_not_found_below_ones_own(sign_in, ours, theirs):
    client = confirmed(sign_in(ours.person()))
    own = {**theirs.subjects, "tenant": ours.subjects["tenant"]}
    for each in ADDRESSES:
        if {"tenant", "instance"} <= each.names:
            assert client.get(each.at(own)).status_code in {404, 405}, each.name


def test_a_member_sees_the_pages_of_the_own_tenant(sign_in, ours):
    client = sign_in(ours.person())
    for each in OF_TENANTS:
        if each.name != "go":
            answer = client.get(each.at(ours.subjects))
            assert answer.status_code in {200, 302, 405}, each.name


def test_a_role_that_is_too_low_is_told_so(viewer):
    answer = viewer.get("/people/")
    assert answer.status_code == 403
    assert "needs the role administrator" in answer.text


def test_a_member_for_one_tenant_sees_that_one_only(sign_in, ours, new_door):
    other = new_door(name="Another billing", organisation=ours.organisation)
    hidden = other.instances.create(name="Hidden sales", login_url="http://127.0.0.1:9")
    client = sign_in(organisation=ours.organisation, tenant=ours.door.tenant)

    assert "Hidden sales" not in client.get("/").text
    assert client.get(f"/tenants/{other.tenant_id}/instances/{hidden.pk}/").status_code == 404
    assert client.get(f"/tenants/{ours.door.tenant_id}/instances/{ours.instance.pk}/").status_code == 200
    assert client.get("/people/").status_code == 403


def test_a_person_who_was_switched_off_is_out_at_once(administrator):
    administrator.person.is_active = False
    administrator.person.save()
    assert administrator.get("/").status_code == 302


def test_a_form_without_the_pages_token_is_refused(sign_in, organisation):
    client = sign_in(organisation=organisation)
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    strict.cookies = client.cookies
    answer = strict.post("/people/invite/", {"email": "a@example.com", "role": "viewer"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.text


def test_a_call_under_another_host_name_is_refused(db):
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400


def _body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
