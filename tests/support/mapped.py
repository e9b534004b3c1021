"""What the proof knows of the data model: some fields, who is master, what people enter. Written by hand.

It shares nothing with the product's own table, so a mistake there shows as a difference here.
"""

from __future__ import annotations

from dataclasses import dataclass

EXT = "Gentrack_External_Id__c"
S, B = "salesforce", "billing"


@dataclass(frozen=True)
class Mapped:
    """One field that is kept in step.

    Args:
        entity: Salesforce object.
        field: Salesforce field.
        kind: Kind of billing record.
        member: Its member in the billing system's own store.
        master: The side whose value wins.
        values: What people enter on either side; None clears.
        poison: What one side accepts and the other refuses, by the side where it is entered.
    """

    entity: str
    field: str
    kind: str
    member: str
    master: str
    values: tuple
    poison: tuple = ()


MAPPED = (
    Mapped("Account", "Trading_Name__c", "accounts", "trading_name", S, ("Alpha", "Beta Ltd", "Gamma", None)),
    Mapped("Account", "Company_Number__c", "accounts", "company_number", S, ("1001", "1002", None)),
    Mapped(
        "Account", "Account_Class__c", "accounts", "account_class", S, ("Residential", "Commercial", "Industrial"),
        ((S, None),),
    ),
    Mapped(
        "Contact", "Preferred_Name__c", "customers", "preferred_name", S, ("Ann", "Bob", "Cleo", None),
        ((B, "x" * 81),),
    ),
    Mapped("Contact", "Title", "customers", "job_title", S, ("Manager", "Clerk", None)),
    Mapped("Contact", "MobilePhone", "customers", "mobile", S, ("07700 900001", "07700 900002", None)),
    Mapped(
        "Contact", "Birthdate", "customers", "birth_date", S, ("1980-01-01", "1990-02-02", None), ((S, "2199-01-01"),)
    ),
    Mapped(
        "AccountContactRelation", "EndDate", "account_customers", "to_date", S, ("2031-01-01", "2032-01-01", None),
        ((S, "1901-01-01"),),
    ),
    Mapped("AccountContactRelation", "IsActive", "account_customers", "active", S, (True, False)),
    Mapped(
        "Asset", "Gentrack_Supply_Status__c", "service_points", "supply_status", B,
        ("Registered", "De-energised", "Pending", None), ((B, "x" * 41),),
    ),
    Mapped("Asset", "Gentrack_Switch_Status__c", "service_points", "switch_status", B, ("None", "Gain Started")),
    Mapped("Contract", "Gentrack_Agreement_Type__c", "agreements", "agreement_type", B, ("Fixed", "Variable", None)),
    Mapped("Product2", "Name", "products", "name", B, ("Fixed Plan", "Green Plan")),
)  # fmt: skip

KIND_OF = {each.entity: each.kind for each in MAPPED}
ENTITIES_OF = {kind: tuple({m.entity: None for m in MAPPED if m.kind == kind}) for kind in KIND_OF.values()}
BY_ENTITY = {entity: tuple(m for m in MAPPED if m.entity == entity) for entity in KIND_OF}
MASTER = {(each.entity, each.field): each.master for each in MAPPED}
#: Objects of which the triggers of the installed package tell.
TRIGGERED = ("Account", "Contact", "AccountContactRelation")
#: Child, its lookup, the parent's object, and the member of billing's record that names the parent.
PARENTS = (
    ("Asset", "AccountId", "Account", "account_number"),
    ("Contract", "AccountId", "Account", "account_number"),
    ("Contact", "AccountId", "Account", "primary_account_number"),
    ("AccountContactRelation", "AccountId", "Account", "account_number"),
    ("AccountContactRelation", "ContactId", "Contact", "customer_number"),
)
#: Lookups that Salesforce never changes once a record is there; a merge does.
LOOKUPS = {"AccountContactRelation": ("AccountId", "ContactId")}


def plain(value):
    """A value as both sides would tell it to a person."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set)):
        return ";".join(sorted(value)) or None
    return str(value)
