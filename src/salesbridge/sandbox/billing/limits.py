"""How long a text may be and which values it may take, alike in both dialects.

Assumed: no public document states a length or lists the values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.members import Member

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT_CLASSES = ("Residential", "Commercial", "Industrial")
CUSTOMER_TYPES = ("Person", "Organisation")
SUPPLY_STATUSES = ("Registered", "Pending", "De-energised", "Ceased")
SWITCH_STATUSES = ("None", "Gain Started", "Gain Objected", "Loss Started")
_LONGEST = {
    "title": 20,
    "surname": 200,
    "job_title": 128,
    "company_name": 255,
    "company_number": 30,
    "trading_name": 300,
    "email": 254,
    "phone": 40,
    "work_phone": 40,
    "mobile": 40,
    "fax": 40,
    "postcode": 12,
    "country": 2,
}
_OTHERS = 100
_REFERENCE, _REASON = 80, 255


def texts(names: Mapping[str, str]) -> tuple[Member, ...]:
    """Text members, by their names on the wire and ours, with the lengths that the system keeps."""
    return tuple(Member(name, ours, longest=_LONGEST.get(ours, _OTHERS)) for name, ours in names.items())


def reference(name: str) -> Member:
    """What the creator of a record calls it; it is given at creation only."""
    return Member(name, "external_reference", longest=_REFERENCE)


def reason(name: str) -> Member:
    """Why somebody changes the status of an order."""
    return Member(name, "status_reason", longest=_REASON)


def read_only(*names: str) -> tuple[Member, ...]:
    """Members that are shown but never accepted."""
    return tuple(Member(name, "", read_only=True) for name in names)
