"""From an empty org to a green validation, and back to red for any one thing that is altered by the Metadata API."""

from dataclasses import replace

import pytest

from salesbridge.engine import connections, doctor, prepare
from salesbridge.engine.prepare import access
from salesbridge.model import TABLE
from salesbridge.package import BYPASS, EVENT, PERMISSION_SET, Choices, archive, render
from salesbridge.package.components import manifest
from salesbridge.salesforce.deploy import Options, deploy, wait
from salesbridge.sandbox.salesforce.schema import Field

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="http://soap.sforce.com/2006/04/metadata">{1}</{0}>\n'
_FIELD = "<fields><fullName>{name}</fullName><label>L</label>{rest}</fields>"


@pytest.fixture
def prepared(connected):
    """An org to which the package was deployed: nothing but that."""
    door, instance = connected
    done = prepare.deploy_package(connections.salesforce(door, instance), door.tenant)
    assert done.success, done.findings
    return door, instance


def alter(door, instance, files):
    """Deploy some metadata as anybody may who has the right to; what a class leans on cannot be removed."""
    salesforce = connections.salesforce(door, instance)
    done = wait(salesforce, deploy(salesforce, archive(files), Options(ignore_warnings=False)), poll=0.05)
    assert done.success, done.findings


def remove(kind, *names):
    return {"package.xml": manifest({}), "destructiveChanges.xml": manifest({kind: list(names)})}


def field(owner, name, rest):
    full = _HEAD.format("CustomObject", _FIELD.format(name=name, rest=rest))
    return {"package.xml": manifest({"CustomField": [f"{owner}.{name}"]}), f"objects/{owner}.object": full}


def external_id(owner, *, length=80, unique=True, external=True, case=True):
    flags = {"caseSensitive": case, "externalId": external, "length": length, "type": "Text", "unique": unique}
    rest = "".join(
        f"<{name}>{str(value).lower()}</{name}>" for name, value in flags.items() if unique or name != "caseSensitive"
    )
    return field(owner, "Gentrack_External_Id__c", rest.replace("<type>text<", "<type>Text<"))


def part(*only):
    return render(TABLE, only=set(only))


def with_text(files, old, new):
    changed = {path: text.replace(old, new) for path, text in files.items()}
    assert changed != files
    return changed


def picklist(owner, name, *values):
    listed = "".join(
        f"<value><fullName>{v}</fullName><default>false</default><label>{v}</label></value>" for v in values
    )
    inner = f"<restricted>true</restricted><valueSetDefinition><sorted>false</sorted>{listed}</valueSetDefinition>"
    return field(owner, name, f"<type>Picklist</type><valueSet>{inner}</valueSet>")


_ACCESS = "<editable>{0}</editable>\n        <field>Contact.Preferred_Name__c</field>\n        <readable>{0}"
EVENT_FILE = lambda: part(f"CustomObject:{EVENT}")  # noqa: E731 - rendered when a test asks
ALTERATIONS = [
    ("an external id too short", "external-id-length", "Account.Gentrack_External_Id__c",
     lambda: external_id("Account", length=40)),
    ("an external id not unique", "external-id-not-unique", "Account.Gentrack_External_Id__c",
     lambda: external_id("Account", unique=False)),
    ("an external id not marked", "external-id-unmarked", "Account.Gentrack_External_Id__c",
     lambda: external_id("Account", external=False)),
    ("an external id without case", "external-id-ignores-case", "Account.Gentrack_External_Id__c",
     lambda: external_id("Account", case=False)),
    ("a field too short", "field-length", "Account.Trading_Name__c",
     lambda: field("Account", "Trading_Name__c", "<length>20</length><type>Text</type>")),
    ("a field of the user's own that is required", "required-field", "Contact.Region__c",
     lambda: field("Contact", "Region__c", "<length>20</length><required>true</required><type>Text</type>")),
    ("a field access taken away", "field-hidden", "Contact.Preferred_Name__c",
     lambda: with_text(part(f"PermissionSet:{PERMISSION_SET}"),
                       *(_ACCESS.format(allowed) for allowed in ("true", "false")))),
    ("a trigger switched off", "trigger-inactive", "Account.AccountTrigger",
     lambda: with_text(part("ApexTrigger:AccountTrigger"), "<status>Active<", "<status>Inactive<")),
    ("a trigger of another version", "trigger-outdated", "Contact.ContactTrigger",
     lambda: with_text(part("ApexTrigger:ContactTrigger"), "trigger Contact", "// older\ntrigger Contact")),
    ("a trigger removed", "trigger-missing", "Account.AccountTrigger", lambda: remove("ApexTrigger", "AccountTrigger")),
    ("a class of another version", "apex-outdated", "GentrackCallout",
     lambda: with_text(part("ApexClass:GentrackCallout"), "GentrackCallout {", "GentrackCallout { // older")),
    ("the event published after commit", "event-publish-behaviour", EVENT,
     lambda: with_text(EVENT_FILE(), "PublishImmediately", "PublishAfterCommit")),
    ("an event field removed", "event-field-missing", f"{EVENT}.Old_Payload__c",
     lambda: remove("CustomField", f"{EVENT}.Old_Payload__c")),
    ("an event field too short", "event-field-length", f"{EVENT}.Object_Type__c",
     lambda: field(EVENT, "Object_Type__c", "<length>32</length><type>Text</type>")),
    ("the bypass removed", "package-part-missing", BYPASS, lambda: remove("PermissionSet", BYPASS)),
]  # fmt: skip


