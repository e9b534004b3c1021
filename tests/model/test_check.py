"""Validate Data Model: an intact org gives no finding, and each difference exactly the one that names it."""

import copy

import pytest

from salesbridge.model import EXTERNAL_ID, TABLE, check, columns, merge

RIGHTS = {"createable": True, "updateable": True, "nillable": True, "defaultedOnCreate": False}


def described(column):
    wanted = column.kind.salesforce_type
    values = [{"value": value, "active": True} for value in wanted.values]
    return RIGHTS | {
        "name": column.name,
        "type": wanted.describe,
        "length": wanted.length,
        "precision": wanted.precision,
        "scale": wanted.scale,
        "picklistValues": values,
        "restrictedPicklist": bool(values),
    }


def describe(entity):
    """What an org with the package answers for an object."""
    key = {
        "name": EXTERNAL_ID,
        "type": "string",
        "length": entity.external_id_length,
        "externalId": True,
        "unique": True,
        "caseSensitive": entity.name != "Asset",
    }
    lookups = [*(parent.field for parent in entity.parents), *(name for name, _ in entity.facts)]
    fields = [
        RIGHTS | key,
        RIGHTS | {"name": "OwnerId", "type": "reference", "nillable": False, "defaultedOnCreate": True},
        *(RIGHTS | {"name": name, "type": "reference"} for name in lookups),
        *(described(column) for column in columns(entity)),
    ]
    return {"createable": True, "updateable": True, "queryable": True, "fields": fields}


def org():
    return {entity.name: describe(entity) for entity in TABLE.entities}


def field_of(describes, where):
    entity, _, name = where.partition(".")
    return next(field for field in describes[entity]["fields"] if field["name"] == name)


def without(describes, where):
    field = field_of(describes, where)
    describes[where.partition(".")[0]]["fields"].remove(field)


def test_an_intact_org_gives_no_finding():
    assert check(TABLE, org()) == []


def test_names_are_compared_as_salesforce_does_without_case():
    describes = org()
    for entity in describes.values():
        for field in entity["fields"]:
            field["name"] = field["name"].upper()
    assert check(TABLE, describes) == []


EVERY_COLUMN = [
    f"{entity.name}.{name}"
    for entity in TABLE.entities
    for name in (
        EXTERNAL_ID,
        *(parent.field for parent in entity.parents),
        *(fact for fact, _ in entity.facts),
        *(column.name for column in columns(entity)),
    )
]


@pytest.mark.parametrize("where", EVERY_COLUMN)
def test_any_missing_field_is_the_one_finding(where):
    describes = org()
    without(describes, where)
    (finding,) = check(TABLE, describes)
    assert f"{finding.entity}.{finding.field}" == where
    assert (finding.severity, "missing" in finding.message) == ("error", True)
    assert finding.mend


@pytest.mark.parametrize("where", EVERY_COLUMN)
def test_any_field_that_cannot_be_written_is_the_one_finding(where):
    describes = org()
    field_of(describes, where)["createable"] = False
    (finding,) = check(TABLE, describes)
    assert f"{finding.entity}.{finding.field}" == where
    assert "not createable" in finding.message
    assert "permission set" in finding.mend


