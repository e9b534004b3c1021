"""Initial Data Synchronisation: the outage window, Start Migration, progress, every result, and going live."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from journey import API_KEY
from portal_world import make_world
from pydantic import SecretStr

from salesbridge.engine import connections, instances, prepare
from salesbridge.engine.load import finish
from salesbridge.engine.load.context import Work
from salesbridge.package import Choices
from salesbridge.portal import load_page
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET
from salesbridge.settings import settings
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.models import Inspection, Live

STARTED = {"outage": "on", "word": "MIGRATE"}


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def connected(db, running_org, running_billing, organisation, inspect_at_once):
    """Door and instance of simulated systems, the org prepared."""
    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", "junifer", running_billing.url, SecretStr(API_KEY), "salesbridge", "Europe/London",
        organisation=organisation,
    )  # fmt: skip
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, CLIENT_ID, SecretStr(CLIENT_SECRET))
    instance, _ = instances.add_instance(
        door, "sales", app, by="test", settings={"pubsub": f"http://{running_org.pubsub_address}"}
    )
    prepare.deploy_package(connections.salesforce(door, instance), door.tenant, Choices())
    return door, instance


def at(instance, path=""):
    return f"/tenants/{instance.tenant_id}/instances/{instance.pk}/initial/{path}"


def actions(organisation):
    return [each.action for each in audit.entries(organisation)]


def test_an_empty_history_teaches_and_the_checklist_names_the_outage_window(operator, instance):
    page = operator.get(at(instance)).text
    for told in (
        "No synchronisation yet", "Disable Salesforce triggers on related objects", "Disable Junifer event publishing",
        "Plan the outage of both systems", "Start Migration", "Not checked yet", "No worker",
    ):  # fmt: skip
        assert told in page


def test_the_checks_look_at_both_systems_and_size_the_run(operator, connected):
    _, instance = connected
    page = operator.post(at(instance, "check/"), follow=True).text
    for told in ("signed in to org", "Salesforce triggers", "Billing events", "API calls", "What would be loaded"):
        assert told in page
    assert "Outage window</strong>" not in page, "that one is asked when it starts"


def test_triggers_and_publishing_are_switched_for_the_window_and_on_again(operator, connected, organisation):
    door, instance = connected
    billing = connections.billing(door, door.tenant)
    url = at(instance, "switch/")
    page = operator.post(url, {"what": "publishing", "to": "off"}, follow=True).text
    assert "is off" in page
    assert billing.publishing() is False
    page = operator.post(url, {"what": "bypass", "to": "on"}, follow=True).text
    assert "the triggers pass over what the connector writes" in page
    operator.post(url, {"what": "bypass", "to": "off"})
    operator.post(url, {"what": "publishing", "to": "on"})
    assert billing.publishing() is True
    assert actions(organisation).count("publishing:switched") == 2
    assert operator.post(url, {"what": "everything", "to": "off"}).status_code == 404


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"word": "MIGRATE"}, "Confirm first that both systems are closed"),
        ({"outage": "on", "word": "yes"}, "Type MIGRATE"),
    ],
)
def test_start_takes_the_word_and_the_outage(operator, door, instance, entered, said):
    assert said in operator.post(at(instance, "start/"), entered).text
    assert not door.runs.exists()


def test_start_enqueues_one_run_and_shows_it(operator, door, instance, organisation, enqueued):
    answer = operator.post(at(instance, "start/"), STARTED, follow=True)
    run = door.runs.get()
    assert answer.redirect_chain[-1][0] == at(instance, "1/")
    assert "Waiting for a worker to begin" in answer.text
    assert "salesbridge worker" in answer.text
    assert run.started_by == operator.person.email
    assert run.options["outage_acknowledged"] is True
    assert enqueued[0][0] == "load"
    assert "run:started" in actions(organisation)
    assert "has not finished yet" in operator.post(at(instance, "start/"), STARTED).text
    assert door.runs.count() == 1


def test_a_live_instance_is_not_loaded(operator, door, instance, enqueued):
    door.rows(Live).create(instance=instance, state="live")
    assert "pause it first" in operator.post(at(instance, "start/"), STARTED).text
    assert enqueued == []


@pytest.mark.parametrize(
    ("who", "path"),
    [("viewer", "start/"), ("viewer", "check/"), ("viewer", "switch/"), ("viewer", "go-live/"), ("operator", "mail/"),
     ("viewer", "1/cancel/")],
)  # fmt: skip
def test_a_role_that_is_too_low_is_told_so(request, instance, who, path):
    assert request.getfixturevalue(who).post(at(instance, path)).status_code == 403


def test_progress_tells_records_rate_and_time_left_and_asks_again_every_second(sign_in, world):
    page = sign_in(world.person("viewer")).get(at(world.loading, "1/")).text
    for told in ('hx-trigger="every 1s"', "6,370 of 9,800", "about", "left", "See how far it is", "All records"):
        assert told in page
    assert "/cancel/" not in page, "cancelling takes an operator"


def test_the_page_is_loaded_anew_once_the_run_has_ended(sign_in, world):
    client = sign_in(world.person())
    htmx = {"hx-request": "true"}
    going = client.get(at(world.loading, "1/progress/"), headers=htmx)
    assert "HX-Refresh" not in going
    assert "<html" not in going.text
    run = world.door.runs.get(instance=world.loading)
    world.door.runs.filter(pk=run.pk).update(state="completed", finished_at=datetime.now(UTC))
    assert client.get(at(world.loading, "1/progress/"), headers=htmx)["HX-Refresh"] == "true"


def test_time_left_follows_the_plan_until_enough_went_through(door, instance):
    now = datetime.now(UTC)
    run = door.runs.create(
        instance=instance, number=1, state="loading", started_by="Ada", started_at=now - timedelta(seconds=20),
        plan={"seconds": 120},
    )  # fmt: skip
    stage = door.stages.create(
        run=run, position=0, entity="Account", state="sending", total=1000, started_at=now - timedelta(seconds=10)
    )
    found = load_page.progress(door, run, now)
    assert found.left_s == pytest.approx(100, abs=1)
    assert found.stages[0].rate is None
    door.parts.create(stage=stage, number=1, rows=1000, processed=500, state="sent")
    door.stages.filter(pk=stage.pk).update(read=1000)
    found = load_page.progress(door, run, now)
    assert found.done == 650
    assert found.stages[0].rate == pytest.approx(65)
    assert found.stages[0].left_s == pytest.approx(350 / 65)
    assert found.left_s == pytest.approx(20 * 0.35 / 0.65)


def test_cancelling_is_asked_for_and_done(sign_in, world):
    client = sign_in(world.person("operator"))
    url = at(world.loading, "1/cancel/")
    assert "Cancel run 1?" in client.get(url).text
    assert "stops at its next step" in client.post(url, follow=True).text
    assert world.door.runs.get(instance=world.loading).cancel_requested
    assert "run:cancelled" in actions(world.organisation)


def test_a_run_with_errors_shows_counts_causes_examples_and_the_report_in_salesforce(sign_in, world):
    page = sign_in(world.person("viewer")).get(at(world.instance, "2/")).text
    for told in (
        "Initial data synchronisation has completed with errors.", "https://kowhai.my.salesforce.com/069000000000001",
        "DUPLICATE_VALUE", "A-1000", "Merge the two accounts in Salesforce.", "12,363", "Switch Salesforce triggers",
    ):  # fmt: skip
        assert told in page


def test_a_failed_run_names_the_stage(sign_in, world):
    page = sign_in(world.person("viewer")).get(at(world.instance, "1/")).text
    assert "Initial data synchronisation has failed." in page
    assert "It failed at the stage Contact." in page


def test_a_completed_run_says_what_to_switch_on_again(viewer, door, instance):
    door.runs.create(
        instance=instance, number=1, state="completed", started_by="Ada", started_at=datetime.now(UTC),
        finished_at=datetime.now(UTC),
    )  # fmt: skip
    door.rows(Live).create(instance=instance, state="loaded")
    page = viewer.get(at(instance, "1/")).text
    assert "Initial data synchronisation has successfully completed." in page
    assert "Next: switch on again, then go live" in page


def test_counts_that_do_not_close_are_shown(viewer, door, instance):
    run = door.runs.create(
        instance=instance, number=1, state="completed", started_by="A", finished_at=datetime.now(UTC)
    )
    door.stages.create(run=run, position=0, entity="Account", state="done", read=10, written_created=9)
    assert ">No</span>" in viewer.get(at(instance, "1/")).text


def test_the_report_is_a_csv_that_no_spreadsheet_computes(sign_in, world):
    stage = world.door.stages.filter(run__number=2, run__instance=world.instance).first()
    world.door.row_errors.create(
        run=stage.run, stage=stage, entity="Account", key="=HYPERLINK()", code="BAD", message="+1", mend="@x"
    )
    answer = sign_in(world.person("viewer")).get(at(world.instance, "2/report.csv"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.startswith("Object,Record,Cause,Message,Fields,What to do,Row as sent")
    assert "'=HYPERLINK()" in text
    assert ",=HYPERLINK" not in text
    assert ",+1" not in text


def test_every_run_is_in_the_history_a_page_at_a_time(viewer, door, instance):
    for number in range(1, 41):
        door.runs.create(
            instance=instance, number=number, state="failed" if number % 2 else "cancelled", started_by="Ada",
            finished_at=datetime.now(UTC),
        )  # fmt: skip
    first = viewer.get(at(instance)).text
    assert "Run 40" in first
    assert "Run 25" not in first
    assert "1 to 15 of 40" in first
    assert "Run 25" in viewer.get(at(instance), {"page": "2"}).text


def test_the_number_of_queries_is_bounded(sign_in, world, django_assert_max_num_queries):
    client = sign_in(world.person())
    client.get("/")
    stage = world.door.stages.filter(run__number=2, run__instance=world.instance).first()
    for number in range(40):
        world.door.row_errors.create(
            run=stage.run, stage=stage, entity="Account", key=f"K{number}", code=f"CODE_{number}"
        )
    for path, most in (("", 15), ("2/", 15)):
        with django_assert_max_num_queries(most):
            assert client.get(at(world.instance, path)).status_code == 200
    with django_assert_max_num_queries(15):
        client.get(at(world.loading, "1/"))


def test_who_is_told_is_chosen_here(administrator, door, instance, organisation):
    url = at(instance, "mail/")
    refused = administrator.post(url, {"told": "errors", "to": "ops@kowhai.example, nobody"})
    assert "nobody is no e-mail address" in refused.text
    page = administrator.post(url, {"told": "errors", "to": "ops@kowhai.example\nops@kowhai.example"}, follow=True).text
    row = door.instances.get()
    assert row.notify_emails == ["ops@kowhai.example"]
    assert row.settings["result_mail"] == "errors"
    assert "is sent to ops@kowhai.example" in page
    assert "instance:changed" in actions(organisation)


@pytest.fixture
def mail_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SALESBRIDGE_MAIL_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.mark.parametrize(
    ("told", "result", "sent"),
    [("all", "completed", 1), ("errors", "completed", 0), ("errors", "failed", 1), ("none", "failed", 0)],
)
def test_only_results_that_were_asked_for_are_sent(mail_folder, instance, told, result, sent):
    door = Door(instance.tenant_id)
    instance.settings, instance.notify_emails = {"result_mail": told}, ["ops@kowhai.example"]
    instance.save()
    run = door.runs.create(
        instance=instance, number=1, state=result, result=result, started_by="Ada", finished_at=datetime.now(UTC)
    )
    finish.tell(Work(door, run.pk))
    assert len(list(mail_folder.iterdir())) == sent


def loaded(door, instance):
    door.runs.create(
        instance=instance, number=1, state="completed", started_by="Ada", started_at=datetime.now(UTC),
        finished_at=datetime.now(UTC),
    )  # fmt: skip
    door.rows(Live).create(instance=instance, state="loaded")


def test_going_live_takes_a_word_that_everything_is_on_again_and_checks_it(operator, connected, organisation):
    door, instance = connected
    loaded(door, instance)
    assert "After the load: switch on again, then go live" in operator.get(at(instance)).text
    url = at(instance, "go-live/")
    assert "Confirm first" in operator.post(url, {}).text
    connections.billing(door, door.tenant).set_publishing(False)
    page = operator.post(url, {"switched_on": "on"}, follow=True).text
    assert "the billing system does not publish events" in page
    assert door.rows(Live).get().state == "loaded"

    connections.billing(door, door.tenant).set_publishing(True)
    page = operator.post(url, {"switched_on": "on"}, follow=True).text
    assert door.rows(Live).get().state == "recovering", page
    assert "The instance is kept in step" in page
    assert "live:started" in actions(organisation)


def test_going_live_at_a_wrong_moment_is_told(operator, door, instance, inspect_at_once):
    page = operator.post(at(instance, "go-live/"), {"switched_on": "on"}, follow=True)
    assert page.status_code == 200
    assert door.rows(Inspection).get().state in {"failed", "done"}
    assert Door(door.tenant_id).rows(Live).filter(state="recovering").count() == 0
