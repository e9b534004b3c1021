"""Preparing an org at the command line: write the package, deploy it, take it away."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from salesbridge.engine import connections, instances
from salesbridge.engine.prepare import install
from salesbridge.package import BYPASS, EVENT, FAILURE, PERMISSION_SET
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.salesforce import demo
from salesbridge.sandbox.salesforce.metadata_apex import Apex
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.server import start_in_thread
from salesbridge.settings import settings

OWN_HANDLER = "public virtual class TriggerHandler { public virtual void run() { } }"


@pytest.fixture
def prepared(environment, new_door, monkeypatch):
    """An instance whose org was never prepared."""
    monkeypatch.setenv("SALESBRIDGE_SANDBOX", "true")
    settings.cache_clear()
    made = demo.demo_org()
    with start_in_thread(made.org) as served:
        door = new_door(name="Retailer")
        app = ClientCredentials(served.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
        instance, _ = instances.add_instance(door, "sales", app, by="test")
        store = metadata_store(made.org)
        yield SimpleNamespace(org=made.org, store=store, made=made, door=door, instance=instance)


@pytest.fixture
def own(prepared):
    """Apex of the customer's own."""

    def add(**classes):
        made = {name: Apex(name, text, 66.0, "Active") for name, text in classes.items()}
        prepared.store.classes = prepared.store.classes | made

    return add


def saved(prepared, **values):
    (result,) = prepared.org.save("insert", "Account", [values], user=prepared.made.person.id)
    assert result.success


def told(prepared):
    return [json.loads(each["New_Payload__c"])["Name"] for each in prepared.org.bus.values(f"/event/{EVENT}")]


def shape(org):
    return {name: set(org.schema.sobject(name).fields) for name in org.schema.names()}


# -- package ---------------------------------------------------------------------------------------------------------


def test_a_package_is_written_in_both_layouts_with_its_removal(run, run_json, tmp_path):
    folder = tmp_path / "org"
    assert "salesbridge salesforce deploy INSTANCE" in run("salesforce", "package", "--out", folder)
    archives = {path.name: zipfile.ZipFile(io.BytesIO(path.read_bytes())).namelist() for path in folder.glob("*.zip")}
    assert "triggers/AccountTrigger.trigger" in archives["salesbridge.zip"]
    assert archives["salesbridge-removal.zip"] == ["destructiveChangesPre.xml", "package.xml"]
    assert "destructiveChangesPost.xml" in archives["salesbridge-removal-with-data.zip"]
    assert (folder / "force-app/main/default/triggers/AccountTrigger.trigger").is_file()
    told = run_json("salesforce", "package", "--out", tmp_path / "other", "--no-source", "--no-removal")
    assert told["files"] == ["salesbridge.zip"]


def test_writing_again_replaces_what_was_written_and_keeps_the_rest(run, tmp_path):
    folder = tmp_path / "org"
    run("salesforce", "package", "--out", folder, "--prefix", "Acme")
    (folder / "notes.txt").write_text("mine")
    run("salesforce", "package", "--out", folder)
    names = {path.name for path in folder.rglob("*.trigger")}
    assert "AccountTrigger.trigger" in names
    assert not any(name.startswith("Acme") for name in names)
    assert (folder / "notes.txt").read_text() == "mine"


def test_writing_less_again_leaves_no_empty_folders(run, tmp_path):
    folder = tmp_path / "org"
    run("salesforce", "package", "--out", folder)
    run("salesforce", "package", "--out", folder, "--no-source", "--no-removal")
    assert sorted(path.name for path in folder.iterdir()) == [".salesbridge-files", "salesbridge.zip"]


def test_a_folder_that_holds_something_else_is_left_alone(run, tmp_path):
    (tmp_path / "theirs.txt").write_text("theirs")
    shown = run("salesforce", "package", "--out", tmp_path, code=2)
    assert "theirs.txt, which this command has not written" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


def test_every_choice_has_its_option(run, tmp_path):
    folder = tmp_path / "org"
    words = ["--prefix", "Acme", "--triggers-inactive", "--list-views", "--layouts", "--leave-out", "Quote"]
    words += ["--leave-out", "QuoteLineItem", "--application", "external-client-app", "--contact-email", "a@b.example"]
    words += ["--run-as", "me@b.example", "--callout", "https://gate.example/", "--token-url", "https://gate.example/t"]
    run("salesforce", "package", "--out", folder, *words)
    main = folder / "force-app/main/default"
    assert "<status>Inactive</status>" in (main / "triggers/AcmeAccountTrigger.trigger-meta.xml").read_text()
    assert (main / "objects/Account/listViews/Gentrack_Records.listView-meta.xml").is_file()
    assert not (main / "objects/Quote").exists()
    assert {"layouts", "externalClientApps", "namedCredentials"} <= {path.name for path in main.iterdir()}
    assert "me@b.example" in next(main.glob("extlClntAppOauthPolicies/*")).read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--application", "connected-app"], "needs one to be contacted at"),
        (["--prefix", "9"], "must be letters and digits"),
        (["--leave-out", "Nope"], "the data model has no such object"),
        (["--callout", "http://gate.example"], "is not an https address"),
    ],
)
def test_a_choice_that_no_org_could_take_is_refused(run, tmp_path, words, said):
    assert said in run("salesforce", "package", "--out", tmp_path / "org", *words, code=2)
    assert not (tmp_path / "org").exists()


