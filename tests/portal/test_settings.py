"""Settings of an instance and of its tenant: checked, shown before they are saved, audited with before and after."""

from __future__ import annotations

import json

import pytest
from confirmed import confirmed
from portal_world import make_world

from salesbridge.billing import BillingError, System
from salesbridge.engine.live.options import OPTIONS
from salesbridge.model import TABLE, merge
from salesbridge.portal import masters
from salesbridge.store import audit
from salesbridge.store.secrets import open_secret, put_secret


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def tenant(world):
    return f"/tenants/{world.door.tenant_id}/"


@pytest.fixture
def instance(world, tenant):
    return f"{tenant}instances/{world.instance.pk}/settings/"


@pytest.fixture
def administrator(sign_in, world):
    return confirmed(sign_in(world.person()))


@pytest.fixture
def answering(monkeypatch):
    """A billing system that answers; who it was asked as."""
    asked = []
    monkeypatch.setattr(
        "salesbridge.engine.tenants.answering", lambda entered: asked.append(entered) or System("Junifer", "6.4.1")
    )
    return asked


def _settings(world):
    return world.door.instances.get(pk=world.instance.pk).settings


def _entry(world, action):
    return audit.entries(world.organisation).get(action=action)


def test_every_setting_stands_with_value_default_unit_and_meaning(sign_in, world, instance):
    page = sign_in(world.person("viewer")).get(instance)
    assert [line["name"] for line in page.context["lines"]] == list(OPTIONS)
    assert "600" in page.text
    assert "calls a minute" in page.text
    assert ">Change<" not in page.text


def test_a_setting_is_changed_and_audited_with_before_and_after(administrator, world, instance):
    page = administrator.post(f"{instance}calls_per_minute/", {"value": "300"}, follow=True).text
    assert "calls_per_minute is 300 now" in page
    assert _settings(world)["calls_per_minute"] == 300.0
    detail = _entry(world, "setting:changed").detail
    assert (detail["before"], detail["after"]) == (600.0, 300.0)


def test_a_dangerous_one_wants_to_be_understood(administrator, world, instance):
    page = administrator.post(f"{instance}deletes/", {"value": "unlink"}).text
    assert "nobody is asked any more" in page
    assert "deletes" not in _settings(world)
    administrator.post(f"{instance}deletes/", {"value": "unlink", "understood": "on"})
    assert _settings(world)["deletes"] == "unlink"


@pytest.mark.parametrize(
    ("name", "value"), [("calls_per_minute", "0"), ("api_reserve", "2"), ("reconcile_at", "24"), ("poll_s", "soon")]
)
def test_a_value_that_cannot_be_is_refused_in_words(administrator, world, instance, name, value):
    before = _settings(world)
    page = administrator.post(f"{instance}{name}/", {"value": value, "understood": "on"}).text
    assert f"{name} cannot be" in page
    assert _settings(world) == before


def test_a_setting_is_taken_back_to_its_default(administrator, world, instance):
    administrator.post(f"{instance}calls_per_minute/", {"act": "default"})
    assert "calls_per_minute" not in _settings(world)
    assert administrator.get(f"{instance}nothing/").status_code == 404


def test_the_password_is_asked_again_before_a_setting_or_a_secret_is_changed(sign_in, world, tenant, instance):
    client = sign_in(world.person())
    for path in (f"{instance}deletes/", f"{tenant}settings/billing/", f"{tenant}settings/model/"):
        assert "reauthenticate" in client.get(path)["location"]


def test_billing_is_asked_before_new_credentials_are_kept(administrator, world, tenant, answering):
    told = {"base_url": "http://127.0.0.1:9/v2", "username": "sync", "api_key": "s3cret-of-billing"}
    page = administrator.post(f"{tenant}settings/billing/", told, follow=True).text
    assert "Junifer 6.4.1 answered" in page
    assert "s3cret-of-billing" not in page
    assert answering[0].api_key.get_secret_value() == "s3cret-of-billing"
    assert open_secret(world.door, None, "api_key").get_secret_value() == "s3cret-of-billing"
    entry = _entry(world, "tenant:billing_changed")
    assert entry.detail["key_replaced"] is True
    assert entry.detail["base_url"] == {"before": "http://127.0.0.1:9", "after": "http://127.0.0.1:9/v2"}
    assert "s3cret" not in str([*audit.entries(world.organisation).values_list("detail", flat=True)])


