"""The data model, version 1: what is kept in step, who is master, and what each field is called on both sides.

Rows with ``published=True`` are in the vendor's data model reference; the others complete it and are to be confirmed
with each customer. Lengths of standard fields are those of the Object Reference.
"""

from __future__ import annotations

from salesbridge.model.entity import Entity, Fact, Field, Parent, Phase, Table
from salesbridge.model.kinds import (
    Boolean,
    Date,
    MultiPicklist,
    Number,
    Phone,
    Picklist,
    Side,
    Text,
    email,
    money,
    url,
)

G, S = Side.BILLING, Side.SALESFORCE

_LINK = Field("Gentrack_Link__c", url(), G, None, "Gentrack Link", help="Opens this record in the billing system.")
_SERVICE_TYPES = ("Electricity", "Gas", "Water")
_SCHEMES = Picklist(values=("ICP", "NMI", "MPAN", "MPRN"))
_ORDER_STATUSES = (
    "waiting", "refused", "draft", "ready", "accepted", "provisioning", "active", "completed", "cancelled",
)  # fmt: skip
_ORDER_STATUS = Field(
    "Gentrack_Order_Status__c", Picklist(values=_ORDER_STATUSES), G, "status", "Gentrack Order Status",
    help="Where the order stands in the billing system.",
)  # fmt: skip
_ORDER_REASON = Field(
    "Gentrack_Order_Reason__c", Text(255), G, "status_reason", "Gentrack Order Reason",
    help="Why the order stands where it does, and what to do about it.",
)  # fmt: skip

ACCOUNT = Entity(
    "Account",
    "account",
    ("account_number",),
    "billing accounts",
    (
        Field("Name", Text(255), S, "primary_customer_name", required=True, published=True, record="primary customer"),
        Field("Trading_Name__c", Text(255), S, "trading_name", "Trading Name", published=True),
        Field("Company_Number__c", Text(40), S, "company_number", "Company Number", published=True),
        Field(
            "Account_Class__c", Picklist(values=("Residential", "Commercial", "Industrial")), S, "account_class",
            "Account Class", published=True,
        ),
        Field("Billing", None, S, "address", published=True),
        Field("Phone", Phone(), S, "primary_customer_phone", published=True, record="primary customer"),
        Field("Fax", Phone(), S, "primary_customer_fax", published=True, record="primary customer"),
        _LINK,
    ),
)  # fmt: skip

