from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.schema import Schema
from salesbridge.sandbox.salesforce.standard import standard_sobjects

FIELD_COUNTS = {
    "Account": 52,
    "Contact": 59,
    "AccountContactRelation": 14,
    "Opportunity": 45,
    "OpportunityLineItem": 23,
    "OpportunityContactRole": 11,
    "Product2": 21,
    "Pricebook2": 16,
    "PricebookEntry": 15,
    "Quote": 73,
    "QuoteLineItem": 23,
    "Order": 56,
    "OrderItem": 21,
    "Contract": 49,
    "Asset": 43,
    "Lead": 54,
    "Case": 37,
    "Task": 40,
    "Event": 49,
    "Campaign": 45,
    "User": 148,
    "Profile": 12,
    "UserRole": 14,
    "Group": 15,
    "Organization": 50,
    "RecordType": 13,
    "PermissionSet": 16,
    "PermissionSetAssignment": 7,
    "ContentVersion": 42,
    "ContentDocument": 23,
    "ContentDocumentLink": 7,
    "OrderStatus": 11,
    "ContractStatus": 11,
    "NamedCredential": 22,
    "SetupEntityAccess": 5,
}
REQUIRED = {
    "Account": {"Name"},
    "Contact": {"LastName"},
    "AccountContactRelation": {"AccountId", "ContactId"},
    "Opportunity": {"Name", "StageName", "CloseDate"},
    "OpportunityLineItem": {"OpportunityId", "Quantity"},
    "Product2": {"Name"},
    "PricebookEntry": {"Pricebook2Id", "Product2Id", "UnitPrice"},
    "Quote": {"Name", "OpportunityId"},
    "QuoteLineItem": {"QuoteId", "PricebookEntryId", "Quantity", "UnitPrice"},
    "Order": {"EffectiveDate", "Status"},
    "OrderItem": {"OrderId", "PricebookEntryId", "Quantity", "UnitPrice"},
    "Contract": {"AccountId"},
    "Lead": {"LastName", "Company"},
    "Case": set(),
    "User": {
        "Username",
        "LastName",
        "Email",
        "Alias",
        "TimeZoneSidKey",
        "LocaleSidKey",
        "EmailEncodingKey",
        "ProfileId",
        "LanguageLocaleKey",
    },
}
KEY_PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "User": "005",
    "Product2": "01t",
    "Pricebook2": "01s",
    "PricebookEntry": "01u",
    "OpportunityLineItem": "00k",
    "Quote": "0Q0",
    "QuoteLineItem": "0QL",
    "Order": "801",
    "OrderItem": "802",
    "Contract": "800",
    "AccountContactRelation": "07k",
    "RecordType": "012",
    "Organization": "00D",
}
NEVER_UPDATED = [
    ("AccountContactRelation", "AccountId"),
    ("AccountContactRelation", "ContactId"),
    ("OpportunityLineItem", "PricebookEntryId"),
    ("Opportunity", "ContactId"),
    ("Product2", "Type"),
    ("PricebookEntry", "Pricebook2Id"),
    ("Quote", "OpportunityId"),
    ("QuoteLineItem", "Product2Id"),
    ("Order", "OriginalOrderId"),
    ("Order", "IsReductionOrder"),
    ("OrderItem", "ListPrice"),
    ("OrderItem", "Product2Id"),
]
READ_ONLY = [
    ("Account", "BillingAddress"),
    ("Contact", "Name"),
    ("Contact", "IsEmailBounced"),
    ("AccountContactRelation", "IsDirect"),
    ("Opportunity", "IsWon"),
    ("Opportunity", "ExpectedRevenue"),
    ("Pricebook2", "IsStandard"),
    ("Quote", "GrandTotal"),
    ("Quote", "AccountId"),
    ("Quote", "ContactId"),
    ("Order", "OrderNumber"),
    ("Contract", "EndDate"),
    ("Contract", "ContractNumber"),
]
ABSENT = [
    ("Account", "IsPersonAccount"),
    ("Account", "CurrencyIsoCode"),
    ("Account", "BillingStateCode"),
    ("Contact", "CanAllowPortalSelfReg"),
    ("Opportunity", "Territory2Id"),
    ("User", "IsPortalEnabled"),
    ("Order", "SalesStoreId"),
]


@pytest.fixture(scope="module")
def schema():
    return Schema(standard_sobjects())


def test_every_object_has_its_published_number_of_fields(schema):
    assert {name: len(schema.sobject(name).fields) for name in schema.names()} == FIELD_COUNTS


@pytest.mark.parametrize(("name", "required"), REQUIRED.items())
def test_a_create_request_must_carry_the_required_fields_and_no_others(schema, name, required):
    fields = schema.sobject(name).fields.values()
    assert {field.name for field in fields if field.required_on_create} == required


def test_ids_start_with_the_published_key_prefixes(schema):
    assert {name: schema.sobject(name).key_prefix for name in KEY_PREFIXES} == KEY_PREFIXES


def test_no_two_objects_share_a_key_prefix(schema):
    prefixes = [schema.sobject(name).key_prefix for name in schema.names()]
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize(("name", "field"), NEVER_UPDATED)
def test_create_only_fields_can_be_created_and_never_updated(schema, name, field):
    found = schema.sobject(name).field(field)
    assert (found.createable, found.updateable) == (True, False)