def test_a_key_that_is_refused_changes_nothing(administrator, world, tenant, monkeypatch):
    def refuse(_entered):
        raise BillingError("The key is refused.", kind="authentication", code="401", mend="Copy it again.")

    monkeypatch.setattr("salesbridge.engine.tenants.answering", refuse)
    told = {"base_url": "http://127.0.0.1:9/v2", "username": "", "api_key": "wrong-key-of-billing"}
    page = administrator.post(f"{tenant}settings/billing/", told).text
    assert "The key is refused. Copy it again." in page
    assert "wrong-key-of-billing" not in page
    assert world.door.tenant.base_url == "http://127.0.0.1:9"


def test_the_old_key_is_never_sent_to_another_address(administrator, world, tenant, answering):
    put_secret(world.door, None, "api_key", "old-key")
    page = administrator.post(f"{tenant}settings/billing/", {"base_url": "http://127.0.0.1:8", "username": ""}).text
    assert "the old one is not sent there" in page
    assert answering == []


def test_an_address_that_is_not_allowed_is_refused(administrator, world, tenant):
    told = {"base_url": "http://169.254.169.254/latest", "username": "x", "api_key": "k"}
    administrator.post(f"{tenant}settings/billing/", told)
    assert world.door.tenant.base_url == "http://127.0.0.1:9"


def test_time_and_place_are_checked(administrator, world, tenant):
    path = f"{tenant}settings/place/"
    assert "is no time zone" in administrator.post(path, {"zone": "Mars/Base", "country": "NZ"}).text
    assert "is no country code" in administrator.post(path, {"zone": "UTC", "country": "N1"}).text
    administrator.post(path, {"zone": "Australia/Sydney", "country": "au"})
    assert (world.door.tenant.zone, world.door.tenant.country) == ("Australia/Sydney", "AU")
    assert _entry(world, "tenant:place_changed").detail["country"] == {"before": "NZ", "after": "AU"}


def test_paths_are_tried_before_they_are_kept(administrator, world, tenant, answering):
    put_secret(world.door, None, "api_key", "k")
    path = f"{tenant}settings/paths/"
    assert "Did you mean" in administrator.post(path, {"text": '{"customer.lst": "/people"}'}).text
    administrator.post(path, {"text": '{"customer.list": "/people"}'})
    assert answering[0].path_overrides == {"customer.list": "/people"}
    assert world.door.tenant.path_overrides == {"customer.list": "/people"}


def test_masters_are_previewed_field_by_field_and_saved_on_a_second_word(administrator, world, tenant):
    path = f"{tenant}settings/model/"
    wanted = {"Account": {"fields": {"Phone": {"master": "billing"}, "Fax": None}}}
    page = administrator.post(path, {"text": json.dumps(wanted), "act": "try"})
    found = {(each.field, each.what): each for each in page.context["differences"]}
    assert (found["Phone", "master"].before, found["Phone", "master"].after) == ("salesforce", "billing")
    assert "changes made in Salesforce are put back" in found["Phone", "master"].then
    assert found["Fax", "left out"].after == ""
    assert ("Kowhai sales", "Account", 7, False) in page.context["linked"]
    assert world.door.tenant.model_overrides != wanted
    administrator.post(path, {"text": json.dumps(wanted), "act": "save"})
    assert world.door.tenant.model_overrides == wanted
    assert _entry(world, "tenant:model_changed").detail["Account.Fax"] == {
        "before": {"master": "billing"}, "after": "left out"
    }  # fmt: skip


def test_the_master_of_one_field_is_chosen_from_a_list(administrator, world, tenant):
    path = f"{tenant}settings/model/"
    page = administrator.post(path, {"act": "one", "field": "Account.Phone", "choice": "billing"})
    assert [(each.field, each.after) for each in page.context["differences"]] == [("Phone", "billing")]
    assert page.context["form"].cleaned_data["text"]["Account"]["fields"]["Fax"] == {"master": "billing"}
    back = administrator.post(path, {"act": "one", "field": "Account.Fax", "choice": "product"})
    assert back.context["form"].cleaned_data["text"] == {}


