"""Setup objects that are views of the org: who may ask, and what they are told."""

import pytest

from salesbridge.sandbox.salesforce.settings import OrgSettings

READ = (
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:met="http://soap.sforce.com/2006/04/metadata"><env:Header><met:SessionHeader><met:sessionId>{session}'
    "</met:sessionId></met:SessionHeader></env:Header><env:Body><met:readMetadata><met:type>{type}</met:type>"
    "<met:fullNames>{name}</met:fullNames></met:readMetadata></env:Body></env:Envelope>"
)


@pytest.fixture
def records(api):
    def ask(soql, path="/query"):
        answer = api.get(path, params={"q": soql})
        return answer.json()["records"] if answer.status_code == 200 else answer.json()[0]["errorCode"]

    return ask


@pytest.fixture
def read(served, anonymous, token):
    def ask(name, kind="CustomObject", session=token):
        body = READ.format(session=session, type=kind, name=name)
        return anonymous.post("/services/Soap/m/66.0", content=body, headers={"SOAPAction": '""'})

    return ask


def test_user_permission_access_tells_the_callers_own_permissions(records, demo):
    soql = "SELECT PermissionsApiEnabled, PermissionsActivateOrder, PermissionsModifyAllData FROM UserPermissionAccess"
    (row,) = records(soql)
    assert (row["PermissionsActivateOrder"], row["PermissionsModifyAllData"]) == (True, True)
    demo.integration.permissions = {"ApiEnabled"}
    (row,) = records(soql)
    assert [row[f"Permissions{n}"] for n in ("ApiEnabled", "ActivateOrder", "ModifyAllData")] == [True, False, False]


def test_an_unknown_permission_is_an_invalid_field(records):
    assert records("SELECT PermissionsFly FROM UserPermissionAccess") == "INVALID_FIELD"


def test_active_duplicate_rules_are_told_to_who_may_view_setup(records, demo):
    demo.org.settings.duplicate_rules.append("Contact.Same_Name")
    soql = "SELECT DeveloperName, SobjectType FROM DuplicateRule WHERE IsActive = true"
    (row,) = records(soql)
    assert (row["DeveloperName"], row["SobjectType"]) == ("Same_Name", "Contact")
    demo.integration.permissions = {"ApiEnabled"}
    assert records(soql) == "INVALID_TYPE"


def test_active_validation_rules_are_told_by_the_tooling_api(records, demo):
    demo.org.settings.validation_rules["Account.Needs_Phone"] = "Give a phone number."
    soql = "SELECT ValidationName, ErrorMessage, EntityDefinitionId FROM ValidationRule WHERE Active = true"
    (row,) = records(f"{soql} AND EntityDefinitionId IN ('Account')", "/tooling/query")
    assert (row["ValidationName"], row["ErrorMessage"]) == ("Needs_Phone", "Give a phone number.")
    assert records(f"{soql} AND EntityDefinitionId IN ('Contact')", "/tooling/query") == []


def test_what_a_new_org_says_of_itself_is_a_setting(records):
    (row,) = records("SELECT OrganizationType, IsSandbox, InstanceName FROM Organization")
    new = OrgSettings()
    assert (row["OrganizationType"], row["IsSandbox"], row["InstanceName"]) == (
        new.edition, new.sandbox, new.instance_name,
    )  # fmt: skip


def test_a_definition_is_read_over_soap(read):
    answer = read("Account")
    assert answer.status_code == 200
    assert '<records xsi:type="CustomObject"><fullName>Account</fullName>' in answer.text
    assert "publishBehavior" not in answer.text


def test_an_object_that_is_not_there_is_an_empty_record(read):
    assert 'xsi:nil="true"' in read("Nothing__e").text


@pytest.mark.parametrize(
    ("asked", "code"), [({"session": "none"}, "INVALID_SESSION_ID"), ({"kind": "Flow"}, "INVALID_TYPE")]
)
def test_other_calls_are_faults(read, asked, code):
    answer = read("Account", **asked)
    assert (answer.status_code, f"<faultcode>sf:{code}<" in answer.text) == (500, True)


def test_reading_definitions_needs_a_permission(read, demo):
    demo.integration.permissions = {"ApiEnabled"}
    assert "sf:INSUFFICIENT_ACCESS" in read("Account").text
