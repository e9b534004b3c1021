"""Loads and going live ask the same questions as Validate Data Model, each its own part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salesbridge.engine import connections, prepare
from salesbridge.engine.live.control import readiness
from salesbridge.engine.live.site import Site
from salesbridge.engine.load.context import Work
from salesbridge.engine.load.preflight import _triggers as triggers_of_a_load
from salesbridge.engine.load.preflight import guarded
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.store.runs import begin_run


@pytest.fixture
def prepared(connected):
    door, instance = connected
    assert prepare.deploy_package(connections.salesforce(door, instance), door.tenant).success
    return Site(door, instance, door.tenant)


def of(checks, name):
    return {check.state for check in checks if check.name == name}


def switch(running_org, name, **changes):
    store = metadata_store(running_org.org)
    store.triggers[name] = replace(store.triggers[name], **changes)


def test_a_prepared_org_is_ready_as_far_as_salesforce_goes(prepared):
    checks = readiness(prepared, confirmed=True)
    assert of(checks, "Data model") == of(checks, "Salesforce triggers") == of(checks, "Salesforce") == {"passed"}


def test_an_inactive_trigger_keeps_an_instance_from_going_live_and_says_where(prepared, running_org):
    switch(running_org, "ContactTrigger", status="Inactive")
    (check,) = (c for c in readiness(prepared, confirmed=True) if c.name == "Salesforce triggers")
    assert (check.state, check.message) == ("failed", "Contact.ContactTrigger the trigger is not active")
    assert "Setup > Apex Triggers > ContactTrigger" in check.mend


def test_a_trigger_of_another_version_is_only_a_warning(prepared, running_org):
    body = metadata_store(running_org.org).triggers["AccountTrigger"].body
    switch(running_org, "AccountTrigger", body=f"// older\n{body}")
    assert of(readiness(prepared, confirmed=True), "Salesforce triggers") == {"warning", "passed"}


def test_a_load_takes_the_packages_triggers_while_its_user_bypasses_them(prepared, running_org):
    run = begin_run(prepared.door, prepared.instance.pk, state="queued", started_by="test", options={})
    work = Work(prepared.door, run.pk)
    assert of(guarded("Salesforce triggers", triggers_of_a_load, work), "Salesforce triggers") == {"failed"}
    prepare.bypass(prepared.salesforce, on=True)
    assert of(guarded("Salesforce triggers", triggers_of_a_load, work), "Salesforce triggers") == {"passed"}
    switch(running_org, "AccountTrigger", body="trigger AccountTrigger on Account (after insert) { Own.run(); }")
    assert of(guarded("Salesforce triggers", triggers_of_a_load, work), "Salesforce triggers") == {"failed"}
