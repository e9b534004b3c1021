from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.soql import run_query
from salesbridge.sandbox.salesforce.standard import standard_sobjects


@pytest.fixture(scope="module")
def org():
    return Org(standard_sobjects())


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id, (SELECT Id, Contact.Name FROM AccountContactRelations), (SELECT Id FROM Orders) FROM Account",
        "SELECT Id, Account.Name, Contact.Email, Roles FROM AccountContactRelation WHERE Roles INCLUDES ('Other')",
        "SELECT Id, UnitPrice, Product2.ProductCode FROM PricebookEntry WHERE Pricebook2.IsStandard = true",
        "SELECT OrderNumber, (SELECT Quantity, Product2.Name FROM OrderItems) FROM Order WHERE Status = 'Draft'",
        "SELECT Id, Order.Account.Owner.Name FROM OrderItem WHERE Order.EffectiveDate = THIS_YEAR",
        "SELECT Id, (SELECT Id, LineNumber FROM QuoteLineItems) FROM Quote WHERE Opportunity.IsWon = false",
        "SELECT Id, RecordType.DeveloperName, Owner.Name, CreatedBy.Name FROM Contract ORDER BY StartDate DESC",
        "SELECT StageName, SUM(Amount), COUNT(Id) FROM Opportunity GROUP BY StageName HAVING SUM(Amount) > 1000",
        "SELECT Id, Who.Name, What.Name, Owner.Name FROM Task WHERE What.Type = 'Account'",
        "SELECT FIELDS(ALL) FROM Asset LIMIT 200",
        "SELECT Id FROM Contact WHERE AccountId IN (SELECT AccountId FROM Asset WHERE Status = 'Installed')",
        "SELECT Id, BillingAddress, LastModifiedDate FROM Account WHERE SystemModstamp >= 2026-01-01T00:00:00Z",
        "SELECT Id, Profile.Name FROM User WHERE IsActive = true AND Username LIKE '%@example.com'",
    ],
)
def test_queries_a_sales_integration_sends_fit_the_standard_objects(org, soql):
    assert run_query(org, soql).records() == []


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT Id FROM Account WHERE Description LIKE '%x%'", "field 'Description' can not be filtered"),
        ("SELECT Id FROM Account ORDER BY Description", "field 'Description' can not be sorted"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", "field 'BillingAddress' can not be filtered"),
        ("SELECT COUNT_DISTINCT(Description) FROM Account", "does not support aggregate operator COUNT_DISTINCT"),
    ],
)
def test_the_published_flags_of_standard_fields_are_kept(org, soql, reason):
    with pytest.raises(ApiError, match=reason):
        run_query(org, soql)