CONTACT = Entity(
    "Contact",
    "customer",
    ("customer_number",),
    "customers",
    (
        Field(
            "Salutation",
            Picklist(40, values=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")),
            S,
            "title",
            published=True,
        ),
        Field("FirstName", Text(40), S, "forename"),
        Field("LastName", Text(80), S, "surname", required=True),
        Field("Title", Text(128), S, "job_title", published=True),
        Field("Preferred_Name__c", Text(80), S, "preferred_name", "Preferred Name", published=True),
        Field("Phone", Phone(), S, "phone", published=True),
        Field("OtherPhone", Phone(), S, "work_phone", published=True),
        Field("MobilePhone", Phone(), S, "mobile", published=True),
        Field("Email", email(), S, "email"),
        Field("Birthdate", Date(), S, "birth_date"),
        Field("Mailing", None, S, "address"),
        _LINK,
    ),
    (Parent("AccountId", "Account", "Account", "primary_account_number", required=False),),
)

RELATION = Entity(
    "AccountContactRelation",
    "account_customer",
    ("account_number", "customer_number"),
    "account contact relations",
    (
        Field(
            "Roles",
            MultiPicklist(("Account Holder", "Billing Contact", "Technical Contact", "Decision Maker")),
            S,
            "roles",
        ),
        Field("IsActive", Boolean(), S, "active"),
        Field("StartDate", Date(), S, "start_date"),
        Field("EndDate", Date(), S, "end_date"),
    ),
    (
        Parent("AccountId", "Account", "Account", "account_number", create_only=True),
        Parent("ContactId", "Contact", "Contact", "customer_number", create_only=True),
    ),
    adopts=True,
    feature="Setup > Account Settings > 'Allow users to relate a contact to multiple accounts'",
)

PRODUCT = Entity(
    "Product2",
    "product",
    ("product_code",),
    "products",
    (
        Field("Name", Text(255), G, "name", required=True),
        Field("ProductCode", Text(255), G, "product_code"),
        Field("Family", Picklist(values=_SERVICE_TYPES), G, "service_type"),
        Field("IsActive", Boolean(), G, "active"),
    ),
)

PRICE = Entity(
    "PricebookEntry",
    "product",
    ("product_code",),
    "standard prices",
    (
        Field("UnitPrice", money(15, 4), G, "unit_price", required=True),
        Field("IsActive", Boolean(), G, "active"),
    ),
    (Parent("Product2Id", "Product2", "Product2", "product_code", create_only=True),),
    facts=(("Pricebook2Id", Fact.STANDARD_PRICEBOOK),),
    adopts=True,
)

CONTRACT = Entity(
    "Contract",
    "agreement",
    ("agreement_number",),
    "contracts",
    (
        Field("StartDate", Date(), G, "start_date"),
        Field("ContractTerm", Number(4, 0), G, "term_months"),
        Field("Gentrack_Agreement_Type__c", Text(80), G, "agreement_type", "Gentrack Agreement Type"),
        Field("Gentrack_End_Date__c", Date(), G, "end_date", "Gentrack End Date"),
        Field("Gentrack_Cancelled__c", Boolean(), G, "cancelled", "Gentrack Cancelled"),
        Field(
            "Status", Picklist(40, values=("Draft", "In Approval Process", "Activated"), restricted=True), G,
            "contract_status", phase=Phase.ACTIVATE,
        ),
    ),
    (Parent("AccountId", "Account", "Account", "account_number"),),
)  # fmt: skip

ASSET = Entity(
    "Asset",
    "service_point",
    ("identifier",),
    "service points",
    (
        Field("Name", Text(255), G, "identifier", required=True),
        Field("Gentrack_Identifier_Type__c", _SCHEMES, G, "identifier_type", "Gentrack Identifier Type"),
        Field("Gentrack_Service_Type__c", Picklist(values=_SERVICE_TYPES), G, "service_type", "Gentrack Service Type"),
        Field("Gentrack_Supply_Status__c", Text(40), G, "supply_status", "Gentrack Supply Status"),
        Field("Gentrack_Switch_Status__c", Text(40), G, "switch_status", "Gentrack Switch Status"),
        Field("Gentrack_Supply_Start__c", Date(), G, "supply_start", "Gentrack Supply Start"),
        Field("Gentrack_Supply_End__c", Date(), G, "supply_end", "Gentrack Supply End"),
        Field("", None, G, "address"),
        _LINK,
    ),
    (Parent("AccountId", "Account", "Account", "account_number"),),
    identifier=("identifier_type", "identifier"),
)  # fmt: skip

OPPORTUNITY = Entity(
    "Opportunity",
    "order",
    ("order_number",),
    "opportunities",
    (
        Field("Name", Text(120), S, "order_name", required=True),
        Field("StageName", Picklist(), S, "stage", required=True),
        Field("CloseDate", Date(), S, "valid_until", required=True),
        Field("Amount", money(15, 2), S, "amount"),
        _ORDER_STATUS,
        _ORDER_REASON,
    ),
    (Parent("AccountId", "Account", "Account", "account_number", required=False),),
    initial=False,
)

QUOTE = Entity(
    "Quote",
    "order",
    ("order_number",),
    "quotes",
    (
        Field("Name", Text(255), S, "order_name", required=True),
        Field("Status", Picklist(40), S, "quote_status"),
        Field("ExpirationDate", Date(), S, "valid_until"),
        _ORDER_STATUS,
        _ORDER_REASON,
    ),
    (Parent("OpportunityId", "Opportunity", "Opportunity", "order_number", create_only=True),),
    initial=False,
    feature="Setup > Quote Settings > Enable Quotes",
)

QUOTE_LINE = Entity(
    "QuoteLineItem",
    "order_line",
    ("order_number", "line_number"),
    "quote lines",
    (
        Field("Quantity", Number(12, 2), S, "quantity", required=True),
        Field("UnitPrice", money(15, 4), S, "unit_price", required=True),
        Field("Gentrack_Service_Point__c", Text(40), S, "service_point", "Gentrack Service Point"),
        Field("Gentrack_Start_Date__c", Date(), S, "start_date", "Gentrack Start Date"),
        Field("Gentrack_End_Date__c", Date(), S, "end_date", "Gentrack End Date"),
    ),
    (
        Parent("QuoteId", "Quote", "Quote", "order_number", create_only=True),
        Parent(
            "PricebookEntryId",
            "PricebookEntry",
            "PricebookEntry",
            "product_code",
            create_only=True,
            locks=False,
        ),
    ),
    initial=False,
    feature="Setup > Quote Settings > Enable Quotes",
)

ORDER = Entity(
    "Order",
    "order",
    ("order_number",),
    "orders",
    (
        Field("EffectiveDate", Date(), S, "start_date", required=True),
        Field("Status", Picklist(40), S, "salesforce_status", phase=Phase.ACTIVATE),
        Field(
            "Gentrack_Placed__c", Boolean(), S, None, "Placed in Gentrack",
            help="Tick to place the order in the billing system; untick to cancel it there.",
        ),
        _ORDER_STATUS,
        _ORDER_REASON,
    ),
    (
        Parent("AccountId", "Account", "Account", "account_number"),
        Parent("ContractId", "Contract", "Contract", "agreement_number", required=False),
        Parent("QuoteId", "Quote", "Quote", "order_number", required=False),
    ),
    initial=False,
)  # fmt: skip

ORDER_LINE = Entity(
    "OrderItem",
    "order_line",
    ("order_number", "line_number"),
    "order lines",
    (
        Field("Quantity", Number(12, 2), S, "quantity", required=True),
        Field("UnitPrice", money(15, 4), S, "unit_price", required=True),
        Field("ServiceDate", Date(), S, "start_date"),
        Field("EndDate", Date(), S, "end_date"),
        Field("Gentrack_Service_Point__c", Text(40), S, "service_point", "Gentrack Service Point"),
    ),
    (
        Parent("OrderId", "Order", "Order", "order_number", create_only=True),
        Parent(
            "PricebookEntryId",
            "PricebookEntry",
            "PricebookEntry",
            "product_code",
            create_only=True,
            locks=False,
        ),
    ),
    initial=False,
)

#: The data model reference of the product, in the order in which it is loaded: no object of the initial load stands
#: right behind its parent, so that it can be prepared while Salesforce works on the one before.
TABLE = Table((
    ACCOUNT, PRODUCT, CONTACT, ASSET, RELATION, CONTRACT, PRICE, OPPORTUNITY, QUOTE, QUOTE_LINE, ORDER, ORDER_LINE,
))  # fmt: skip