def told(report):
    """Places by code, without what a plain org tells anyway."""
    return {(finding.code, finding.place) for finding in report.findings}


def test_an_empty_org_is_red_and_deploying_makes_it_green(connected):
    door, instance = connected
    before = doctor.validate(door, instance)
    assert not before.passed
    assert {"field-missing", "event-missing", "trigger-missing", "permission-set-missing"} <= {
        finding.code for finding in before.findings
    }
    done = prepare.deploy_package(connections.salesforce(door, instance), door.tenant)
    assert done.success, done.findings
    after = doctor.validate(door, instance)
    assert after.of("error") == ()
    assert after.passed
    assert (after.objects, after.fields > 100, after.settings > 12) == (12, True, True)
    assert "not-checked" not in {finding.code for finding in after.findings}


@pytest.mark.parametrize(("code", "place", "files"), [a[1:] for a in ALTERATIONS], ids=[a[0] for a in ALTERATIONS])
def test_one_alteration_is_found_and_fixed(prepared, code, place, files):
    door, instance = prepared
    before = told(doctor.validate(door, instance))
    alter(door, instance, files())
    report = doctor.validate(door, instance)
    new = told(report) - before
    assert new == {(code, place)}
    fixable = [finding for finding in report.findings if finding.fix is not None]
    if code == "required-field":
        assert fixable == []
        return
    fixed = doctor.fix(door, instance, report.findings, by="test")
    assert fixed.deployment is None or fixed.deployment.success, fixed.deployment.findings
    assert told(fixed.report) == before


@pytest.mark.parametrize("place", ["Account.Trading_Name__c", "Asset.Gentrack_External_Id__c"])
def test_a_field_that_was_removed_is_found_and_it_alone_is_deployed(connected, place):
    """Without Apex, which leans on every mapped field so that Salesforce lets nobody remove one."""
    door, instance = connected
    prepare.deploy_package(connections.salesforce(door, instance), door.tenant, Choices(live=False))
    before = told(doctor.validate(door, instance, initial=True))
    alter(door, instance, remove("CustomField", place))
    report = doctor.validate(door, instance, initial=True)
    assert told(report) - before == {("field-missing", place)}
    planned = doctor.plan(report.findings)
    assert planned.deploy == (f"CustomField:{place}", f"PermissionSet:{PERMISSION_SET}")
    assert planned.assign == (PERMISSION_SET,)
    assert told(doctor.fix(door, instance, report.findings, by="test", initial=True).report) == before


def test_a_permission_set_that_was_removed_is_deployed_and_assigned_again(prepared):
    door, instance = prepared
    access.withdraw(connections.salesforce(door, instance))
    alter(door, instance, remove("PermissionSet", PERMISSION_SET))
    report = doctor.validate(door, instance)
    assert ("permission-set-missing", PERMISSION_SET) in told(report)
    assert doctor.fix(door, instance, report.findings, by="test").report.passed


def test_a_permission_set_that_is_not_assigned_is_assigned(prepared, running_org):
    door, instance = prepared
    user = running_org.org.directory.user_named("integration@sandbox.example")
    (row,) = running_org.org.find("PermissionSetAssignment", "AssigneeId", user.id)
    connections.salesforce(door, instance).delete("PermissionSetAssignment", row["Id"])
    report = doctor.validate(door, instance)
    assert "permission-set-not-assigned" in {finding.code for finding in report.findings}
    assert doctor.fix(door, instance, report.findings, by="test").report.passed