@pytest.mark.parametrize(
    ("where", "change", "severity", "message"),
    [
        (f"Account.{EXTERNAL_ID}", {"externalId": False}, "error", "not marked as External ID"),
        (f"Account.{EXTERNAL_ID}", {"unique": False}, "error", "not unique"),
        (f"Account.{EXTERNAL_ID}", {"caseSensitive": False}, "error", "ignores case"),
        (f"Account.{EXTERNAL_ID}", {"length": 79}, "error", "holds 79 characters, 80 are needed"),
        (f"OrderItem.{EXTERNAL_ID}", {"length": 160}, "error", "holds 160 characters, 161 are needed"),
        (f"Account.{EXTERNAL_ID}", {"type": "double"}, "error", "is of type double, string is needed"),
        (f"Account.{EXTERNAL_ID}", {"updateable": False}, "error", "not updateable"),
        ("Account.Trading_Name__c", {"type": "boolean"}, "error", "is of type boolean, string is needed"),
        ("Account.Trading_Name__c", {"length": 80}, "warning", "holds 80 characters, billing has up to 255"),
        ("Contact.Birthdate", {"type": "datetime"}, "error", "is of type datetime, date is needed"),
        ("PricebookEntry.UnitPrice", {"scale": 2}, "warning", "keeps 2 decimals, billing has 4"),
        ("PricebookEntry.UnitPrice", {"precision": 10}, "warning", "holds 6 digits before the point"),
        ("Account.Account_Class__c", {"picklistValues": []}, "error", "lacks the values Residential, Commercial"),
        ("Asset.Gentrack_Link__c", {"updateable": False}, "error", "not updateable"),
    ],
)
def test_one_difference_is_the_one_finding(where, change, severity, message):
    describes = org()
    field_of(describes, where).update(change)
    (finding,) = check(TABLE, describes)
    assert (finding.severity, f"{finding.entity}.{finding.field}") == (severity, where)
    assert message in finding.message
    assert finding.mend


def test_a_missing_value_of_an_open_picklist_is_only_a_warning():
    describes = org()
    field = field_of(describes, "Account.Account_Class__c")
    field.update(restrictedPicklist=False)
    field["picklistValues"][0]["active"] = False
    (finding,) = check(TABLE, describes)
    assert (finding.severity, finding.message) == ("warning", "lacks the values Residential")


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("Account.Account_Class__c", {"type": "string", "length": 255}),
        ("Account.Trading_Name__c", {"type": "textarea", "length": 3000}),
        ("Contract.ContractTerm", {"type": "int", "precision": 0}),
        ("AccountContactRelation.AccountId", {"updateable": False}),
        ("PricebookEntry.Pricebook2Id", {"updateable": False}),
    ],
)
def test_a_difference_that_does_no_harm_is_no_finding(where, change):
    describes = org()
    field_of(describes, where).update(change)
    assert check(TABLE, describes) == []


@pytest.mark.parametrize("right", ["createable", "updateable", "queryable"])
def test_an_object_without_a_right_is_the_one_finding(right):
    describes = org()
    describes["Order"][right] = False
    (finding,) = check(TABLE, describes)
    assert (finding.entity, finding.field, finding.severity) == ("Order", "", "error")
    assert right in finding.message


def test_an_object_that_is_not_there_says_what_to_switch_on():
    (finding,) = check(TABLE, org() | {"Quote": None})
    assert (finding.entity, finding.field, finding.severity) == ("Quote", "", "error")
    assert "Enable Quotes" in finding.mend


def test_a_field_that_salesforce_requires_and_billing_has_not_is_the_one_finding():
    describes = org()
    describes["Contact"]["fields"].append(RIGHTS | {"name": "Region__c", "type": "string", "nillable": False})
    (finding,) = check(TABLE, describes)
    assert (finding.entity, finding.field) == ("Contact", "Region__c")
    assert "Salesforce requires a value" in finding.message


def test_only_what_is_loaded_initially_is_checked_when_asked_so():
    describes = {name: each for name, each in org().items() if TABLE[name].initial}
    assert check(TABLE, describes, initial=True) == []
    missing = {finding.entity for finding in check(TABLE, describes)}
    told_by_another = {"QuoteLineItem", "OrderItem"}  # of a feature that is off, the first object tells
    assert missing == {entity.name for entity in TABLE.entities if not entity.initial} - told_by_another


def test_a_tenants_own_field_is_checked_too():
    own = merge(TABLE, {"Account": {"fields": {"Extra__c": {"kind": {"type": "Date"}, "billing": "extra"}}}})
    (finding,) = check(own, org())
    assert (finding.entity, finding.field) == ("Account", "Extra__c")


def test_two_differences_are_two_findings():
    describes = copy.deepcopy(org())
    without(describes, "Contract.StartDate")
    describes["Asset"]["queryable"] = False
    assert {(each.entity, each.field) for each in check(TABLE, describes)} == {("Contract", "StartDate"), ("Asset", "")}
