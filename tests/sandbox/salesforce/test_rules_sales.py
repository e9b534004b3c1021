from __future__ import annotations

import pytest


@pytest.fixture
def standard_book(org):
    return next(row["Id"] for row in org.rows("Pricebook2") if row["IsStandard"])


@pytest.fixture
def entry(make, standard_book):
    product = make("Product2", Name="Power", ProductCode="P1", IsActive=True)
    return make("PricebookEntry", Product2Id=product, Pricebook2Id=standard_book, UnitPrice=10, IsActive=True)


@pytest.fixture
def opportunity(make):
    account = make("Account", Name="n")
    return make("Opportunity", Name="o", StageName="Prospecting", CloseDate="2026-05-31", AccountId=account)


def code(result):
    assert not result.success
    return result.errors[0].code


# -- price books ---------------------------------------------------------------------------------------------------


def test_the_standard_price_comes_first(make, save, standard_book):
    product, book = make("Product2", Name="Power"), make("Pricebook2", Name="Own")
    custom = {"Product2Id": product, "Pricebook2Id": book, "UnitPrice": 9}
    assert code(save("insert", "PricebookEntry", custom)) == "STANDARD_PRICE_NOT_DEFINED"
    make("PricebookEntry", Product2Id=product, Pricebook2Id=standard_book, UnitPrice=10)
    assert save("insert", "PricebookEntry", custom).success
    assert code(save("insert", "PricebookEntry", custom)) == "DUPLICATE_VALUE"


def test_an_entry_shows_its_products_name_and_code_as_they_are(org, save, entry):
    row = org.get("PricebookEntry", entry)
    assert (row["Name"], row["ProductCode"]) == ("Power", "P1")
    save("update", "Product2", {"Id": row["Product2Id"], "Name": "Energy"})
    assert org.get("PricebookEntry", entry)["Name"] == "Energy"


def test_an_entry_can_follow_the_standard_price(org, make, save, entry):
    product = org.get("PricebookEntry", entry)["Product2Id"]
    book = make("Pricebook2", Name="Own")
    follower = make("PricebookEntry", Product2Id=product, Pricebook2Id=book, UnitPrice=1, UseStandardPrice=True)
    assert org.get("PricebookEntry", follower)["UnitPrice"] == 10
    save("update", "PricebookEntry", {"Id": entry, "UnitPrice": 12})
    assert org.get("PricebookEntry", follower)["UnitPrice"] == 12


def test_the_standard_price_book_stays(save, standard_book):
    assert not save("delete", "Pricebook2", {"Id": standard_book}).success


# -- opportunities ---------------------------------------------------------------------------------------------------


def test_the_stage_drives_probability_category_and_outcome(org, save, opportunity):
    row = org.get("Opportunity", opportunity)
    assert (row["Probability"], row["IsClosed"], row["IsWon"]) == (10.0, False, False)
    assert (row["ForecastCategory"], row["FiscalYear"], row["FiscalQuarter"]) == ("Pipeline", 2026, 2)
    save("update", "Opportunity", {"Id": opportunity, "StageName": "Closed Won", "Amount": 50})
    row = org.get("Opportunity", opportunity)
    assert (row["Probability"], row["IsClosed"], row["IsWon"]) == (100.0, True, True)
    assert row["ExpectedRevenue"] == 50


def test_lines_own_the_amount_and_a_sent_one_is_ignored(org, make, save, opportunity, entry):
    make("OpportunityLineItem", OpportunityId=opportunity, PricebookEntryId=entry, Quantity=3, UnitPrice=5)
    assert org.get("Opportunity", opportunity)["Amount"] == 15
    assert save("update", "Opportunity", {"Id": opportunity, "Amount": 99}).success
    row = org.get("Opportunity", opportunity)
    assert row["Amount"] == 15
    assert row["HasOpportunityLineItem"] is True


def test_a_line_takes_unit_or_total_price_not_both(org, make, save, opportunity, entry):
    line = {"OpportunityId": opportunity, "PricebookEntryId": entry, "Quantity": 4}
    assert not save("insert", "OpportunityLineItem", {**line, "UnitPrice": 1, "TotalPrice": 4}).success
    made = make("OpportunityLineItem", **line, TotalPrice=10)
    assert org.get("OpportunityLineItem", made)["UnitPrice"] == 2.5


# -- quotes ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def quote(make, opportunity, standard_book):
    return make("Quote", Name="q", OpportunityId=opportunity, Pricebook2Id=standard_book)


def test_a_quote_takes_its_account_from_the_opportunity_and_adds_up_its_lines(org, make, quote, opportunity, entry):
    line = {"QuoteId": quote, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10, "Discount": 10}
    row = org.get("QuoteLineItem", make("QuoteLineItem", **line))
    assert (row["Subtotal"], row["TotalPrice"], row["ListPrice"]) == (20, 18, 10)
    row = org.get("Quote", quote)
    assert row["AccountId"] == org.get("Opportunity", opportunity)["AccountId"]
    assert (row["Subtotal"], row["TotalPrice"], row["GrandTotal"], row["LineItemCount"]) == (20, 18, 18, 1)
    assert row["QuoteNumber"] == "00000001"