# -- deploy ----------------------------------------------------------------------------------------------------------


def test_an_unprepared_org_tells_of_saves_once_the_package_is_deployed(run, prepared):
    saved(prepared, Name="before")
    shown = run("salesforce", "deploy", "sales")
    assert "succeeded" in shown
    saved(prepared, Name="after")
    assert told(prepared) == ["after"]
    assert PERMISSION_SET in prepared.made.integration.permission_sets
    assert prepared.door.activities.filter(tag="package:deployed").count() == 1


def test_a_check_changes_nothing(run_json, prepared):
    before = shape(prepared.org)
    found = run_json("salesforce", "deploy", "sales", "--check-only")
    assert (found["success"], found["check_only"], found["findings"]) == (True, True, [])
    assert found["components"]["deployed"] == found["components"]["total"] > 50
    assert (shape(prepared.org), prepared.store.classes) == (before, {})
    assert PERMISSION_SET not in prepared.made.integration.permission_sets
    assert not prepared.door.activities.filter(tag="package:deployed").exists()


def test_a_second_deployment_is_as_good_as_the_first(run, prepared):
    run("salesforce", "deploy", "sales")
    run("salesforce", "deploy", "sales")


def test_a_bad_component_is_told_with_what_to_do(run, run_json, prepared):
    prepared.org.settings.quotes_enabled = False
    prepared.org.schema.remove_sobject("Quote")
    found = run_json("salesforce", "deploy", "sales", code=1)
    assert (found["success"], found["status"]) == (False, "Failed")
    lacking = [each for each in found["findings"] if each["component"] == "Quote.Gentrack_External_Id__c"]
    assert [each["file"] for each in lacking] == ["objects/Quote.object"]
    assert "--leave-out Quote" in lacking[0]["mend"]
    shown = run("salesforce", "deploy", "sales", code=1)
    assert "CustomField Quote.Gentrack_External_Id__c (objects/Quote.object:" in shown
    assert "What to do: Switch quotes on" in shown
    assert "nothing has changed" in shown
    assert prepared.store.classes == {}


def in_production(prepared):
    prepared.org.settings.sandbox = False
    (organisation,) = prepared.org.find("Organization", "Id", prepared.org.id)
    prepared.org.seed("Organization", {**organisation, "IsSandbox": False})


def test_in_production_the_tests_of_the_package_run(run_json, run, prepared):
    in_production(prepared)
    found = run_json("salesforce", "deploy", "sales")
    assert found["tests"]["done"] == found["tests"]["total"] > 20
    assert found["coverage"] == 100.0
    assert "% of the Apex covered" in run("salesforce", "deploy", "sales")


def test_only_fields_need_no_tests_in_production(run_json, prepared):
    in_production(prepared)
    assert run_json("salesforce", "deploy", "sales", "--initial")["tests"]["total"] == 0


def test_a_failed_apex_test_is_a_finding_and_nothing_changes(run_json, prepared):
    message = "System.DmlException: FIELD_CUSTOM_VALIDATION_EXCEPTION, a phone is needed"
    prepared.store.settings.failing_tests["GentrackAccountTest.aClearedFieldIsToldAsNull"] = message
    found = run_json("salesforce", "deploy", "sales", "--run-tests", code=1)
    (finding,) = found["findings"]
    assert (finding["type"], finding["component"]) == ("ApexTest", "GentrackAccountTest.aClearedFieldIsToldAsNull")
    assert (finding["problem"], finding["line"]) == (message, 1)
    assert "validation rule" in finding["mend"]
    assert prepared.store.classes == {}
    assert run_json("salesforce", "deploy", "sales")["tests"]["total"] == 0, "not asked for in a sandbox org"


# -- Apex of the customer's own --------------------------------------------------------------------------------------


def test_a_handler_of_their_own_is_protected_until_a_prefix_is_chosen(run, prepared, own):
    own(TriggerHandler=OWN_HANDLER)
    shown = run("salesforce", "deploy", "sales", code=2)
    assert "ApexClass TriggerHandler" in shown
    assert "--prefix" in shown
    assert prepared.store.classes["TriggerHandler"].body == OWN_HANDLER
    run("salesforce", "deploy", "sales", "--prefix", "Gt")
    assert prepared.store.classes["TriggerHandler"].body == OWN_HANDLER
    saved(prepared, Name="heard")
    assert told(prepared) == ["heard"]


def test_a_handler_of_their_own_is_replaced_when_that_is_said(run, prepared, own):
    own(TriggerHandler=OWN_HANDLER)
    run("salesforce", "deploy", "sales", "--yes")
    assert "GentrackCallout" in prepared.store.classes["TriggerHandler"].body


