"""The record kinds of the billing system, before any dialect names their members.

A record is a dictionary. A member that is not in it is absent; None is null; moments are milliseconds since 1970
in UTC; dates are texts ``yyyy-mm-dd``; prices are texts with four decimals.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

Record = dict[str, Any]
Kind = Literal["customers", "accounts", "account_customers", "products", "agreements", "service_points", "orders"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ROLES = ("Account Holder", "Billing Contact", "Technical Contact", "Decision Maker")
ADDRESS = ("line1", "line2", "locality", "city", "region", "postcode", "country")

_KEY_MEMBER = {
    "customers": "number",
    "accounts": "number",
    "products": "code",
    "agreements": "number",
    "service_points": "identifier",
    "orders": "number",
}
_FIRST_ID = {kind: (at + 1) * 100_000_000 + 1 for at, kind in enumerate(KINDS)}


def first_id(kind: Kind) -> int:
    """The id of the first record of a kind; no two kinds share an id."""
    return _FIRST_ID[kind]


def key_of(kind: Kind, record: Record) -> str:
    """The business key of a record."""
    if kind == "account_customers":
        return f"{record['account_number']}:{record['customer_number']}"
    return str(record[_KEY_MEMBER[kind]])
