"""What the billing system refuses whatever the dialect: missing values, unknown records, bad transitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from salesbridge.sandbox.billing.clock import at
from salesbridge.sandbox.billing.records import ADDRESS, ROLES, Kind, Record, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.sandbox.billing.store import Billing

_UTC = ZoneInfo("UTC")
_COUNTRY = re.compile(r"[A-Z]{2}")
TRANSITIONS = {
    "draft": ("ready", "cancelled"),
    "ready": ("draft", "accepted", "cancelled"),
    "accepted": ("provisioning", "cancelled"),
    "provisioning": ("active", "cancelled"),
    "active": ("completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused. ``member`` is our name of it, which a dialect translates."""

    member: str
    code: str
    message: str


class RefusedError(ValueError):
    """The values break rules; ``problems`` tells each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


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
    change = _Change(before, after)
    if problems := [*_CHECKS[kind](billing, change), *_country(change)]:
        raise RefusedError(problems)


@dataclass(frozen=True, slots=True)
class _Change:
    before: Record | None
    after: Record

    def __getitem__(self, member: str) -> Any:
        return self.after.get(member)

    def changed(self, member: str) -> bool:
        return self.before is None or self.before.get(member) != self.after.get(member)


def _customer(billing: Billing, change: _Change) -> Iterator[Problem]:
    needed = "company_name" if change["type"] == "Organisation" else "surname"
    if change.changed(needed) or change.changed("type"):
        yield from _required(change, needed)
    email = change["email"]
    if change.changed("email") and email and (email.count("@") != 1 or email[0] == "@" or email[-1] == "@"):
        yield Problem("email", "InvalidEmail", f"{email} is not an e-mail address")
    if change.changed("birth_date") and change["birth_date"]:
        today = at(billing.clock.now(), _UTC).date()
        if date.fromisoformat(change["birth_date"]) > today:
            yield Problem("birth_date", "InvalidDate", "The date of birth is in the future")
    if change.changed("primary_account_number") and change["primary_account_number"] is not None:
        yield from _known(billing, change, "accounts", "primary_account_number")


def _account(billing: Billing, change: _Change) -> Iterator[Problem]:
    for member in ("account_class", "primary_customer_number"):
        if change.changed(member):
            yield from _required(change, member)
    if change.changed("primary_customer_number") and change["primary_customer_number"]:
        yield from _known(billing, change, "customers", "primary_customer_number")


def _account_customer(billing: Billing, change: _Change) -> Iterator[Problem]:
    if change.before is None:
        missing = [*_required(change, "account_number"), *_required(change, "customer_number")]
        yield from missing
        if not missing:
            yield from _known(billing, change, "accounts", "account_number")
            yield from _known(billing, change, "customers", "customer_number")
            if billing.find("account_customers", key := key_of("account_customers", change.after)):
                yield Problem("customer_number", "Duplicate", f"There is already an account customer {key}")
    yield from _period(change, "from_date", "to_date")


def _agreement(billing: Billing, change: _Change) -> Iterator[Problem]:
    if change.before is None:
        yield from _known(billing, change, "accounts", "account_number")
        yield from _known(billing, change, "products", "product_code")
    yield from _period(change, "from_date", "to_date")


def _service_point(billing: Billing, change: _Change) -> Iterator[Problem]:
    if change.changed("account_number"):
        yield from _known(billing, change, "accounts", "account_number")
    yield from _period(change, "supply_start", "supply_end")


def _product(_: Billing, change: _Change) -> Iterator[Problem]:
    yield from _required(change, "name")


def _order(billing: Billing, change: _Change) -> Iterator[Problem]:
    if change.before is None:
        yield from _required(change, "account_number")
        if change["account_number"]:
            yield from _known(billing, change, "accounts", "account_number")
        if change["customer_number"]:
            yield from _known(billing, change, "customers", "customer_number")
        if change["status"] != "draft":
            yield Problem("status", "InvalidStatus", "A new order is a draft")
    else:
        yield from _transition(change.before, change)
    if change.changed("lines"):
        yield from _lines(billing, change)


def _transition(before: Record, change: _Change) -> Iterator[Problem]:
    old, new = before["status"], change["status"]
    if new != old and new not in TRANSITIONS[old]:
        allowed = ", ".join(TRANSITIONS[old]) or "nothing"
        yield Problem("status", "InvalidStatus", f"An order that is {old} can become {allowed}, not {new}")
    for member in ("lines", "valid_to"):
        if change.changed(member) and old != "draft":
            yield Problem(member, "Frozen", f"An order that is {old} is no longer changed; make it a draft")


def _lines(billing: Billing, change: _Change) -> Iterator[Problem]:
    if not change["lines"]:
        yield Problem("lines", "Required", "An order needs a line")
    for line in change["lines"] or []:
        if billing.find("products", str(line.get("product_code"))) is None:
            code = line.get("product_code")
            yield Problem("lines.product_code", "UnknownProduct", f"There is no product {code}")
        identifier = line.get("service_point")
        if identifier is not None and billing.find("service_points", identifier) is None:
            yield Problem("lines.service_point", "UnknownMeterPoint", f"There is no service point {identifier}")


def _country(change: _Change) -> Iterator[Problem]:
    country = (change["address"] or {}).get("country")
    if change.changed("address") and country is not None and not _COUNTRY.fullmatch(country):
        yield Problem("address.country", "InvalidCountry", "A country is two capital letters (ISO 3166)")


def _required(change: _Change, member: str) -> Iterator[Problem]:
    if not str(change[member] or "").strip():
        yield Problem(member, "Required", "A value is required")


def _known(billing: Billing, change: _Change, kind: Kind, member: str) -> Iterator[Problem]:
    number = change[member]
    if billing.find(kind, str(number)) is None:
        noun = {"customers": "customer", "accounts": "account", "products": "product"}[kind]
        yield Problem(member, f"Unknown{noun.capitalize()}", f"There is no {noun} {number}")


def _period(change: _Change, start: str, end: str) -> Iterator[Problem]:
    touched = change.changed(start) or change.changed(end)
    if touched and change[start] and change[end] and change[end] < change[start]:
        yield Problem(end, "InvalidPeriod", "The end is before the start")


_CHECKS = {
    "customers": _customer,
    "accounts": _account,
    "account_customers": _account_customer,
    "products": _product,
    "agreements": _agreement,
    "service_points": _service_point,
    "orders": _order,
}
_WITH_ADDRESS = ("customers", "accounts", "service_points")
_DEFAULTS: dict[Kind, Record] = {
    "customers": {
        "type": "Person",
        **dict.fromkeys(
            ("title", "forename", "surname", "preferred_name", "job_title", "company_name", "company_number")
        ),
        **dict.fromkeys(("birth_date", "email", "phone", "work_phone", "mobile", "fax", "primary_account_number")),
    },
    "accounts": dict.fromkeys(
        ("account_class", "trading_name", "company_number", "currency", "primary_customer_number", "closed")
    ),
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
    },
    "service_points": {
        "supply_status": "Pending",
        "switch_status": "None",
        "supply_start": None,
        "supply_end": None,
    },
    "orders": {"status": "draft", "valid_to": None, "customer_number": None, "lines": []},
}
