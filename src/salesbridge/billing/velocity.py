"""Velocity's REST API; nothing of it is public, so every path is assumed (see docs/billing-dialects.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import SecretStr

from salesbridge.billing import velocity_writes
from salesbridge.billing.dialect import Refusal, Reply, member, text_or_none
from salesbridge.billing.paths import Native, Paths, record
from salesbridge.billing.port import System

_PAGE_SIZE: Final = "500"


def _address(at: str) -> dict[str, str]:
    return {
        "address_line1": f"{at}.Line1",
        "address_line2": f"{at}.Line2",
        "address_locality": f"{at}.Suburb",
        "address_city": f"{at}.City",
        "address_region": f"{at}.Region",
        "address_postcode": f"{at}.PostCode",
        "address_country": f"{at}.CountryCode",
    }


_REFERENCE: Final = {"external_reference": "ExternalReference"}
_MODIFIED: Final = {"last_modified": "UpdatedAt"}

PATHS: Final[Paths] = dict(
    [
        ("system.version", Native("/system")),
        ("system.publishing", Native("/system/event-publishing")),
        *velocity_writes.WRITES.paths().items(),
        *record(
            "customer",
            {
                "customer_number": "CustomerNumber",
                "customer_type": "Type",
                "title": "Title",
                "forename": "GivenName",
                "surname": "FamilyName",
                "preferred_name": "PreferredName",
                "job_title": "JobTitle",
                "company_name": "OrganisationName",
                "birth_date": "BirthDate",
                "email": "Email",
                "phone": "Phone",
                "work_phone": "WorkPhone",
                "mobile": "Mobile",
                "fax": "Fax",
                **_address("PostalAddress"),
                "primary_account_number": "PrimaryAccountNumber",
                **_REFERENCE,
                **_MODIFIED,
            },
            list="/Customers",
            item="/Customers/{customer_number}",
            count="/Customers",
        ),
        *record(
            "account",
            {
                "account_number": "AccountNumber",
                "account_class": "AccountClass",
                "trading_name": "TradingName",
                "company_number": "CompanyNumber",
                "primary_customer_number": "PrimaryCustomer.CustomerNumber",
                "primary_customer_name": "PrimaryCustomer.Name",
                "primary_customer_phone": "PrimaryCustomer.Phone",
                "primary_customer_fax": "PrimaryCustomer.Fax",
                **_address("PostalAddress"),
                "credit_hold": "IsOnCreditHold",
                **_REFERENCE,
                **_MODIFIED,
            },
            list="/Accounts",
            item="/Accounts/{account_number}",
            count="/Accounts",
        ),
        *record(
            "account_customer",
            {
                "account_number": "AccountNumber",
                "customer_number": "CustomerNumber",
                "primary": "IsPrimary",
                "roles": "Roles",
                "active": "IsActive",
                "start_date": "StartDate",
                "end_date": "EndDate",
                **_MODIFIED,
            },
            list="/AccountCustomers",
            item="/AccountCustomers/{account_number}:{customer_number}",
            count="/AccountCustomers",
        ),
        *record(
            "product",
            {
                "product_code": "ProductCode",
                "name": "Name",
                "service_type": "ServiceType",
                "active": "IsActive",
                "unit_price": "UnitPrice.Amount",
                "currency": "UnitPrice.Currency",
                **_MODIFIED,
            },
            list="/Products",
            item="/Products/{product_code}",
            count="/Products",
        ),
        *record(
            "agreement",
            {
                "agreement_number": "ContractNumber",
                "account_number": "AccountNumber",
                "product_code": "ProductCode",
                "agreement_type": "ContractType",
                "start_date": "StartDate",
                "end_date": "EndDate",
                "term_months": "TermMonths",
                "cancelled": "IsCancelled",
                "active": "IsActive",
                "order_number": "OrderNumber",
                **_MODIFIED,
            },
            list="/Contracts",
            item="/Contracts/{agreement_number}",
            count="/Contracts",
        ),
        *record(
            "service_point",
            {
                "identifier": "Identifier",
                "identifier_type": "IdentifierType",
                "account_number": "AccountNumber",
                "service_type": "ServiceType",
                "supply_status": "SupplyStatus",
                "switch_status": "SwitchStatus",
                "supply_start": "SupplyStart",
                "supply_end": "SupplyEnd",
                **_address("Address"),
                **_MODIFIED,
            },
            list="/ServicePoints",
            item="/ServicePoints/{identifier}",
            count="/ServicePoints",
        ),
        *record(
            "order",
            {
                "order_number": "OrderNumber",
                "status": "Status",
                "account_number": "AccountNumber",
                "customer_number": "CustomerNumber",
                "lines": "Lines",
                "valid_until": "ValidUntil",
                "status_reason": "StatusReason",
                **_REFERENCE,
                **_MODIFIED,
            },
            list="/Orders",
            item="/Orders/{order_number}",
            count="/Orders",
            lines={
                "product_code": "ProductCode",
                "quantity": "Quantity",
                "service_point": "ServicePoint",
                "start_date": "StartDate",
                "end_date": "EndDate",
                "unit_price": "UnitPrice.Amount",
                "currency": "UnitPrice.Currency",
            },
        ),
    ]
)


class Velocity:
    """How Velocity authenticates, pages, counts and refuses."""

    product = "Velocity"
    base_path = "/velocity/api/v1"
    paths = PATHS
    writes = velocity_writes.WRITES

    def headers(self, username: str | None, api_key: SecretStr) -> Mapping[str, str]:  # noqa: ARG002  Junifer's need
        """Gives the bearer header."""
        return {"Authorization": f"Bearer {api_key.get_secret_value()}"}

    def first(self, since: datetime | None, zone: Callable[[], str | None]) -> Mapping[str, str]:  # noqa: ARG002
        """Asks for the first page; Velocity's timestamps carry an offset."""
        if since is None:
            return {"pageSize": _PAGE_SIZE}
        if since.tzinfo is None:
            raise ValueError("since needs a time zone.")
        return {"pageSize": _PAGE_SIZE, "updatedSince": since.isoformat()}

    def reply(self, body: Any, query: Mapping[str, str]) -> Reply:
        """Reads a page and its cursor."""
        items = member(body, "Items", type_=list)
        cursor = text_or_none(body.get("Page"), "NextCursor")
        return Reply(items, urlencode({**query, "cursor": cursor}) if cursor else None)

    def count_query(self) -> Mapping[str, str]:
        """Asks for the smallest page, which tells the total."""
        return {"pageSize": "1"}

    def counted(self, body: Any) -> int:
        """Reads the total."""
        return int(member(body, "Page", "Total", type_=int))

    def system(self, body: Any) -> System:
        """Reads the version."""
        product, version = member(body, "Product", type_=str), member(body, "Version", type_=str)
        return System(product, version, text_or_none(body, "Environment"), text_or_none(body, "TimeZone"))

    def publishing(self, body: Any) -> bool:
        """Reads ``Enabled``."""
        return bool(member(body, "Enabled", type_=bool))

    def publishing_body(self, *, on: bool) -> Mapping[str, Any]:
        """Writes ``Enabled``."""
        return {"Enabled": on}

    def refusal(self, body: Any) -> Refusal | None:
        """Reads the error object with its fields."""
        error = body.get("Error") if isinstance(body, dict) else None
        if not isinstance(error, dict) or not isinstance(error.get("Code"), str):
            return None
        listed = error.get("Fields")
        fields = [field for field in listed if isinstance(field, dict)] if isinstance(listed, list) else []
        said = [str(error.get("Message") or error["Code"])]
        said += [f"{field.get('Name')}: {field.get('Message')}" for field in fields]
        return Refusal(error["Code"], "; ".join(said), tuple(str(field.get("Name")) for field in fields))