@pytest.mark.parametrize(
    "text",
    ['{"Nothing": {}}', '{"Account": {"fields": {"Phone": {"master": "nobody"}}}}', "{", "[]", '{"Account": 5}',
     '{"Account": {"fields": [1]}}', '{"Account": {"fields": {"Phone": 5}}}', "[" * 90_000],
)  # fmt: skip
def test_a_model_that_cannot_be_is_refused_in_words(administrator, world, tenant, text):
    before = world.door.tenant.model_overrides
    answer = administrator.post(f"{tenant}settings/model/", {"text": text, "act": "save"})
    assert (answer.status_code, "error" in answer.text) == (200, True)
    assert world.door.tenant.model_overrides == before


def test_a_new_field_tells_what_first_contact_does():
    own = {"Account": {"fields": {"Rating__c": {"kind": {"type": "Text", "length": 9}, "billing": "rating"}}}}
    (found,) = masters.differences(TABLE, merge(TABLE, own))
    assert (found.what, found.field) == ("added", "Rating__c")
    assert "Where Salesforce holds nothing, billing's value goes there" in found.then


def test_link_templates_are_shown_with_a_record_before_they_are_saved(administrator, world, tenant):
    path = f"{tenant}settings/links/"
    page = administrator.post(path, {"act": "try", "Account": "https://billing.example/a/{key}"}).text
    assert "https://billing.example/a/A-1000" in page
    assert "Account" not in world.door.tenant.link_templates
    assert "is no placeholder" in administrator.post(path, {"act": "save", "Account": "https://x.example/{what}"}).text
    administrator.post(path, {"act": "save", "Account": "https://billing.example/a/{key}"})
    assert world.door.tenant.link_templates == {"Account": "https://billing.example/a/{key}"}
    assert set(_entry(world, "tenant:links_changed").detail) == {"Account", "*"}
    assert "{base}/#/customers/{key}" in administrator.post(path, {"act": "assume"}).text


def test_the_data_model_is_searched_by_field_object_and_master(sign_in, world, tenant):
    client = sign_in(world.person("viewer"))
    assert _fields(client, f"{tenant}model/?text=mobile") == [("Contact", "MobilePhone")]
    assert {master for *_, master in _masters(client, f"{tenant}model/?master=billing")} == {"billing"}
    assert _fields(client, f"{tenant}model/?own=on") == [("Account", "Fax")]
    assert "Nothing found" in client.get(f"{tenant}model/?text=no-such-field").text


def _fields(client, path):
    return [(line.entity, line.field) for line in client.get(path).context["lines"]]


def _masters(client, path):
    return [(line.entity, line.field, line.master) for line in client.get(path).context["lines"]]


def test_every_column_of_the_model_is_there(sign_in, world, tenant):
    assert sign_in(world.person("viewer")).get(f"{tenant}model/").context["total"] > 60


def test_a_context_link_leads_to_billing_for_members_and_explains_itself_otherwise(sign_in, stranger, world):
    path = f"/go/{world.door.tenant_id}/Account/A-1001"
    client = sign_in(world.person("viewer"))
    assert client.get(path)["location"] == "https://billing.example/#/accounts/A-1001"
    assert stranger.get(path).status_code == 404
    tenant = world.door.tenant
    tenant.link_templates = {}
    tenant.save()
    answer = client.get(path)
    assert (answer.status_code, "An administrator says where records are" in answer.text) == (404, True)


def test_the_tenants_own_audit_is_filtered_exported_and_verified(administrator, world, tenant):
    audit.write(world.organisation, "ann@example.com", "person:invited", "not of the tenant")
    audit.write(world.door, "=ann@example.com", "problem:dismissed", "A-1")
    page = administrator.get(f"{tenant}audit/").text
    assert ("A-1" in page, "not of the tenant" in page) == (True, False)
    found = administrator.get(f"{tenant}audit/?action=problem:dismissed").context["found"]
    assert [entry.action for entry, _ in found] == ["problem:dismissed"]
    assert "The chain holds" in administrator.post(f"{tenant}audit/verify/", follow=True).text
    table = b"".join(administrator.get(f"{tenant}audit/export/?as=csv").streaming_content).decode()
    assert "'=ann@example.com" in table
    assert _entry(world, "audit:exported").tenant_id == world.door.tenant_id