def test_switches_of_the_org_are_found(prepared, running_org):
    door, instance = prepared
    before = told(doctor.validate(door, instance))
    settings = running_org.org.settings
    settings.quotes_enabled = False
    settings.validation_rules["Account.Needs_Phone"] = "Give a phone number."
    settings.duplicate_rules.append("Contact.Standard_Contact_Duplicate_Rule")
    assert told(doctor.validate(door, instance)) - before == {
        ("quotes-off", "Quote"),
        ("validation-rule-active", "Account.Needs_Phone"),
        ("duplicate-rule-active", "Contact.Standard_Contact_Duplicate_Rule"),
    }


def test_features_that_add_fields_are_found(prepared, running_org):
    door, instance = prepared
    before = told(doctor.validate(door, instance))
    for owner, name in (("Account", "BillingStateCode"), ("PricebookEntry", "CurrencyIsoCode")):
        running_org.org.schema.add_field(owner, Field(name, name, "picklist", length=3))
    assert told(doctor.validate(door, instance)) - before == {
        ("state-country-picklists-on", "Account.BillingStateCode"),
        ("multi-currency-on", "PricebookEntry.CurrencyIsoCode"),
    }


def test_used_up_allocations_are_found(prepared, running_org):
    door, instance = prepared
    limits = running_org.org.limits
    limits.charge(249_999, limit="HourlyPublishedPlatformEvents")
    limits.charge(25_000, limit="DailyDeliveredPlatformEvents")
    codes = {finding.code for finding in doctor.validate(door, instance).findings}
    assert {"events-published-low", "events-delivered-exhausted"} <= codes


def test_a_clock_that_is_wrong_is_found(prepared, monkeypatch):
    from salesbridge.engine.doctor import gather  # noqa: PLC0415 - whose clock is set

    door, instance = prepared
    real = gather.time.time
    monkeypatch.setattr(gather, "now_s", lambda: real() + 400)
    assert "clock-wrong" in {finding.code for finding in doctor.validate(door, instance).findings}


def test_what_salesforce_does_not_tell_is_said_and_never_passed_over(prepared, running_org):
    """A service account without View Setup sees no duplicate rules, and may not read the event's definition."""
    door, instance = prepared
    user = running_org.org.directory.user_named("integration@sandbox.example")
    user.permissions = {"ApiEnabled"}
    report = doctor.validate(door, instance)
    unknown = {finding.field for finding in report.findings if finding.code == "not-checked"}
    assert {"Duplicate rules", "When the platform event is published"} <= unknown
    assert report.passed, report.of("error")


def test_a_load_alone_needs_neither_event_nor_apex(connected):
    door, instance = connected
    org = connections.salesforce(door, instance)
    assert prepare.deploy_package(org, door.tenant, Choices(live=False)).success
    assert doctor.validate(door, instance, initial=True).passed
    assert not doctor.validate(door, instance).passed


def test_a_fix_leaves_out_what_an_org_without_quotes_cannot_have(connected, running_org):
    door, instance = connected
    running_org.org.settings.quotes_enabled = False
    report = doctor.validate(door, instance)
    fixed = doctor.fix(door, instance, report.findings, by="test")
    assert fixed.deployment is not None
    assert fixed.deployment.success, fixed.deployment.findings
    assert [finding.code for finding in fixed.report.of("error")] == ["quotes-off"]


def test_a_billing_kind_that_cannot_be_read_is_found(prepared, monkeypatch):
    from salesbridge.billing import BillingApi, BillingError  # noqa: PLC0415 - whose answer is refused

    door, instance = prepared
    pages = BillingApi.pages

    def refusing(self, kind, **options):
        if kind == "agreement":
            raise BillingError("Forbidden", kind="permanent", code="FORBIDDEN", mend="Grant it.", status=403)
        return pages(self, kind, **options)

    monkeypatch.setattr(BillingApi, "pages", refusing)
    places = {f.place for f in doctor.validate(door, instance).findings if f.code == "billing-unreadable"}
    assert places == {"Contract"}


def test_a_finding_of_another_org_stops_the_fix():
    finding = replace(next(iter(_one_finding())), code="org-changed")
    assert doctor.plan([finding]).empty


def _one_finding():
    from good_org import EXPECTED, good, mutations  # noqa: PLC0415 - a large list, made here only

    from salesbridge.model import check  # noqa: PLC0415 - as above

    mutation = next(m for m in mutations() if m.code == "field-missing")
    changed = mutation.apply(good())
    return check(TABLE, changed.describes, facts=changed.facts, expected=EXPECTED)
