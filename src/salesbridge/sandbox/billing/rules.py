"""What the billing system refuses whatever the dialect: missing values, unknown records, bad transitions."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from salesbridge.sandbox.billing.clock import at
from salesbridge.sandbox.billing.order_rules import check_order
from salesbridge.sandbox.billing.problems import Edit, Problem, RefusedError, known, period, required
from salesbridge.sandbox.billing.records import ADDRESS, ROLES, Kind, Record, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.store import Billing

_UTC = ZoneInfo("UTC")
_COUNTRY = re.compile(r"[A-Z]{2}")


def defaults(kind: Kind) -> Record:
    """The members of a new record that nobody gave: null, false, or the first state."""
    return {**_DEFAULTS[kind], **({"address": dict.fromkeys(ADDRESS)} if kind in _WITH_ADDRESS else {})}


def first_link(account: Record) -> Record:
    """The account customer that comes into being with an account."""
    return {
        "account_number": account["number"],
        "customer_number": account["primary_customer_number"],
        "primary": True,
        "roles": [ROLES[0]],
        "from_date": at(account["created"], _UTC).date().isoformat(),
    }


def check(billing: Billing, kind: Kind, before: Record | None, after: Record) -> None:
    """Refuse a record that breaks a rule; members that did not change are not looked at.

    Raises:
        RefusedError: It breaks at least one.
    """
    edit = Edit(before, after)
    if problems := [*_CHECKS[kind](billing, edit), *_country(edit)]:
        raise RefusedError(problems)


def _customer(billing: Billing, edit: Edit) -> Iterator[Problem]:
    needed = "company_name" if edit["type"] == "Organisation" else "surname"
    if edit.changed(needed) or edit.changed("type"):
        yield from required(edit, needed)
    email = edit["email"]
    if edit.changed("email") and email and (email.count("@") != 1 or email[0] == "@" or email[-1] == "@"):
        yield Problem("email", "InvalidEmail", f"{email} is not an e-mail address")
    if edit.changed("birth_date") and edit["birth_date"]:
        today = at(billing.clock.now(), _UTC).date()
        if date.fromisoformat(edit["birth_date"]) > today:
            yield Problem("birth_date", "InvalidDate", "The date of birth is in the future")
    if edit.changed("primary_account_number") and edit["primary_account_number"] is not None:
        yield from known(billing, edit, "accounts", "primary_account_number")


def _account(billing: Billing, edit: Edit) -> Iterator[Problem]:
    for member in ("account_class", "primary_customer_number"):
        if edit.changed(member):
            yield from required(edit, member)
    if edit.changed("primary_customer_number") and edit["primary_customer_number"]:
        yield from known(billing, edit, "customers", "primary_customer_number")


def _account_customer(billing: Billing, edit: Edit) -> Iterator[Problem]:
    if edit.before is None:
        missing = [*required(edit, "account_number"), *required(edit, "customer_number")]
        yield from missing
        if not missing:
            yield from known(billing, edit, "accounts", "account_number")
            yield from known(billing, edit, "customers", "customer_number")
            if billing.find("account_customers", key := key_of("account_customers", edit.after)):
                yield Problem("customer_number", "Duplicate", f"There is already an account customer {key}")
    yield from period(edit, "from_date", "to_date")


def _agreement(billing: Billing, edit: Edit) -> Iterator[Problem]:
    if edit.before is None:
        yield from known(billing, edit, "accounts", "account_number")
        yield from known(billing, edit, "products", "product_code")
    yield from period(edit, "from_date", "to_date")


def _service_point(billing: Billing, edit: Edit) -> Iterator[Problem]:
    if edit.changed("account_number"):
        yield from known(billing, edit, "accounts", "account_number")
    yield from period(edit, "supply_start", "supply_end")


def _product(_: Billing, edit: Edit) -> Iterator[Problem]:
    yield from required(edit, "name")


def _country(edit: Edit) -> Iterator[Problem]:
    country = (edit["address"] or {}).get("country")
    if edit.changed("address") and country is not None and not _COUNTRY.fullmatch(country):
        yield Problem("address.country", "InvalidCountry", "A country is two capital letters (ISO 3166)")


_CHECKS = {
    "customers": _customer,
    "accounts": _account,
    "account_customers": _account_customer,
    "products": _product,
    "agreements": _agreement,
    "service_points": _service_point,
    "orders": check_order,
}
_WITH_ADDRESS = ("customers", "accounts", "service_points")
_DEFAULTS: dict[Kind, Record] = {
    "customers": {
        "type": "Person",
        **dict.fromkeys(
            ("title", "forename", "surname", "preferred_name", "job_title", "company_name", "company_number")
        ),
        **dict.fromkeys(("birth_date", "email", "phone", "work_phone", "mobile", "fax", "primary_account_number")),
        "external_reference": None,
    },
    "accounts": {
        **dict.fromkeys(("account_class", "trading_name", "company_number", "currency", "primary_customer_number")),
        **dict.fromkeys(("closed", "external_reference")),
        "credit_hold": False,
    },
    "account_customers": {
        "primary": False,
        "roles": [],
        "active": True,
        "from_date": None,
        "to_date": None,
    },
    "products": {"active": True, "unit_price": "0.0000"},
    "agreements": {
        "to_date": None,
        "contracted_to": None,
        "term_months": None,
        "cancelled": False,
        "agreement_type": None,
        **dict.fromkeys(("order_number", "active", "service_point")),
    },
    "service_points": {
        "supply_status": "Pending",
        "switch_status": "None",
        "supply_start": None,
        "supply_end": None,
    },
    "orders": {
        "status": "draft",
        "lines": [],
        **dict.fromkeys(("valid_to", "customer_number", "external_reference", "status_reason")),
    },
}
