"""The package that was deployed is what makes an org tell: its own triggers, event and permission sets at work."""

from __future__ import annotations

import re

import httpx2
import orjson
import pytest

from salesbridge.model import TABLE, merge
from salesbridge.package import (
    BYPASS,
    EVENT,
    FAILURE,
    PERMISSION_SET,
    TRIGGERED,
    Application,
    Callout,
    Choices,
    archive,
    removal,
    render,
    sources,
)
from salesbridge.package.apex import mapped_fields
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.metadata import DEPLOY_PREFIX
from salesbridge.sandbox.salesforce.metadata_deploy import Deploy
from salesbridge.sandbox.salesforce.metadata_deployment import Deployment, deploy_options
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.server import start_in_thread

OWN = {"Account": {"fields": {"Credit__c": {"kind": {"type": "Money"}, "billing": "credit"}}}}
SOURCES = sources(TABLE, Choices())
QUERIES = re.findall(r"\[\s*(SELECT.*?)\]", "".join(SOURCES.values()), re.DOTALL)


class Prepared:
    """A simulated org, how deployments to it went, and what it published."""

    def __init__(self):
        self.demo = demo_org()
        self.org = self.demo.org
        self.store = metadata_store(self.org)

    def deploy(self, files):
        options = deploy_options({"singlePackage": True, "rollbackOnError": True}, production=False)
        user = self.demo.integration
        deployment = Deployment(
            self.org.new_id(DEPLOY_PREFIX), options, archive(files), user.id, user.name, self.org.clock()
        )
        self.store.deployments[deployment.id] = deployment
        Deploy(self.org, self.store, deployment)()
        problems = [f"{each.name}: {each.problem.text}" for each in deployment.outcomes if each.problem]
        return deployment.status, problems

    def save(self, what, sobject, row):
        (result,) = self.org.save(what, sobject, [row], user=self.demo.person.id)
        assert result.success, result.errors
        return result.id

    def told(self):
        """Operation, object, old and new payload of every event so far."""
        events = self.org.bus.values(f"/event/{EVENT}")
        return [
            (event["Operation_Type__c"], event["Object_Type__c"], _read(event, "Old"), _read(event, "New"))
            for event in events
        ]


def _read(event, which):
    text = event.get(f"{which}_Payload__c")
    return None if text is None else orjson.loads(text)


@pytest.fixture
def prepared():
    return Prepared()


def test_deploying_the_package_makes_the_org_tell_of_every_kind_of_change(prepared):
    prepared.save("insert", "Account", {"Name": "Before"})
    assert prepared.deploy(render(TABLE)) == ("Succeeded", [])
    id_ = prepared.save("insert", "Account", {"Name": "Ada", "Phone": "1"})
    prepared.save("update", "Account", {"Id": id_, "Phone": "2"})
    prepared.save("delete", "Account", {"Id": id_})
    prepared.save("undelete", "Account", {"Id": id_})
    told = prepared.told()
    assert [each[:2] for each in told] == [(what, "Account") for what in ("insert", "update", "delete", "undelete")]
    assert (told[1][2]["Phone"], told[1][3]["Phone"]) == ("1", "2")


def test_an_event_tells_the_keys_and_of_an_update_the_changed_fields_only(prepared):
    prepared.deploy(render(TABLE))
    id_ = prepared.save("insert", "Account", {"Name": "Ada", "Phone": "1"})
    prepared.save("update", "Account", {"Id": id_, "Phone": "2", "Site": "unmapped"})
    prepared.save("update", "Account", {"Id": id_, "Site": "still unmapped"})
    (_, _, _, inserted), (_, _, old, new) = prepared.told()
    keys = {"Id", "Gentrack_External_Id__c", "SystemModstamp", "LastModifiedDate", "LastModifiedById"}
    assert set(inserted) == keys | set(mapped_fields(TABLE.by_name["Account"]))
    assert (set(old), set(new), old["Phone"], new["Phone"]) == (keys | {"Phone"}, keys | {"Phone"}, "1", "2")


def test_the_bypass_is_the_deployed_permission_of_the_user_who_saves(prepared):
    prepared.deploy(render(TABLE))
    directory, org = prepared.org.directory, prepared.org
    (granted,) = org.find("PermissionSet", "Name", BYPASS)
    assignment = {"AssigneeId": prepared.demo.person.id, "PermissionSetId": granted["Id"]}
    (made,) = org.save("insert", "PermissionSetAssignment", [assignment], user=prepared.demo.integration.id)
    prepared.save("insert", "Account", {"Name": "quiet"})
    org.save("insert", "Account", [{"Name": "loud"}], user=prepared.demo.integration.id)
    org.save("delete", "PermissionSetAssignment", [{"Id": made.id}], user=prepared.demo.integration.id)
    prepared.save("insert", "Account", {"Name": "loud again"})
    assert directory.custom_permissions(prepared.demo.person.id) == frozenset()
    assert [each[3]["Name"] for each in prepared.told()] == ["loud", "loud again"]


def test_every_object_with_a_trigger_is_heard_and_no_other(prepared):
    prepared.deploy(render(TABLE))
    heard = [name for name in prepared.org.schema.names() if prepared.org.triggers.listening(name)]
    assert sorted(heard) == sorted(TRIGGERED)
    assert {each.events for each in prepared.store.triggers.values()} == {
        frozenset(("after insert", "after update", "after delete", "after undelete"))
    }


