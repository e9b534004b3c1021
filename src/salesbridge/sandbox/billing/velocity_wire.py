"""Records as Velocity shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.billing.clock import offset_stamp
from salesbridge.sandbox.billing.names import display_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.store import Billing

ADDRESS = {
    "Line1": "line1",
    "Line2": "line2",
    "Suburb": "locality",
    "City": "city",
    "Region": "region",
    "PostCode": "postcode",
    "CountryCode": "country",
}
CUSTOMER = {
    "CustomerNumber": "number",
    "Type": "type",
    "Title": "title",
    "GivenName": "forename",
    "FamilyName": "surname",
    "PreferredName": "preferred_name",
    "JobTitle": "job_title",
    "OrganisationName": "company_name",
    "BirthDate": "birth_date",
    "Email": "email",
    "Phone": "phone",
    "WorkPhone": "work_phone",
    "Mobile": "mobile",
    "Fax": "fax",
    "PrimaryAccountNumber": "primary_account_number",
    "ExternalReference": "external_reference",
}
ACCOUNT = {
    "AccountNumber": "number",
    "AccountClass": "account_class",
    "TradingName": "trading_name",
    "CompanyNumber": "company_number",
    "IsOnCreditHold": "credit_hold",
    "ExternalReference": "external_reference",
}
ACCOUNT_CUSTOMER = {
    "AccountNumber": "account_number",
    "CustomerNumber": "customer_number",
    "Roles": "roles",
    "IsPrimary": "primary",
    "IsActive": "active",
    "StartDate": "from_date",
    "EndDate": "to_date",
}
PRODUCT = {"ProductCode": "code", "Name": "name", "ServiceType": "service_type", "IsActive": "active"}
CONTRACT = {
    "ContractNumber": "number",
    "AccountNumber": "account_number",
    "ProductCode": "product_code",
    "ContractType": "agreement_type",
    "StartDate": "from_date",
    "EndDate": "to_date",
    "TermMonths": "term_months",
    "IsCancelled": "cancelled",
    "OrderNumber": "order_number",
    "IsActive": "active",
}
SERVICE_POINT = {
    "Identifier": "identifier",
    "IdentifierType": "identifier_type",
    "AccountNumber": "account_number",
    "ServiceType": "service_type",
    "SupplyStatus": "supply_status",
    "SwitchStatus": "switch_status",
    "SupplyStart": "supply_start",
    "SupplyEnd": "supply_end",
}
ORDER = {
    "OrderNumber": "number",
    "Status": "status",
    "AccountNumber": "account_number",
    "CustomerNumber": "customer_number",
    "ValidUntil": "valid_to",
    "ExternalReference": "external_reference",
    "StatusReason": "status_reason",
}
ORDER_LINE = {
    "ProductCode": "product_code",
    "Quantity": "quantity",
    "ServicePoint": "service_point",
    "StartDate": "from_date",
    "EndDate": "to_date",
}


class VelocityWire:
    """Renders records.

    Args:
        billing: Where an account's primary customer is looked up.
        zone: The zone in which timestamps are written.
        currency: The currency of order lines.
    """

    def __init__(self, billing: Billing, zone: ZoneInfo, currency: str) -> None:
        self._billing = billing
        self._zone = zone
        self._currency = currency
        self._shapes: dict[Kind, Callable[[Record], dict[str, Any]]] = {
            "customers": self._customer,
            "accounts": self._account,
            "account_customers": lambda record: _named(ACCOUNT_CUSTOMER, record),
            "products": self._product,
            "agreements": lambda record: _named(CONTRACT, record),
            "service_points": self._service_point,
            "orders": self._order,
        }

    def show(self, kind: Kind, record: Record) -> dict[str, Any]:
        """A record with its members as Velocity names them."""
        shown = self._shapes[kind](record)
        shown["UpdatedAt"] = offset_stamp(record["modified"], self._zone)
        return shown

    def _customer(self, record: Record) -> dict[str, Any]:
        shown = _named(CUSTOMER, record)
        shown["PostalAddress"] = _named(ADDRESS, record["address"])
        return shown

    def _account(self, record: Record) -> dict[str, Any]:
        customer = self._billing.find("customers", record["primary_customer_number"])
        shown = _named(ACCOUNT, record)
        shown["PostalAddress"] = _named(ADDRESS, record["address"])
        shown["PrimaryCustomer"] = {
            "CustomerNumber": record["primary_customer_number"],
            "Name": display_name(customer) if customer else None,
            "Phone": customer["phone"] if customer else None,
            "Fax": customer["fax"] if customer else None,
        }
        return shown

    def _product(self, record: Record) -> dict[str, Any]:
        shown = _named(PRODUCT, record)
        shown["UnitPrice"] = {"Amount": record["unit_price"], "Currency": record["currency"]}
        return shown

    def _service_point(self, record: Record) -> dict[str, Any]:
        shown = _named(SERVICE_POINT, record)
        shown["Address"] = _named(ADDRESS, record["address"])
        return shown

    def _order(self, record: Record) -> dict[str, Any]:
        shown = _named(ORDER, record)
        shown["Lines"] = [self._line(line) for line in record["lines"]]
        return shown

    def _line(self, line: Record) -> dict[str, Any]:
        price = line.get("unit_price")
        money = None if price is None else {"Amount": price, "Currency": self._currency}
        return {**_named(ORDER_LINE, line), "UnitPrice": money}


def _named(members: dict[str, str], record: Record) -> dict[str, Any]:
    return {name: record[ours] for name, ours in members.items() if ours in record}