def test_a_trigger_to_which_they_added_something_is_protected(run, prepared):
    run("salesforce", "deploy", "sales")
    store = prepared.store
    ours = store.triggers["AccountTrigger"]
    added = replace(ours, body=ours.body.replace("TriggerHandler.run();", "TriggerHandler.run();\n    Theirs.run();"))
    store.triggers = store.triggers | {"AccountTrigger": added}
    shown = run("salesforce", "deploy", "sales", code=2)
    assert "ApexTrigger AccountTrigger" in shown
    assert "ContactTrigger" not in shown


def test_fields_alone_meet_no_apex(run, own, prepared):
    own(TriggerHandler=OWN_HANDLER)
    run("salesforce", "deploy", "sales", "--initial")
    assert prepared.store.classes["TriggerHandler"].body == OWN_HANDLER


def test_removing_spares_a_handler_of_their_own(run, prepared, own):
    run("salesforce", "deploy", "sales", "--prefix", "Gt")
    own(TriggerHandler=OWN_HANDLER)
    shown = run("salesforce", "deploy", "sales", "--remove", code=2)
    assert "with which you deployed" in shown
    run("salesforce", "deploy", "sales", "--remove", "--prefix", "Gt")
    assert set(prepared.store.classes) == {"TriggerHandler"}


# -- and away again --------------------------------------------------------------------------------------------------


def test_removing_takes_away_exactly_what_was_brought(run, prepared):
    before = shape(prepared.org)
    run("salesforce", "deploy", "sales", "--list-views")
    run("salesforce", "deploy", "sales", "--remove", "--list-views")
    assert (prepared.store.classes, prepared.store.triggers, prepared.store.permission_sets) == ({}, {}, {})
    assert set(prepared.store.files) == {("ListView", f"{FAILURE}.All_Failures")}, "which stays with its object"
    assert {EVENT, FAILURE} <= set(shape(prepared.org))
    assert "Gentrack_External_Id__c" in shape(prepared.org)["Account"]
    run("salesforce", "deploy", "sales", "--remove", "--with-data", "--list-views")
    assert (shape(prepared.org), prepared.store.files) == (before, {})
    tags = ["package:deployed", "package:removed", "package:removed"]
    assert (
        list(prepared.door.activities.filter(tag__startswith="package").order_by("at").values_list("tag", flat=True))
        == tags
    )


def test_a_removal_can_be_checked_although_somebody_holds_the_permission_sets(run, prepared):
    run("salesforce", "deploy", "sales")
    before = shape(prepared.org)
    assert "would be removed" in run("salesforce", "deploy", "sales", "--remove", "--with-data", "--check-only")
    assert shape(prepared.org) == before
    assert PERMISSION_SET in prepared.made.integration.permission_sets
    assert prepared.store.classes


def test_a_removal_that_fails_gives_the_permission_sets_back(run, prepared, own):
    run("salesforce", "deploy", "sales")
    own(Theirs="public class Theirs { Object o = GentrackMapping.BYPASS; }")
    shown = run("salesforce", "deploy", "sales", "--remove", code=1)
    assert "Remove the usage and try again. : Apex Class - Theirs" in shown
    assert PERMISSION_SET in prepared.made.integration.permission_sets
    saved(prepared, Name="still heard")
    assert told(prepared) == ["still heard"]


def test_data_goes_with_a_removal_only(run):
    assert "belongs to --remove" in run("salesforce", "deploy", "sales", "--with-data", code=2)


# -- the bypass, and Ctrl-C ------------------------------------------------------------------------------------------


def test_the_bypass_silences_the_connector_and_nobody_else(run, prepared):
    run("salesforce", "deploy", "sales")
    org = connections.salesforce(prepared.door, prepared.instance)
    run("salesforce", "bypass", "sales", "on")
    run("salesforce", "bypass", "sales", "on")
    assert BYPASS in prepared.made.integration.permission_sets
    org.create("Account", {"Name": "quiet"})
    saved(prepared, Name="loud")
    run("salesforce", "bypass", "sales", "off")
    org.create("Account", {"Name": "loud again"})
    assert told(prepared) == ["loud", "loud again"]
    assert "neither on nor off" in run("salesforce", "bypass", "sales", "maybe", code=2)


def test_an_interruption_cancels_the_deployment_in_salesforce(run_json, prepared, monkeypatch):
    prepared.store.settings.component_seconds = 0.05
    waits = iter([KeyboardInterrupt, None])

    def interrupted(*words, **options):
        if next(waits) is KeyboardInterrupt:
            raise KeyboardInterrupt
        return wait(*words, **options)

    wait = install.wait
    monkeypatch.setattr(install, "wait", interrupted)
    found = run_json("salesforce", "deploy", "sales", code=4)
    assert (found["status"], found["success"]) == ("Canceled", False)
    assert prepared.store.classes == {}