@pytest.mark.parametrize(("name", "field"), READ_ONLY)
def test_read_only_fields_can_neither_be_created_nor_updated(schema, name, field):
    found = schema.sobject(name).field(field)
    assert (found.createable, found.updateable) == (False, False)


@pytest.mark.parametrize(("name", "field"), ABSENT)
def test_features_that_are_off_bring_no_fields(schema, name, field):
    assert schema.sobject(name).field(field) is None


@pytest.mark.parametrize(
    ("parent", "field", "relationship", "cascades"),
    [
        ("Account", "Contact.AccountId", "Contacts", True),
        ("Account", "Account.ParentId", "ChildAccounts", False),
        ("Account", "AccountContactRelation.AccountId", "AccountContactRelations", True),
        ("Contact", "Contract.CustomerSignedId", "ContractsSigned", False),
        ("Contact", "Contact.ReportsToId", None, False),
        ("Opportunity", "OpportunityLineItem.OpportunityId", "OpportunityLineItems", True),
        ("Order", "OrderItem.OrderId", "OrderItems", True),
        ("Product2", "PricebookEntry.Product2Id", "PricebookEntries", True),
        ("Quote", "QuoteLineItem.QuoteId", "QuoteLineItems", True),
        ("Account", "Task.WhatId", "Tasks", True),
        ("Account", "Task.AccountId", None, False),
    ],
)
def test_parents_reach_their_children_by_the_published_names(schema, parent, field, relationship, cascades):
    links = {f"{link.child}.{link.field}": link for link in schema.children(parent)}
    found = links[field]
    assert (found.relationship_name, found.cascade_delete) == (relationship, cascades)


def test_a_relationship_name_leads_to_one_child_only(schema):
    for parent in schema.names():
        named = [link.relationship_name for link in schema.children(parent) if link.relationship_name]
        assert len(set(named)) == len(named), parent


def test_children_reach_their_parents_by_the_published_names(schema):
    contact, order = schema.sobject("Contact"), schema.sobject("Order")
    assert contact.relationship("Account").name == "AccountId"
    assert contact.relationship("ReportsTo").name == "ReportsToId"
    assert order.relationship("BillToContact").reference_to == ("Contact",)
    assert order.relationship("Owner").reference_to == ("User", "Group")


def test_every_reference_has_a_target_and_but_one_has_a_relationship_name(schema):
    fields = [field for name in schema.names() for field in schema.sobject(name).fields.values()]
    references = [field for field in fields if field.type == "reference"]
    assert [f.name for f in references if not f.reference_to] == []
    assert {f.name for f in references if not f.relationship_name} <= {"RecurrenceActivityId"}


def test_every_text_field_has_a_length_and_every_amount_a_precision(schema):
    fields = [field for name in schema.names() for field in schema.sobject(name).fields.values()]
    text = {"string", "textarea", "email", "phone", "url", "picklist", "combobox", "id", "reference"}
    assert [f.name for f in fields if f.type in text and not f.length] == []
    assert [f.name for f in fields if f.type in {"currency", "percent", "double"} and not f.precision] == []


@pytest.mark.parametrize(
    ("name", "field", "length"),
    [
        ("Account", "Name", 255),
        ("Account", "BillingStreet", 255),
        ("Account", "AccountNumber", 40),
        ("Contact", "FirstName", 40),
        ("Contact", "LastName", 80),
        ("Contact", "Email", 80),
        ("Contact", "Title", 128),
        ("Opportunity", "Name", 120),
        ("Order", "PoNumber", 80),
        ("Product2", "Description", 4000),
        ("User", "Alias", 8),
    ],
)
def test_lengths_are_the_published_ones(schema, name, field, length):
    assert schema.sobject(name).field(field).length == length


def test_only_states_of_orders_and_contracts_are_restricted_business_picklists(schema):
    assert schema.sobject("Order").field("Status").restricted
    assert schema.sobject("Contract").field("Status").picklist == (
        "Draft",
        "In Approval Process",
        "Activated",
    )
    assert not schema.sobject("Account").field("Industry").restricted
    assert "Energy" in schema.sobject("Account").field("Industry").picklist
    assert not schema.sobject("Opportunity").field("StageName").restricted


def test_every_default_of_a_restricted_picklist_is_one_of_its_values(schema):
    fields = [field for name in schema.names() for field in schema.sobject(name).fields.values()]
    wrong = [f for f in fields if f.restricted and f.default is not None and f.default not in f.picklist]
    assert wrong == []


def test_numbers_that_the_org_gives_out_are_auto_numbers(schema):
    numbered = {(n, f.name) for n in schema.names() for f in schema.sobject(n).fields.values() if f.auto_number}
    assert numbered == {
        ("Case", "CaseNumber"),
        ("Contract", "ContractNumber"),
        ("Order", "OrderNumber"),
        ("OrderItem", "OrderItemNumber"),
        ("Quote", "QuoteNumber"),
        ("QuoteLineItem", "LineNumber"),
    }


def test_states_and_countries_are_free_text(schema):
    for field in ("BillingState", "BillingCountry", "ShippingState", "ShippingCountry"):
        assert schema.sobject("Account").field(field).type == "string"


def test_email_and_number_fields_can_name_a_record_in_an_upsert(schema):
    assert schema.sobject("Contact").upsert_key("Email") is not None
    assert schema.sobject("Order").upsert_key("OrderNumber") is not None
    assert schema.sobject("Contact").upsert_key("Phone") is None
