"""Setup new instance, other credentials, and deleting an instance, against simulated systems."""

from __future__ import annotations

import pytest
from confirmed import confirmed
from journey import API_KEY

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET, PASSWORD, SECURITY_TOKEN
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.models import Inspection, Live
from salesbridge.store.secrets import open_secret

URL = "/connectors/store/setup/"


@pytest.fixture
def entered(running_org, running_billing):
    """Everything that connects a new billing system with an org by client credentials."""
    return {
        "tenant": "new", "tenant_name": "Kowhai Junifer", "product": "junifer", "base_url": running_billing.url,
        "api_user": "salesbridge", "api_key": API_KEY, "zone": "Pacific/Auckland", "name": "Retail sales",
        "auth": "client_credentials", "login_url": running_org.url, "consumer_key": CLIENT_ID,
        "consumer_secret": CLIENT_SECRET,
    }  # fmt: skip


def tenant_of(organisation):
    return Door.operator(reason="test").tenants.get(organisation=organisation, name="Kowhai Junifer")


def test_save_verifies_both_systems_and_leads_to_the_new_instance(
    administrator, entered, organisation, inspect_at_once
):
    answer = administrator.post(URL, entered, follow=True)
    door = Door(tenant_of(organisation).pk)
    instance = door.instances.get(name="Retail sales")
    assert answer.redirect_chain[-1][0] == f"/tenants/{door.tenant_id}/instances/{instance.pk}/salesforce/"
    assert "Salesforce has accepted the credentials" in answer.text
    assert instance.org_id in answer.text
    assert "has answered" in answer.text
    assert instance.notify_emails == [administrator.person.email]
    assert open_secret(door, instance.pk, "consumer_secret").get_secret_value() == CLIENT_SECRET
    assert door.rows(Inspection).get(kind="org").result["username"] in answer.text
    actions = [each.action for each in audit.entries(organisation)]
    assert {"tenant:added", "instance:added"} <= set(actions)


def test_a_wrong_secret_is_told_at_its_field_with_the_place_in_setup_and_never_shown_again(
    administrator, entered, organisation
):
    answer = administrator.post(URL, {**entered, "consumer_secret": "wrong-secret-of-mine"})
    page = answer.text
    assert answer.status_code == 200
    assert "Copy the Consumer Secret again: Setup &gt; External Client App Manager" in page
    assert 'id="id_consumer_secret_error"' in page
    for kept in ("Retail sales", CLIENT_ID):
        assert kept in page
    for hidden in ("wrong-secret-of-mine", API_KEY):
        assert hidden not in page
    tenant = tenant_of(organisation)
    assert f'<option value="{tenant.pk}" selected>' in page, "the billing system has been verified already"
    assert not Door(tenant.pk).instances.exists()


def test_a_private_key_is_never_shown_again(administrator, entered):
    pem = "-----BEGIN PRIVATE KEY-----\nnot-a-key-of-mine\n-----END PRIVATE KEY-----"
    page = administrator.post(URL, {**entered, "auth": "jwt", "username": "a@b.example", "private_key": pem}).text
    assert "not-a-key-of-mine" not in page
    assert 'id="id_private_key_error"' in page


def test_the_legacy_flow_takes_the_seven_fields(administrator, entered, organisation, inspect_at_once):
    page = administrator.get(URL).text
    for label in ("Username", "Password", "Security Token", "Consumer Key", "Consumer Secret", "Login URL", "Tenant"):
        assert label in page
    assert "Salesforce is retiring the username-password flow" in page
    legacy = {**entered, "auth": "password", "username": "admin@sandbox.example", "password": PASSWORD}
    refused = administrator.post(URL, {**legacy, "security_token": "not-the-token"}).text
    assert "Check username, password and security token" in refused
    assert PASSWORD not in refused
    assert "not-the-token" not in refused
    tenant = str(tenant_of(organisation).pk)
    done = administrator.post(URL, {**legacy, "tenant": tenant, "security_token": SECURITY_TOKEN}, follow=True)
    assert "Username and password" in done.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("login_url", "http://169.254.169.254/latest", "must start with https://"),
        ("login_url", "https://evil.example", "evil.example is not an address of Salesforce"),
        ("login_url", "https://user:word@kowhai.my.salesforce.com", "must not hold a username"),
        ("base_url", "http://169.254.169.254/", "must start with https://"),
        ("base_url", "https://user:word@billing.example", "without user, query or fragment"),
        ("zone", "Pacific/Nowhere", "is no time zone"),
        ("api_key", "wrong", "id_api_key_error"),
        ("name", "", "Enter the Name."),
        ("consumer_secret", "", "Enter the Consumer Secret."),
        ("tenant", "", "Enter the Tenant."),
    ],
)
def test_what_cannot_be_used_is_told_where_it_was_entered(administrator, entered, field, value, said):
    answer = administrator.post(URL, {**entered, field: value})
    assert answer.status_code == 200
    assert said in answer.text
    assert f'id="id_{field}_error"' in answer.text


