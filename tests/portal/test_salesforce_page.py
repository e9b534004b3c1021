"""Salesforce Basic Information: org, budgets, Validate Data Model, Fix it, another org, named credentials."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from confirmed import confirmed
from journey import API_KEY
from portal_world import make_world
from pydantic import SecretStr

from salesbridge.engine import instances
from salesbridge.portal import inspections, looks
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET
from salesbridge.store import audit
from salesbridge.store.models import ApiClient, CredentialOperation, Inspection


@pytest.fixture
def connected(db, running_org, running_billing, organisation, inspect_at_once):
    """Door and instance of simulated systems that nobody has prepared."""
    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", "junifer", running_billing.url, SecretStr(API_KEY), "salesbridge", "Europe/London",
        organisation=organisation,
    )  # fmt: skip
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, CLIENT_ID, SecretStr(CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    return door, instance


def at(instance, path=""):
    return f"/tenants/{instance.tenant_id}/instances/{instance.pk}/salesforce/{path}"


def actions(organisation):
    return [each.action for each in audit.entries(organisation)]


def test_before_anything_was_asked_the_page_teaches(administrator, door, instance):
    page = administrator.get(at(instance)).text
    for told in ("Not validated yet", "API calls to Gentrack are not enabled", "Ask again", "not verified yet"):
        assert told in page


def test_asking_tells_org_user_versions_and_budgets(operator, connected):
    _, instance = connected
    page = operator.post(at(instance, "refresh/"), follow=True).text
    for told in (instance.org_id, "integration@sandbox.example", "API calls", "Event deliveries", "the org serves"):
        assert told in page


def test_a_system_that_does_not_answer_is_told_with_what_to_do(operator, door, instance, inspect_at_once):
    page = operator.post(at(instance, "refresh/"), follow=True).text
    assert "Salesforce could not be asked" in page
    assert "Enter the credentials again." in page


def test_validating_shows_every_finding_with_its_place_in_setup(operator, connected, organisation):
    _, instance = connected
    page = operator.post(at(instance, "validate/"), follow=True).text
    assert "Not valid" in page
    assert "Setup &gt; Object Manager" in page
    assert "were checked" in page
    assert "data_model:validated" in actions(organisation)
    assert "/fix/" not in page, "Fix it takes an administrator"


def test_findings_are_downloaded_as_csv_and_json(operator, connected):
    _, instance = connected
    operator.post(at(instance, "validate/"))
    lines = b"".join(operator.get(at(instance, "findings.csv")).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Severity,Object,Field or component,Finding,What to do,Where in Setup")
    told = operator.get(at(instance, "findings.json")).json()
    assert len(told["findings"]) == len(lines) - 1
    assert told["passed"] is False


def test_there_is_no_download_before_the_first_validation(viewer, instance):
    assert viewer.get(at(instance, "findings.csv")).status_code == 404


def test_fix_it_says_what_it_will_do_deploys_it_and_validates_again(administrator, connected, organisation):
    _, instance = connected
    administrator.post(at(instance, "validate/"))
    asked = administrator.get(at(instance, "fix/")).text
    assert "components will be deployed" in asked
    assert "CustomField:Account." in asked
    page = administrator.post(at(instance, "fix/"), {}, follow=True).text
    assert "Fixed" in page
    assert "components deployed" in page
    assert "CustomField:Account." in str(audit.entries(organisation).get(action="data_model:fixed").detail)
    assert (
        ">Valid<" in page or "0 errors" in page or "error" not in page.split("Fixed", 1)[1].split("</p>", 2)[1].lower()
    )


def test_one_finding_is_fixed_alone(administrator, connected):
    door, instance = connected
    administrator.post(at(instance, "validate/"))
    found = door.rows(Inspection).get(kind="data_model").result["findings"]
    one = next(each for each in found if each["fix"] and each["fix"]["deploy"])
    asked = administrator.get(at(instance, "fix/"), {"only": f"{one['code']} {one['place']}"}).text
    assert f"{len(one['fix']['deploy'])} component" in asked


@pytest.mark.parametrize(
    ("who", "path"), [("viewer", "refresh/"), ("viewer", "validate/"), ("operator", "fix/"), ("operator", "org/")]
)
def test_a_role_that_is_too_low_is_told_so(request, instance, who, path):
    assert request.getfixturevalue(who).post(at(instance, path)).status_code == 403


def test_another_org_is_shown_and_accepted_by_typing_its_id(administrator, connected, organisation):
    door, instance = connected
    theirs = instance.org_id
    instance.org_id = "00D000000000001AAA"
    instance.save()
    page = administrator.post(at(instance, "refresh/"), follow=True).text
    assert "This is another org" in page
    assert "Confirm the org" in page
    confirmed(administrator)
    url = at(instance, "org/")
    assert "Type it to accept it" in administrator.post(url, {"word": "00D000000000001AAA"}).text
    page = administrator.post(url, {"word": theirs}, follow=True).text
    assert "Accepted." in page
    assert "This is another org" not in page
    assert door.instances.get().org_id == theirs
    assert "org:confirmed" in actions(organisation)


def test_while_it_goes_on_the_page_asks_for_itself_again_and_shows_a_way_without_script(viewer, door, instance):
    door.rows(Inspection).create(instance=instance, kind="data_model", by="ada@example.com", step="Asking")
    page = viewer.get(at(instance)).text
    assert 'hx-trigger="every 1s"' in page
    assert "See how far it is" in page
    part = viewer.get(at(instance, "looking/"), headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert "Validating." in part
    assert viewer.get(at(instance, "looking/")).status_code == 302


def test_an_inspection_whose_process_is_gone_counts_as_failed_and_does_not_block(
    operator, door, instance, inspect_at_once
):
    row = door.rows(Inspection).create(instance=instance, kind="org", by="ada@example.com")
    door.rows(Inspection).filter(pk=row.pk).update(started_at=datetime.now(UTC) - timedelta(hours=1))
    assert "It was interrupted." in operator.get(at(instance)).text
    inspections.begin(door, instance, "org", lambda *_: {"name": "Kowhai Energy"}, by="ada@example.com")
    assert "Kowhai Energy" in operator.get(at(instance)).text


def test_asking_twice_at_once_is_one_inspection(door, instance, monkeypatch):
    monkeypatch.setattr(inspections, "beside", lambda _work: None)
    first = inspections.begin(door, instance, "org", looks.org, by="a@example.com")
    assert inspections.begin(door, instance, "org", looks.org, by="b@example.com").pk == first.pk


def test_only_the_last_inspections_are_kept(door, instance, inspect_at_once):
    for number in range(15):
        inspections.note(door, instance, "org", {"name": f"org {number}"}, by="a@example.com")
    assert door.rows(Inspection).count() == 10
    assert inspections.last_done(door, instance, "org").result == {"name": "org 14"}


def test_a_fault_of_ours_ends_an_inspection_too(door, instance, inspect_at_once):
    inspections.begin(door, instance, "org", lambda *_: 1 / 0, by="a@example.com")
    row = inspections.latest(door, instance)["org"]
    assert row.state == "failed"
    assert "ZeroDivisionError" in row.message


def test_the_number_of_queries_is_bounded(sign_in, db, django_assert_max_num_queries):
    world = make_world("Kowhai")
    client = sign_in(world.person())
    client.get("/")
    report = {"passed": False, "findings": [{**_finding(n)} for n in range(200)]}
    inspections.note(world.door, world.instance, "data_model", report, by="a@example.com")
    for number in range(20):
        world.door.rows(ApiClient).create(instance=world.instance, name=f"Quotes{number}", client_id=f"client-{number}")
    with django_assert_max_num_queries(16):
        assert "field 199" in client.get(at(world.instance)).text


def _finding(number):
    return {"severity": "warning", "entity": f"Object{number % 9}", "field": f"F{number}", "code": "field-missing",
            "message": f"field {number}", "mend": "Deploy.", "where": "Setup", "fix": None, "place": ""}  # fmt: skip


@pytest.fixture
def credential(door, instance):
    return door.rows(ApiClient).create(instance=instance, name="Gentrack", client_id="gentrack-client")


@pytest.mark.usefixtures("enqueued", "sandbox_settings")
def test_add_is_asked_for_with_the_password_and_begins_an_operation(administrator, door, instance, organisation):
    url = at(instance, "named-credentials/add/")
    assert administrator.get(url)["location"].startswith("/accounts/reauthenticate/")
    confirmed(administrator)
    assert "letters, digits" in administrator.post(url, {"name": "not a name!", "scope": "read"}).text
    answer = administrator.post(url, {"name": "Quotes", "scope": "read", "users": "ada@example.com"}, follow=True)
    row = door.rows(CredentialOperation).get()
    assert row.client.name == "Quotes"
    assert row.client.scopes == ["billing.read"]
    assert row.options["users"] == ["ada@example.com"]
    assert row.message in answer.text
    assert "named_credential:added" in actions(organisation)
    assert "Add: under way" in administrator.get(at(instance)).text


def test_rotate_begins_once(administrator, door, instance, credential, enqueued):
    confirmed(administrator)
    url = at(instance, f"named-credentials/{credential.pk}/rotate/")
    assert administrator.post(url, {"grace": "0"}).status_code == 302
    assert "is being worked on" in administrator.post(url, {"grace": "0"}).text
    assert door.rows(CredentialOperation).get().options["grace"] == 0.0


@pytest.mark.parametrize(("path", "action"), [("revoke/", "revoked"), ("cut-off/", "cut_off")])
def test_revoke_and_cut_off_take_the_name_and_hold_at_once(administrator, door, credential, path, action):
    confirmed(administrator)
    url = at(credential.instance, f"named-credentials/{credential.pk}/{path}")
    assert "Type Gentrack to confirm" in administrator.post(url, {"word": "gentrack"}).text
    assert administrator.post(url, {"word": "Gentrack"}).status_code == 302
    credential = door.rows(ApiClient).get()
    assert (credential.state == "revoked") is (action == "revoked")
    assert (credential.cut_off_before is not None) is (action == "cut_off")
    assert f"named_credential:{action}" in actions(door.tenant.organisation)


def test_a_credential_of_another_instance_is_not_found(administrator, door, instance, credential):
    other = door.instances.create(name="Other", login_url="http://127.0.0.1:9")
    assert administrator.get(at(other, f"named-credentials/{credential.pk}/")).status_code == 404