@pytest.mark.parametrize(
    ("choices", "heard"),
    [
        (Choices(live=False), False),
        (Choices(initial_only=True), False),
        (Choices(triggers_active=False), False),
        (Choices(prefix="Acme"), True),
        (Choices(leave_out=frozenset({"Quote", "QuoteLineItem"})), True),
    ],
)
def test_only_switched_on_triggers_tell(prepared, choices, heard):
    assert prepared.deploy(render(TABLE, choices)) == ("Succeeded", [])
    prepared.save("insert", "Account", {"Name": "Ada"})
    assert bool(prepared.org.schema.sobject(EVENT) and prepared.told()) is heard


def test_everything_that_can_be_chosen_deploys_at_once(prepared):
    app = Application("integration@acme.example", prepared.demo.integration.username)
    callout = Callout("https://gateway.acme.example/", "https://gateway.acme.example/token")
    everything = Choices(list_views=True, layouts=True, application=app, connected_app=app, callout=callout)
    assert prepared.deploy(render(merge(TABLE, OWN), everything)) == ("Succeeded", [])
    kinds = {kind for kind, _ in prepared.store.files}
    assert kinds == {
        "ConnectedApp", "CustomPermission", "ExternalClientApplication", "Layout", "ListView",
        "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppOauthSettings",
    }  # fmt: skip


def test_an_app_for_a_user_who_is_not_there_is_refused(prepared):
    choices = Choices(application=Application("integration@acme.example", "nobody@acme.example"))
    status, problems = prepared.deploy(render(TABLE, choices))
    assert status == "Failed"
    assert problems == [
        "Gentrack_Connector_oauthPlcy: In field: clientCredentialsFlowUser - no User named nobody@acme.example found"
    ]


def test_the_event_is_as_the_preparation_guide_names_it(prepared):
    prepared.deploy(render(TABLE))
    event = prepared.org.schema.sobject(EVENT)
    own = {name: (field.type, field.length, field.nillable) for name, field in event.fields.items() if field.custom}
    assert (event.label, event.label_plural) == ("Gentrack Object Event", "Gentrack Object Events")
    assert prepared.store.publish_behavior[EVENT] == "PublishImmediately"
    assert own == {
        "Operation_Type__c": ("string", 64, True),
        "Object_Type__c": ("string", 64, True),
        "Old_Payload__c": ("textarea", 32_768, True),
        "New_Payload__c": ("textarea", 32_768, True),
    }


def test_the_log_of_failures_takes_what_apex_writes(prepared):
    prepared.deploy(render(TABLE))
    log = prepared.org.schema.sobject(FAILURE)
    written = set(re.findall(r"(\w+__c) = (?:event\.|1|problem)", SOURCES["GentrackCallout"]))
    assert written == {name for name, field in log.fields.items() if field.custom}
    assert log.field("Error__c").length == 255


def test_every_mapped_field_is_a_field_of_the_org(prepared):
    table = merge(TABLE, OWN)
    prepared.deploy(render(table))
    for entity in table.entities:
        sobject = prepared.org.schema.sobject(entity.name)
        assert [name for name in mapped_fields(entity) if sobject.field(name) is None] == []


def test_the_queries_of_the_apex_are_understood_by_the_org(prepared):
    prepared.deploy(render(TABLE))
    prepared.demo.org.directory.assign(prepared.demo.integration.id, PERMISSION_SET)
    ours = [query for query in QUERIES if FAILURE in query]
    assert len(ours) == 1
    plain = ours[0].replace(":MOST_ATTEMPTS", "5").replace("WITH SYSTEM_MODE", "").replace(":AT_ONCE", "50")
    with start_in_thread(prepared.org) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
        app = prepared.demo.app
        form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
        token = client.post("/services/oauth2/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.get("/services/data/v66.0/query", params={"q": " ".join(plain.split())}, headers=headers)
    assert (answer.status_code, answer.json()["totalSize"]) == (200, 0), answer.text


def test_removing_keeps_what_people_entered(prepared):
    prepared.deploy(render(TABLE))
    assert prepared.deploy(removal(TABLE)) == ("Succeeded", [])
    assert (prepared.store.classes, prepared.store.triggers, prepared.store.permission_sets) == ({}, {}, {})
    assert prepared.org.schema.sobject("Account").field("Trading_Name__c") is not None
    assert prepared.org.schema.sobject(FAILURE) is not None


def test_removing_with_the_data_leaves_the_org_as_it_was(prepared):
    before = {name: set(prepared.org.schema.sobject(name).fields) for name in prepared.org.schema.names()}
    choices = Choices(list_views=True, layouts=True)
    prepared.deploy(render(TABLE, choices))
    assert prepared.deploy(removal(TABLE, choices, with_data=True)) == ("Succeeded", [])
    assert {name: set(prepared.org.schema.sobject(name).fields) for name in prepared.org.schema.names()} == before
    assert prepared.store.files == {}


def test_removing_what_is_not_there_says_so(prepared):
    status, problems = prepared.deploy(removal(TABLE))
    assert status == "Failed"
    assert f"{BYPASS}: No CustomPermission named: {BYPASS} found" in problems
