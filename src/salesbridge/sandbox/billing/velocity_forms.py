"""What Velocity's requests may hold."""

from __future__ import annotations

from dataclasses import dataclass

from salesbridge.sandbox.billing import velocity_wire as wire
from salesbridge.sandbox.billing.contracts import ORDER_STATUSES
from salesbridge.sandbox.billing.limits import (
    ACCOUNT_CLASSES,
    CUSTOMER_TYPES,
    SUPPLY_STATUSES,
    SWITCH_STATUSES,
    read_only,
    reason,
    reference,
    texts,
)
from salesbridge.sandbox.billing.members import Form, Member
from salesbridge.sandbox.billing.records import ROLES, Kind

STATUS = Form((Member("Status", "status", choices=ORDER_STATUSES, nullable=False), reason("Reason")))
PUBLISHING = Form((Member("Enabled", "enabled", "flag", nullable=False),))
_ADDRESS = texts(wire.ADDRESS)
_CUSTOMER_TEXTS = {
    name: ours
    for name, ours in wire.CUSTOMER.items()
    if ours not in {"number", "type", "birth_date", "external_reference"}
}
_REFERENCE = reference("ExternalReference")
_REFERENCE_SHOWN = read_only("ExternalReference")
_CUSTOMER = (
    *read_only("CustomerNumber", "UpdatedAt"),
    Member("Type", "type", choices=CUSTOMER_TYPES, nullable=False),
    Member("BirthDate", "birth_date", "date"),
    *texts(_CUSTOMER_TEXTS),
    Member("PostalAddress", "address", "object", nullable=False, inside=_ADDRESS),
)
_ACCOUNT = (
    *read_only("AccountNumber", "IsOnCreditHold", "UpdatedAt"),
    Member("AccountClass", "account_class", choices=ACCOUNT_CLASSES, nullable=False),
    *texts({"TradingName": "trading_name", "CompanyNumber": "company_number"}),
    Member("PostalAddress", "address", "object", nullable=False, inside=_ADDRESS),
)
_PRIMARY_NUMBER = Member("CustomerNumber", "primary_customer_number", nullable=False)
_PRIMARY = (*read_only("CustomerNumber"), *texts({"Name": "name", "Phone": "phone", "Fax": "fax"}))
_LINK = (
    *read_only("IsPrimary", "UpdatedAt"),
    Member("Roles", "roles", "texts", choices=ROLES, nullable=False),
    Member("IsActive", "active", "flag", nullable=False),
    Member("StartDate", "from_date", "date"),
    Member("EndDate", "to_date", "date"),
)
_LINK_KEY = (
    Member("AccountNumber", "account_number", nullable=False),
    Member("CustomerNumber", "customer_number", nullable=False),
)
_CONTRACT = (
    *read_only("ContractNumber", "AccountNumber", "ProductCode", "ContractType", "StartDate", "UpdatedAt"),
    *read_only("OrderNumber", "IsActive"),
    Member("EndDate", "to_date", "date"),
    Member("TermMonths", "term_months", "int"),
    Member("IsCancelled", "cancelled", "flag", nullable=False),
)
_SERVICE_POINT = (
    *read_only("Identifier", "IdentifierType", "AccountNumber", "ServiceType", "UpdatedAt"),
    Member("SupplyStatus", "supply_status", choices=SUPPLY_STATUSES, nullable=False),
    Member("SwitchStatus", "switch_status", choices=SWITCH_STATUSES, nullable=False),
    Member("SupplyStart", "supply_start", "date"),
    Member("SupplyEnd", "supply_end", "date"),
    Member("Address", "address", "object", nullable=False, inside=_ADDRESS),
)
_ORDER = (
    *read_only("OrderNumber", "StatusReason", "UpdatedAt"),
    Member("ValidUntil", "valid_to", "date"),
    Member(
        "Lines",
        "lines",
        "objects",
        inside=(
            Member("ProductCode", "product_code", nullable=False),
            Member("Quantity", "quantity", "number", nullable=False),
            Member("ServicePoint", "service_point"),
            Member("StartDate", "from_date", "date"),
            Member("EndDate", "to_date", "date"),
            Member("UnitPrice", "unit_price", "money"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the API: its records, their number, and what may be created and changed."""

    path: str
    kind: Kind
    number: str
    update: Form
    create: Form | None = None


def resources(currency: str) -> tuple[Resource, ...]:
    """The resources of a system whose money is in ``currency``."""
    product = (
        *read_only("ProductCode", "ServiceType", "UpdatedAt"),
        Member("Name", "name", longest=100, nullable=False),
        Member("IsActive", "active", "flag", nullable=False),
        Member("UnitPrice", "unit_price", "money", nullable=False),
    )
    order_create = (
        *_ORDER,
        _REFERENCE,
        Member("Status", "status", choices=ORDER_STATUSES, nullable=False),
        Member("AccountNumber", "account_number", nullable=False),
        Member("CustomerNumber", "customer_number"),
    )
    primary = Member("PrimaryCustomer", "", "object", nullable=False, inside=(_PRIMARY_NUMBER,))
    write_through = Member("PrimaryCustomer", "primary_customer", "object", nullable=False, inside=_PRIMARY)
    return (
        Resource(
            "Customers",
            "customers",
            "CustomerNumber",
            Form((*_CUSTOMER, *_REFERENCE_SHOWN)),
            Form((*_CUSTOMER, _REFERENCE)),
        ),
        Resource(
            "Accounts",
            "accounts",
            "AccountNumber",
            Form((*_ACCOUNT, *_REFERENCE_SHOWN, write_through)),
            Form((*_ACCOUNT, _REFERENCE, primary)),
        ),
        Resource(
            "AccountCustomers",
            "account_customers",
            "CustomerNumber",
            Form((*_LINK, *read_only("AccountNumber", "CustomerNumber"))),
            Form((*_LINK, *_LINK_KEY)),
        ),
        Resource("Products", "products", "ProductCode", Form(product, currency)),
        Resource("Contracts", "agreements", "ContractNumber", Form(_CONTRACT)),
        Resource("ServicePoints", "service_points", "Identifier", Form(_SERVICE_POINT)),
        Resource(
            "Orders",
            "orders",
            "OrderNumber",
            Form((*_ORDER, *_REFERENCE_SHOWN, *read_only("Status", "AccountNumber", "CustomerNumber")), currency),
            Form(order_create, currency),
        ),
    )
