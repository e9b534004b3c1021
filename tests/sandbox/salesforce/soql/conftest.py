"""A small org whose objects have a field of every family, for the tests of SOQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.schema import Field, SObject
from salesbridge.sandbox.salesforce.settings import OrgSettings
from salesbridge.sandbox.salesforce.soql import run_query

NOW = datetime(2026, 3, 18, 10, 30, tzinfo=UTC)


def _object(name, prefix, *fields):
    system = (
        Field("Id", "Id", "id", length=18, nillable=False),
        Field("IsDeleted", "Deleted", "boolean"),
        Field("CreatedDate", "Created", "datetime"),
        Field("LastModifiedDate", "Modified", "datetime"),
        Field("SystemModstamp", "Stamp", "datetime"),
    )
    return SObject(name, name, name + "s", prefix, {each.name: each for each in (*system, *fields)})


def _reference(name, *targets, relationship, children=None):
    return Field(
        name,
        name,
        "reference",
        reference_to=targets,
        relationship_name=relationship,
        child_relationship_name=children,
    )


def _text(name, **options):
    return Field(name, name, "string", length=255, **options)


def sobjects():
    return [
        _object(
            "Account",
            "001",
            _text("Name", name_field=True),
            Field("Industry", "Industry", "picklist", picklist=("Media", "Energy", "Banking")),
            Field("AnnualRevenue", "Revenue", "currency"),
            Field("NumberOfEmployees", "Employees", "int"),
            Field("SignedOn__c", "Signed", "date", custom=True),
            Field("Active__c", "Active", "boolean", custom=True),
            Field("Regions__c", "Regions", "multipicklist", custom=True),
            Field("Description", "Description", "textarea", length=32000),
            Field("Terms__c", "Terms", "textarea", length=32768, custom=True),
            Field("Notes__c", "Notes", "textarea", length=32768, custom=True),
            Field("BillingAddress", "Address", "address", filterable=False, sortable=False),
            Field("Secret__c", "Secret", "encryptedstring", length=20, custom=True),
            _text("Ext__c", custom=True, unique=True, external_id=True),
            _text("Code__c", custom=True, unique=True, external_id=True, case_sensitive=True),
            _reference("ParentId", "Account", relationship="Parent", children="ChildAccounts"),
            _reference("OwnerId", "User", relationship="Owner"),
        ),
        _object(
            "Contact",
            "003",
            _text("LastName", nillable=False),
            _text("Email"),
            _reference("AccountId", "Account", relationship="Account", children="Contacts"),
            _reference("OwnerId", "User", relationship="Owner"),
        ),
        _object(
            "Opportunity",
            "006",
            _text("Name"),
            Field("Amount", "Amount", "currency"),
            _reference("AccountId", "Account", relationship="Account", children="Opportunities"),
        ),
        _object("Lead", "00Q", _text("Name"), _text("Company")),
        _object(
            "Task",
            "00T",
            _text("Subject"),
            _reference("WhoId", "Contact", "Lead", relationship="Who"),
        ),
        _object(
            "User", "005", _text("Name"), _text("Username"), _reference("ManagerId", "User", relationship="Manager")
        ),
        _object("Plain", "0P0", _text("Name")),
    ]


class Queries:
    """Runs statements against an org and shows their answers in short forms."""

    def __init__(self, org):
        self.org = org

    def run(self, soql, **options):
        return run_query(self.org, soql, **options)

    def records(self, soql, **options):
        return self.run(soql, **options).records()

    def values(self, soql, **options):
        """The rows as tuples; single values bare."""
        rows = list(self.run(soql, **options).values())
        return [row[0] if len(row) == 1 else row for row in rows]

    def error(self, soql, **options):
        with pytest.raises(ApiError) as caught:
            self.run(soql, **options)
        return caught.value


@pytest.fixture
def org():
    made = Org(sobjects(), clock=lambda: NOW, settings=OrgSettings(timezone="UTC", locale="en_NZ"))
    made.directory.add_permission_set(
        PermissionSet("Signed", fields={"Account.SignedOn__c": FieldPermission(True, False)})
    )
    return made


@pytest.fixture
def ask(org):
    return Queries(org)


@pytest.fixture
def acme(org):
    """Three accounts with contacts: Acme (two), beta (one) and an empty one without a name."""
    user = org.directory.add_user("ann@example.com", first_name="Ann", last_name="Lee")
    acme = org.seed(
        "Account",
        {
            "Name": "Acme",
            "Industry": "Energy",
            "AnnualRevenue": 100.5,
            "NumberOfEmployees": 10,
            "SignedOn__c": "2026-03-17",
            "Active__c": True,
            "Regions__c": "North;South",
            "Ext__c": "ACC-1",
            "Code__c": "Ab",
            "OwnerId": user.id,
            "BillingAddress": {"city": "Wellington", "street": None},
        },
    )
    beta = org.seed(
        "Account",
        {
            "Name": "beta",
            "Industry": "Media",
            "AnnualRevenue": 200.0,
            "NumberOfEmployees": 5,
            "SignedOn__c": "2026-02-01",
            "Regions__c": "South",
            "Ext__c": "ACC-2",
            "Code__c": "aB",
            "ParentId": acme["Id"],
        },
    )
    org.seed("Account", {"Ext__c": "ACC-3"})
    for name, account in (("Ng", acme), ("Oz", acme), ("Py", beta)):
        org.seed("Contact", {"LastName": name, "AccountId": account["Id"], "OwnerId": user.id})
    org.seed("Contact", {"LastName": "Lone"})
    return acme