def test_a_quote_line_needs_an_entry_of_the_quotes_price_book(make, save, opportunity, entry):
    quote = make("Quote", Name="q", OpportunityId=opportunity)
    line = {"QuoteId": quote, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10}
    assert code(save("insert", "QuoteLineItem", line)) == "FIELD_INTEGRITY_EXCEPTION"


def test_an_inactive_entry_cannot_be_drawn(save, quote, entry):
    save("update", "PricebookEntry", {"Id": entry, "IsActive": False})
    line = {"QuoteId": quote, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10}
    assert "inactive" in save("insert", "QuoteLineItem", line).errors[0].message


def test_an_org_without_quotes_has_no_such_objects(org):
    org.settings.quotes_enabled = False
    assert not {"Quote", "QuoteLineItem"} & set(org.visible_names())


# -- orders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(make, standard_book):
    account = make("Account", Name="n")
    values = {"EffectiveDate": "2026-01-01", "Status": "Draft", "Pricebook2Id": standard_book}
    return make("Order", AccountId=account, **values)


@pytest.fixture
def line(make, order, entry):
    return make("OrderItem", OrderId=order, PricebookEntryId=entry, Quantity=2, UnitPrice=10)


def test_an_order_is_born_as_a_draft_with_a_number(org, make, save, order):
    row = org.get("Order", order)
    assert (row["StatusCode"], row["OrderNumber"], row["TotalAmount"]) == ("Draft", "00000001", 0)
    born = {"AccountId": row["AccountId"], "EffectiveDate": "2026-01-01", "Status": "Activated"}
    assert code(save("insert", "Order", born)) == "FAILED_ACTIVATION"


def test_the_activating_request_holds_only_the_status(org, save, order, line):
    both = {"Id": order, "Status": "Activated", "Description": "go"}
    assert code(save("update", "Order", both)) == "FAILED_ACTIVATION"
    assert save("update", "Order", {"Id": order, "Status": "Activated"}).success
    row = org.get("Order", order)
    assert row["StatusCode"] == "Activated"
    assert row["ActivatedDate"] == row["LastModifiedDate"]


def test_an_order_without_products_cannot_be_activated(save, order):
    assert code(save("update", "Order", {"Id": order, "Status": "Activated"})) == "FAILED_ACTIVATION"


def test_an_activated_order_is_frozen_until_it_is_a_draft_again(org, make, save, order, line):
    entry = org.get("OrderItem", line)["PricebookEntryId"]
    save("update", "Order", {"Id": order, "Status": "Activated"})
    more = {"OrderId": order, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 1}
    assert code(save("insert", "OrderItem", more)) == "ENTITY_IS_LOCKED"
    assert code(save("update", "OrderItem", {"Id": line, "Quantity": 3})) == "ENTITY_IS_LOCKED"
    assert code(save("delete", "OrderItem", {"Id": line})) == "ENTITY_IS_LOCKED"
    other = make("Account", Name="m")
    assert code(save("update", "Order", {"Id": order, "AccountId": other})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(save("delete", "Order", {"Id": order})) == "DELETE_FAILED"
    assert save("update", "Order", {"Id": order, "Status": "Draft"}).success
    assert save("delete", "Order", {"Id": order}).success


def test_a_deleted_line_is_gone_for_good_and_off_the_total(org, save, order, line):
    assert org.get("Order", order)["TotalAmount"] == 20
    assert save("delete", "OrderItem", {"Id": line}).success
    assert list(org.rows("OrderItem", deleted=True)) == []
    assert org.get("Order", order)["TotalAmount"] == 0


# -- contracts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def contract(make):
    return make("Contract", AccountId=make("Account", Name="n"), StartDate="2026-01-31", ContractTerm=13)


def test_a_contract_is_a_draft_that_ends_with_its_term(org, contract):
    row = org.get("Contract", contract)
    assert (row["Status"], row["StatusCode"], row["EndDate"]) == ("Draft", "Draft", "2027-02-27")
    assert row["ContractNumber"] == "00000001"


def test_an_activated_contract_has_no_way_back(org, save, contract):
    assert save("update", "Contract", {"Id": contract, "Status": "In Approval Process"}).success
    assert org.get("Contract", contract)["StatusCode"] == "InApproval"
    both = {"Id": contract, "Status": "Activated", "ContractTerm": 24}
    assert code(save("update", "Contract", both)) == "FAILED_ACTIVATION"
    assert save("update", "Contract", {"Id": contract, "Status": "Activated"}).success
    assert code(save("update", "Contract", {"Id": contract, "Status": "Draft"})) == "FIELD_INTEGRITY_EXCEPTION"
    assert code(save("delete", "Contract", {"Id": contract})) == "DELETE_FAILED"


def test_a_contract_cannot_be_born_activated(make, save):
    born = {"AccountId": make("Account", Name="n"), "Status": "Activated"}
    assert code(save("insert", "Contract", born)) == "FAILED_ACTIVATION"
