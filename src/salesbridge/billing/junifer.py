"""Junifer's REST API; each path is marked as documented or assumed, as docs/billing-dialects.md explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from salesbridge.billing import junifer_writes
from salesbridge.billing.dialect import Refusal, Reply, member, text_or_none
from salesbridge.billing.paths import Native, Paths, documented, record
from salesbridge.billing.port import BillingError, System

_PAGE_SIZE: Final = "1000"
_SINCE: Final = "modifiedSinceDttm"


def _address(at: str) -> dict[str, str]:
    return {
        "address_line1": f"{at}.address1",
        "address_line2": f"{at}.address2",
        "address_locality": f"{at}.address3",
        "address_city": f"{at}.address4",
        "address_region": f"{at}.address5",
        "address_postcode": f"{at}.postcode",
        "address_country": f"{at}.country",
    }


_REFERENCE: Final = {"external_reference": "externalReference"}
_MODIFIED: Final = {"internal_id": "id", "last_modified": "lastModifiedDttm"}

PATHS: Final[Paths] = dict(
    [
        ("system.version", Native("/version")),
        ("system.publishing", Native("/eventPublishing")),
        *junifer_writes.WRITES.paths().items(),
        *record(
            "customer",
            {
                "customer_number": documented("number"),
                "customer_type": "customerType",
                "title": documented("title"),
                "forename": documented("forename"),
                "surname": documented("surname"),
                "preferred_name": "preferredName",
                "job_title": "jobTitle",
                "company_name": "companyName",
                "company_number": "companyNumber",
                "birth_date": "dateOfBirth",
                "email": documented("primaryContact.email"),
                "phone": documented("primaryContact.phoneNumber1"),
                "work_phone": documented("primaryContact.phoneNumber2"),
                "mobile": documented("primaryContact.phoneNumber3"),
                "fax": "primaryContact.faxNumber",
                **_address("primaryContact.address"),
                "primary_account_number": "primaryAccount.number",
                **_REFERENCE,
                **_MODIFIED,
            },
            list="/customers",
            item=documented("/customers/customerNumber/{customer_number}"),
            count="/customers/count",
        ),
        *record(
            "account",
            {
                "account_number": documented("number"),
                "account_class": "accountClass",
                "trading_name": "tradingName",
                "company_number": "companyNumber",
                "currency": documented("currency"),
                "primary_customer_number": "primaryCustomer.number",
                "primary_customer_name": "primaryCustomer.name",
                "primary_customer_phone": "primaryCustomer.phoneNumber1",
                "primary_customer_fax": "primaryCustomer.faxNumber",
                **_address("billingAddress"),
                "credit_hold": "creditHoldFl",
                **_REFERENCE,
                **_MODIFIED,
            },
            list=documented("/accounts"),
            item=documented("/accounts/accountNumber/{account_number}"),
            count="/accounts/count",
        ),
        *record(
            "account_customer",
            {
                "account_number": "accountNumber",
                "customer_number": "customerNumber",
                "primary": "primaryFl",
                "roles": "roles",
                "active": "activeFl",
                "start_date": "fromDt",
                "end_date": "toDt",
                **_MODIFIED,
            },
            list="/accountCustomers",
            item="/accountCustomers/{internal_id}",
            count="/accountCustomers/count",
        ),
        *record(
            "product",
            {
                "product_code": "code",
                "name": "name",
                "service_type": "serviceType",
                "active": "activeFl",
                "unit_price": "unitPrice",
                "currency": "currencyISO",
                **_MODIFIED,
            },
            list="/products",
            item="/products/{internal_id}",
            count="/products/count",
        ),
        *record(
            "agreement",
            {
                "agreement_number": documented("number"),
                "account_number": "accountNumber",
                "product_code": "productCode",
                "agreement_type": documented("agreementType.name"),
                "start_date": documented("fromDt"),
                "end_date": documented("toDt"),
                "contracted_to_date": documented("contractedToDt"),
                "term_months": "termMonths",
                "cancelled": documented("cancelled"),
                "active": "activeFl",
                "order_number": "orderNumber",
                **_MODIFIED,
            },
            list="/agreements",
            item="/agreements/{internal_id}",
            count="/agreements/count",
        ),
        *record(
            "service_point",
            {
                "identifier": documented("identifier"),
                "identifier_type": documented("type"),
                "account_number": "accountNumber",
                "service_type": "serviceType",
                "supply_status": "supplyStatus",
                "switch_status": "switchStatus",
                "supply_start": documented("supplyStartDate"),
                "supply_end": "supplyEndDate",
                **_address("address"),
                **_MODIFIED,
            },
            list="/meterPoints",
            item=documented("/meterPoints/meterPointIdentifier/{identifier}"),
            count="/meterPoints/count",
        ),
        *record(
            "order",
            {
                "order_number": "number",
                "status": "status",
                "account_number": "accountNumber",
                "customer_number": "customerNumber",
                "lines": "orderLines",
                "valid_until": "validToDt",
                "status_reason": "statusReason",
                **_REFERENCE,
                **_MODIFIED,
            },
            list="/orders",
            item="/orders/{internal_id}",
            count="/orders/count",
            lines={
                "product_code": "productCode",
                "quantity": "quantity",
                "service_point": "meterPointIdentifier",
                "start_date": "fromDt",
                "end_date": "toDt",
                "unit_price": "unitPrice",
            },
        ),
    ]
)


class Junifer:
    """How Junifer authenticates, pages, counts and refuses."""

    product = "Junifer"
    base_path = "/rest/v1"
    paths = PATHS
    writes = junifer_writes.WRITES

    def headers(self, username: str | None, api_key: SecretStr) -> Mapping[str, str]:
        """Gives Junifer's two headers (documented)."""
        if not username:
            raise BillingError(
                "Junifer needs the name of the API user.",
                kind="authentication",
                code="NO_USERNAME",
                mend="Enter the API user's name in the tenant's settings.",
            )
        return {"X-Junifer-X-username": username, "X-Junifer-X-apikey": api_key.get_secret_value()}

    def first(self, since: datetime | None, zone: Callable[[], str | None]) -> Mapping[str, str]:
        """Asks for the first page; Junifer's timestamps are local, without a zone."""
        since_local = {_SINCE: local_lower_bound(since, zone())} if since else {}
        return {"limit": _PAGE_SIZE, **since_local}

    def reply(self, body: Any, query: Mapping[str, str]) -> Reply:
        """Reads a page; of the link to the next one only the query counts, for its host is an internal one."""
        items = member(body, "results", type_=list)
        links = body.get("links")
        link = text_or_none(links, "next")
        if link is None:
            return Reply(items, None)
        following = dict(query) | dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        return Reply(items, urlencode(following))

    def count_query(self) -> Mapping[str, str]:
        """Counts everything."""
        return {}

    def counted(self, body: Any) -> int:
        """Reads ``count``."""
        return int(member(body, "count", type_=int))

    def system(self, body: Any) -> System:
        """Reads the version."""
        return System(
            member(body, "product", type_=str),
            member(body, "version", type_=str),
            text_or_none(body, "environment"),
            text_or_none(body, "timeZone"),
        )

    def publishing(self, body: Any) -> bool:
        """Reads ``enabledFl``."""
        return bool(member(body, "enabledFl", type_=bool))

    def publishing_body(self, *, on: bool) -> Mapping[str, Any]:
        """Writes ``enabledFl``."""
        return {"enabledFl": on}

    def refusal(self, body: Any) -> Refusal | None:
        """Reads the flat shape or the list of validation errors."""
        if not isinstance(body, dict):
            return None
        details = [body]
        if isinstance(body.get("validationErrors"), list):
            details = [error["errorDetail"] for error in body["validationErrors"] if _has_detail(error)]
        details = [detail for detail in details if isinstance(detail.get("errorCode"), str)]
        if not details:
            return None
        said = "; ".join(str(detail.get("errorDescription") or detail["errorCode"]) for detail in details)
        return Refusal(details[0]["errorCode"], said)


def _has_detail(error: Any) -> bool:
    return isinstance(error, dict) and isinstance(error.get("errorDetail"), dict)


def local_lower_bound(since: datetime, zone: str | None) -> str:
    """Writes an instant as a local timestamp such that no later change is missed.

    When clocks are set back an hour of local time comes twice: within it, the bound is an hour earlier.

    Raises:
        ValueError: The instant has no time zone.
        BillingError: The system does not tell its time zone.
    """
    if since.tzinfo is None:
        raise ValueError("since needs a time zone.")
    try:
        local = since.astimezone(ZoneInfo(zone or ""))
    except (ZoneInfoNotFoundError, ValueError):
        raise BillingError(
            f"The time zone {zone!r} of the billing system is not known.",
            kind="permanent",
            code="NO_TIME_ZONE",
            mend="Have the system tell an IANA time zone, such as Europe/London, in its version answer.",
        ) from None
    offsets = [local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    back = max(offsets[0] - offsets[1], timedelta())
    return (local.replace(tzinfo=UTC) - back).strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}"
