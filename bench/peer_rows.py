"""The peer's mapping: billing records as Junifer spells them to the same Salesforce fields, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

EXT = "Gentrack_External_Id__c"
Row = dict[str, Any]


def account(record: Row) -> Row:
    """A billing account."""
    customer = record.get("primaryCustomer") or {}
    return {
        EXT: record["number"],
        "Name": customer.get("name"),
        "Trading_Name__c": record.get("tradingName"),
        "Company_Number__c": record.get("companyNumber"),
        "Account_Class__c": record.get("accountClass"),
        **_address("Billing", record.get("billingAddress") or {}),
        "Phone": customer.get("phoneNumber1"),
        "Fax": customer.get("faxNumber"),
    }


def contact(record: Row) -> Row:
    """A customer."""
    reached = record.get("primaryContact") or {}
    return {
        EXT: record["number"],
        f"Account.{EXT}": (record.get("primaryAccount") or {}).get("number"),
        "Salutation": record.get("title"),
        "FirstName": record.get("forename"),
        "LastName": record.get("surname"),
        "Title": record.get("jobTitle"),
        "Preferred_Name__c": record.get("preferredName"),
        "Phone": reached.get("phoneNumber1"),
        "OtherPhone": reached.get("phoneNumber2"),
        "MobilePhone": reached.get("phoneNumber3"),
        "Email": reached.get("email"),
        "Birthdate": record.get("dateOfBirth"),
        **_address("Mailing", reached.get("address") or {}),
    }


def relation(record: Row) -> Row:
    """Which customer belongs to which account, and as what."""
    return {
        EXT: f"{record['accountNumber']}:{record['customerNumber']}",
        f"Account.{EXT}": record["accountNumber"],
        f"Contact.{EXT}": record["customerNumber"],
        "Roles": ";".join(record.get("roles") or ()),
        "IsActive": _flag(record.get("activeFl")),
        "StartDate": record.get("fromDt"),
        "EndDate": record.get("toDt"),
    }


def product(record: Row) -> Row:
    """A product."""
    return {
        EXT: record["code"],
        "Name": record["name"],
        "ProductCode": record["code"],
        "Family": record.get("serviceType"),
        "IsActive": _flag(record.get("activeFl")),
    }


def price(record: Row) -> Row:
    """A product's standard price; the caller adds the price book."""
    return {
        EXT: record["code"],
        f"Product2.{EXT}": record["code"],
        "UnitPrice": record["unitPrice"],
        "IsActive": _flag(record.get("activeFl")),
    }


def contract(record: Row) -> Row:
    """An agreement."""
    return {
        EXT: record["number"],
        f"Account.{EXT}": record.get("accountNumber"),
        "StartDate": record.get("fromDt"),
        "ContractTerm": record.get("termMonths"),
        "Gentrack_Agreement_Type__c": (record.get("agreementType") or {}).get("name"),
        "Gentrack_End_Date__c": record.get("toDt"),
        "Gentrack_Cancelled__c": _flag(record.get("cancelled")),
    }


def begun(record: Row, today: date) -> bool:
    """Whether an agreement's contract is to be activated."""
    return bool(record.get("fromDt")) and record["fromDt"] <= today.isoformat() and not record.get("cancelled")


def asset(record: Row) -> Row:
    """A service point."""
    return {
        EXT: record["identifier"],
        f"Account.{EXT}": record.get("accountNumber"),
        "Name": record["identifier"],
        "Gentrack_Identifier_Type__c": record.get("type"),
        "Gentrack_Service_Type__c": record.get("serviceType"),
        "Gentrack_Supply_Status__c": record.get("supplyStatus"),
        "Gentrack_Switch_Status__c": record.get("switchStatus"),
        "Gentrack_Supply_Start__c": record.get("supplyStartDate"),
        "Gentrack_Supply_End__c": record.get("supplyEndDate"),
        **_address("", record.get("address") or {}),
    }


def _address(prefix: str, address: Row) -> Row:
    lines = [address.get(f"address{number}") for number in (1, 2, 3)]
    return {
        f"{prefix}Street": "\n".join(line for line in lines if line),
        f"{prefix}City": address.get("address4"),
        f"{prefix}State": address.get("address5"),
        f"{prefix}PostalCode": address.get("postcode"),
        f"{prefix}Country": address.get("country"),
    }


def _flag(value: Any) -> str:
    return "true" if value else "false"


#: Salesforce object, list in billing, mapping: parents before children.
PLAN: tuple[tuple[str, str, Callable[[Row], Row]], ...] = (
    ("Account", "accounts", account),
    ("Contact", "customers", contact),
    ("AccountContactRelation", "accountCustomers", relation),
    ("Product2", "products", product),
    ("PricebookEntry", "products", price),
    ("Contract", "agreements", contract),
    ("Asset", "meterPoints", asset),
)
