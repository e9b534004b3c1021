"""An instance writes to the org that it was set up for, and to another one only by a person's word."""

import pytest

from salesbridge.engine import connections, doctor, pinning
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.states import live_of, move
from salesbridge.engine.load.preflight import guarded, same_org
from salesbridge.model import Side
from salesbridge.salesforce import SalesforceError
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.server import start_in_thread
from salesbridge.sandbox.salesforce.settings import OrgSettings
from salesbridge.store.changes import Heard, write_changes
from salesbridge.store.journal import LIVE
from salesbridge.store.links import salesforce_ids, write_links
from salesbridge.store.models import Change, FormerLink, Live
from salesbridge.sync.change import Op
from salesbridge.sync.life import InstanceState

OTHER = "00D8e000000Othr"


@pytest.fixture
def refreshed(running_org):
    """The same sandbox after a refresh: another org id, the same users, apps and consumer key."""
    with start_in_thread(demo_org(settings=OrgSettings(organization_id=OTHER)).org) as running:
        yield running


def turn(door, instance, org):
    """The instance's login URL leads to another org from now on."""
    instance = door.instances.get(pk=instance.pk)
    instance.login_url = org.url
    instance.save()
    return door.instances.get(pk=instance.pk)


def live(door, instance):
    for state in (InstanceState.LOADING, InstanceState.LOADED, InstanceState.RECOVERING, InstanceState.LIVE):
        move(door, instance.pk, state)


def test_set_up_remembers_org_sandbox_flag_instance_and_host(connected):
    door, instance = connected
    pinned = pinning.pinned_of(door.instances.get(pk=instance.pk))
    assert (pinned.org_id[:15], pinned.sandbox, pinned.instance_name) == ("00D8e000000SbxA", True, "SBX1")
    assert pinned.host == "127.0.0.1"


def test_a_token_of_another_org_is_refused_before_anything_is_sent_with_it(connected, refreshed):
    door, instance = connected
    instance = turn(door, instance, refreshed)
    with pytest.raises(SalesforceError) as refused:
        next(connections.salesforce(door, instance).query("SELECT Id FROM Account"))
    assert refused.value.code == pinning.CODE
    assert refreshed.org.limits.used() == 0


def test_another_org_pauses_the_instance_and_a_problem_names_both(connected, refreshed):
    door, instance = connected
    live(door, instance)
    instance = turn(door, instance, refreshed)
    with pytest.raises(SalesforceError):
        _ = Site(door, instance, door.tenant).salesforce
    assert live_of(door, instance.pk).state == InstanceState.PAUSED
    (problem,) = door.problems.filter(kind=pinning.ANOTHER, state__in=LIVE)
    assert OTHER in problem.title
    assert instance.org_id in problem.title
    assert "confirm-org" in problem.mend


def test_a_sandbox_flag_that_flips_stops_writes_too(connected, running_org):
    door, instance = connected
    (row,) = running_org.org.rows("Organization")
    running_org.org.seed("Organization", {**row, "IsSandbox": False})
    (check,) = guarded("Salesforce", lambda salesforce: same_org(door, salesforce, instance),
                       connections.salesforce(door, instance))  # fmt: skip
    assert (check.state, "production org" in check.message) == ("failed", True)


def test_a_move_to_another_salesforce_instance_is_only_a_note(connected, running_org):
    door, instance = connected
    (row,) = running_org.org.rows("Organization")
    running_org.org.seed("Organization", {**row, "InstanceName": "SBX7"})
    report = doctor.validate(door, instance)
    assert ("org-moved", "note") in {(finding.code, finding.severity) for finding in report.findings}
    pinning.verify(door, instance, connections.salesforce(door, instance))
    assert door.instances.get(pk=instance.pk).org_instance == "SBX7"
    assert door.activities.filter(tag="org:moved").count() == 1
    assert "org-moved" not in {f.code for f in doctor.validate(door, door.instances.get(pk=instance.pk)).findings}


def test_validation_of_another_org_says_only_that(connected, refreshed):
    door, instance = connected
    report = doctor.validate(door, turn(door, instance, refreshed))
    assert [finding.code for finding in report.findings] == ["org-changed"]
    assert not report.passed
    assert doctor.plan(report.findings).empty


def test_confirming_puts_links_away_and_forgets_the_former_orgs_stream(connected, refreshed):
    door, instance = connected
    write_links(door, instance.pk, "Account", [("A1", "001000000000001AAA", '{"Name": "Ada"}')])
    live_of(door, instance.pk)
    door.rows(Live).update(replay_id=b"7")
    write_changes(door, instance.pk, [
        Heard(Side.SALESFORCE, "Account", "001000000000001AAA", Op.SAVE, "event 1"),
        Heard(Side.BILLING, "Account", "A1", Op.SAVE, "event 2"),
    ])  # fmt: skip
    instance = turn(door, instance, refreshed)
    with connections.unpinned(door, instance) as salesforce:
        done = pinning.confirm(door, instance, salesforce, "ada")
    assert (done.org.org_id[:15], done.put_away, done.brought_back) == (OTHER, 1, 0)
    assert salesforce_ids(door, instance.pk, "Account", ["A1"]) == {}
    (kept,) = door.rows(FormerLink).all()
    assert (kept.billing_key, kept.salesforce_id, kept.agreed) == ("A1", "001000000000001AAA", {"Name": "Ada"})
    stands = live_of(door, instance.pk)
    assert (stands.replay_id, stands.gap_reason) == (None, "turned to another org")
    outcomes = dict(door.rows(Change).values_list("side", "outcome"))
    assert outcomes == {"salesforce": Change.Outcome.DISMISSED, "billing": None}
    assert not door.problems.filter(kind=pinning.ANOTHER, state__in=LIVE).exists()
    assert next(connections.salesforce(door, door.instances.get(pk=instance.pk)).query("SELECT Id FROM Organization"))


def test_turning_back_brings_the_links_back(connected, refreshed, running_org):
    door, instance = connected
    write_links(door, instance.pk, "Account", [("A1", "001000000000001AAA", "{}")])
    for org in (refreshed, running_org):
        instance = turn(door, instance, org)
        with connections.unpinned(door, instance) as salesforce:
            done = pinning.confirm(door, instance, salesforce, "ada")
    assert done.brought_back == 1
    assert salesforce_ids(door, instance.pk, "Account", ["A1"]) == {"A1": "001000000000001AAA"}
    assert not door.rows(FormerLink).exists()


def test_the_same_org_needs_no_confirmation_and_a_live_instance_must_be_paused(connected, refreshed):
    door, instance = connected
    with connections.unpinned(door, instance) as salesforce, pytest.raises(ValueError, match="already"):
        pinning.confirm(door, instance, salesforce, "ada")
    live(door, instance)
    instance = turn(door, instance, refreshed)
    with connections.unpinned(door, instance) as salesforce, pytest.raises(ValueError, match="pause it first"):
        pinning.confirm(door, instance, salesforce, "ada")


def test_correcting_the_credentials_solves_the_problem_by_itself(connected, refreshed, running_org):
    door, instance = connected
    elsewhere = turn(door, instance, refreshed)
    with pytest.raises(SalesforceError):
        _ = Site(door, elsewhere, door.tenant).salesforce
    back = turn(door, instance, running_org)
    assert Site(door, back, door.tenant).salesforce.token
    assert not door.problems.filter(kind=pinning.ANOTHER, state__in=LIVE).exists()