def test_loopback_is_refused_outside_of_sandbox_mode(administrator, entered, monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_SANDBOX", "false")
    from salesbridge.settings import settings  # noqa: PLC0415 - after the environment was changed

    settings.cache_clear()
    assert "which only sandbox mode allows" in administrator.post(URL, entered).text


def test_a_tenant_of_others_cannot_be_chosen(administrator, entered, new_organisation, new_door):
    theirs = new_door(name="Their billing", organisation=new_organisation("Strangers"))
    answer = administrator.post(URL, {**entered, "tenant": str(theirs.tenant_id)})
    assert "Select a valid choice" in answer.text
    assert not theirs.instances.exists()


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_setting_up_takes_an_administrator(sign_in, organisation, role):
    assert sign_in(organisation=organisation, role=role).get(URL).status_code == 403


def test_an_administrator_of_one_tenant_connects_that_one_but_adds_none(sign_in, organisation, door):
    page = sign_in(organisation=organisation, tenant=door.tenant).get(URL).text
    assert door.tenant.name in page
    assert "Connect a new billing system" not in page


@pytest.fixture
def set_up(administrator, entered, organisation, inspect_at_once):
    """Door and instance, set up through the page; the person has just given the password."""
    administrator.post(URL, entered)
    door = Door(tenant_of(organisation).pk)
    confirmed(administrator)
    return door, door.instances.get()


def at(instance, path):
    return f"/tenants/{instance.tenant_id}/instances/{instance.pk}/{path}"


def test_changing_credentials_asks_for_the_password_first(administrator, entered, organisation, inspect_at_once):
    administrator.post(URL, entered)
    instance = Door(tenant_of(organisation).pk).instances.get()
    for path in ("salesforce/credentials/", "salesforce/delete/"):
        answer = administrator.get(at(instance, path))
        assert answer.status_code == 302
        assert answer["location"].startswith("/accounts/reauthenticate/")


def test_other_credentials_replace_the_former_ones_once_salesforce_has_accepted_them(
    administrator, entered, set_up, organisation
):
    door, instance = set_up
    url = at(instance, "salesforce/credentials/")
    assert CLIENT_SECRET not in administrator.get(url).text
    refused = administrator.post(url, {**entered, "consumer_secret": "no", "name": "Renamed"})
    assert "Not saved" in refused.text
    assert open_secret(door, instance.pk, "consumer_secret").get_secret_value() == CLIENT_SECRET

    assert administrator.post(url, {**entered, "name": "Renamed"}).status_code == 302
    assert door.instances.get().name == "Renamed"
    assert "instance:credentials_changed" in [each.action for each in audit.entries(organisation)]


def test_credentials_of_another_org_are_not_taken_unawares(administrator, entered, set_up):
    door, instance = set_up
    door.instances.filter(pk=instance.pk).update(org_id="00D000000000001AAA")
    url = at(instance, "salesforce/credentials/")
    refused = administrator.post(url, entered).text
    assert "These credentials lead to another org" in refused
    assert administrator.post(url, {**entered, "elsewhere": "on"}).status_code == 302
    assert door.instances.get().org_id == "00D000000000001AAA", "the org itself is confirmed on its own page"


def test_deleting_an_instance_takes_its_name_and_forgets_everything_of_it(administrator, set_up, organisation):
    door, instance = set_up
    door.links(instance).create(
        instance=instance, entity="Account", billing_key="A1", salesforce_id="001000000000001AAA"
    )
    run = door.runs.create(
        instance=instance, number=1, state="completed", started_by="Ada", finished_at=instance.created_at
    )
    stage = door.stages.create(run=run, position=0, entity="Account", state="done")
    door.row_errors.create(run=run, stage=stage, entity="Account", key="A2", code="BAD")
    url = at(instance, "salesforce/delete/")
    assert "1 link between records" in administrator.get(url).text
    assert "Type Retail sales to delete it" in administrator.post(url, {"word": "yes"}).text

    answer = administrator.post(url, {"word": "Retail sales"}, follow=True)
    assert "Retail sales was deleted" in answer.text
    assert not door.instances.exists()
    assert not door.links(instance).exists()
    assert not door.secrets.filter(instance=instance).exists()
    assert "instance:deleted" in [each.action for each in audit.entries(organisation)]


def test_an_instance_at_work_is_not_deleted(administrator, set_up):
    door, instance = set_up
    door.rows(Live).create(instance=instance, state="live")
    answer = administrator.post(at(instance, "salesforce/delete/"), {"word": "Retail sales"})
    assert "Pause it first" in answer.text
    assert door.instances.exists()
