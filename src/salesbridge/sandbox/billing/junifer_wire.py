"""Records as Junifer shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.billing.clock import local_stamp
from salesbridge.sandbox.billing.names import display_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.store import Billing

ADDRESS = {
    "address1": "line1",
    "address2": "line2",
    "address3": "locality",
    "address4": "city",
    "address5": "region",
    "postcode": "postcode",
    "country": "country",
}
CUSTOMER = {
    "id": "id",
    "number": "number",
    "customerType": "type",
    "title": "title",
    "forename": "forename",
    "surname": "surname",
    "preferredName": "preferred_name",
    "jobTitle": "job_title",
    "companyName": "company_name",
    "companyNumber": "company_number",
    "dateOfBirth": "birth_date",
    "externalReference": "external_reference",
}
PRIMARY_CONTACT = {
    "email": "email",
    "phoneNumber1": "phone",
    "phoneNumber2": "work_phone",
    "phoneNumber3": "mobile",
    "faxNumber": "fax",
}
CONTACT = {
    "id": "id",
    "customerNumber": "number",
    "title": "title",
    "forename": "forename",
    "surname": "surname",
    "dateOfBirth": "birth_date",
    "email": "email",
    "phoneNumber1": "phone",
}
ACCOUNT = {
    "id": "id",
    "number": "number",
    "accountClass": "account_class",
    "tradingName": "trading_name",
    "companyNumber": "company_number",
    "currency": "currency",
    "creditHoldFl": "credit_hold",
    "externalReference": "external_reference",
}
ACCOUNT_CUSTOMER = {
    "id": "id",
    "accountNumber": "account_number",
    "customerNumber": "customer_number",
    "primaryFl": "primary",
    "roles": "roles",
    "activeFl": "active",
    "fromDt": "from_date",
    "toDt": "to_date",
}
PRODUCT = {
    "id": "id",
    "code": "code",
    "name": "name",
    "serviceType": "service_type",
    "activeFl": "active",
}
AGREEMENT = {
    "id": "id",
    "number": "number",
    "accountNumber": "account_number",
    "productCode": "product_code",
    "fromDt": "from_date",
    "toDt": "to_date",
    "contractedToDt": "contracted_to",
    "termMonths": "term_months",
    "cancelled": "cancelled",
    "orderNumber": "order_number",
    "activeFl": "active",
}
METER_POINT = {
    "id": "id",
    "identifier": "identifier",
    "type": "identifier_type",
    "accountNumber": "account_number",
    "serviceType": "service_type",
    "supplyStatus": "supply_status",
    "switchStatus": "switch_status",
    "supplyStartDate": "supply_start",
    "supplyEndDate": "supply_end",
}
ORDER = {
    "id": "id",
    "number": "number",
    "status": "status",
    "accountNumber": "account_number",
    "customerNumber": "customer_number",
    "validToDt": "valid_to",
    "externalReference": "external_reference",
    "statusReason": "status_reason",
}
ORDER_LINE = {
    "productCode": "product_code",
    "quantity": "quantity",
    "meterPointIdentifier": "service_point",
    "fromDt": "from_date",
    "toDt": "to_date",
}


class JuniferWire:
    """Renders records; those with an odd id leave null members out, the others show them as null.

    Args:
        billing: Where an account's primary customer is looked up.
        zone: The zone of local timestamps.
        base: The internal address of the API, on which links stand.
    """

    def __init__(self, billing: Billing, zone: ZoneInfo, base: str) -> None:
        self._billing = billing
        self._zone = zone
        self._base = base
        self._shapes: dict[Kind, Callable[[Record], dict[str, Any]]] = {
            "customers": self._customer,
            "accounts": self._account,
            "account_customers": lambda record: _named(ACCOUNT_CUSTOMER, record),
            "products": self._product,
            "agreements": self._agreement,
            "service_points": self._meter_point,
            "orders": self._order,
        }

    def show(self, kind: Kind, record: Record) -> dict[str, Any]:
        """A record with its members as Junifer names them."""
        shown = self._shapes[kind](record)
        shown["lastModifiedDttm"] = local_stamp(record["modified"], self._zone)
        return {name: value for name, value in shown.items() if value is not None} if record["id"] & 1 else shown

    def contact(self, customer: Record) -> dict[str, Any]:
        """A customer as a contact of an account."""
        return {**_named(CONTACT, customer), "address": _named(ADDRESS, customer["address"])}

    def link(self, path: str) -> str:
        """A URL on the internal host."""
        return f"{self._base}/{path}"

    def _customer(self, record: Record) -> dict[str, Any]:
        shown = _named(CUSTOMER, record)
        contact = _named(PRIMARY_CONTACT, record)
        contact["address"] = _named(ADDRESS, record["address"])
        shown["primaryContact"] = contact
        number = record["primary_account_number"]
        shown["primaryAccount"] = None if number is None else {"number": number}
        path = f"customers/{record['id']}"
        shown["links"] = {"self": self.link(path), "accounts": self.link(f"{path}/accounts")}
        return shown

    def _account(self, record: Record) -> dict[str, Any]:
        customer = self._billing.find("customers", record["primary_customer_number"])
        shown = _named(ACCOUNT, record)
        shown["billingAddress"] = _named(ADDRESS, record["address"])
        shown["primaryCustomer"] = {
            "number": record["primary_customer_number"],
            "name": display_name(customer) if customer else None,
            "phoneNumber1": customer["phone"] if customer else None,
            "faxNumber": customer["fax"] if customer else None,
        }
        shown["createdDttm"] = local_stamp(record["created"], self._zone)
        closed = record["closed"]
        shown["closedDttm"] = None if closed is None else local_stamp(closed, self._zone)
        path = f"accounts/{record['id']}"
        shown["links"] = {"self": self.link(path), "agreements": self.link(f"{path}/agreements")}
        if customer:
            shown["links"]["customer"] = self.link(f"customers/{customer['id']}")
        return shown

    def _product(self, record: Record) -> dict[str, Any]:
        shown = _named(PRODUCT, record)
        shown["unitPrice"] = float(record["unit_price"])
        shown["currencyISO"] = record["currency"]
        return shown

    def _agreement(self, record: Record) -> dict[str, Any]:
        shown = _named(AGREEMENT, record)
        shown["agreementType"] = {"name": record["agreement_type"]}
        return shown

    def _meter_point(self, record: Record) -> dict[str, Any]:
        shown = _named(METER_POINT, record)
        shown["address"] = _named(ADDRESS, record["address"])
        return shown

    def _order(self, record: Record) -> dict[str, Any]:
        shown = _named(ORDER, record)
        shown["orderLines"] = [
            {
                **_named(ORDER_LINE, line),
                "unitPrice": None if line.get("unit_price") is None else float(line["unit_price"]),
            }
            for line in record["lines"]
        ]
        return shown


def _named(members: dict[str, str], record: Record) -> dict[str, Any]:
    return {name: record[ours] for name, ours in members.items() if ours in record}
