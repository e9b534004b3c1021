"""Billing values that two Salesforce records show: an account's name and phone are its primary customer's.

Salesforce is master of both fields, so an edit of either is right, and the other record follows it.
"""

from __future__ import annotations

from collections.abc import Mapping

ACCOUNT, CONTACT = "Account", "Contact"
#: Account's column -> Contact's columns which, joined by a space, are the same value.
SHARED: Mapping[str, tuple[str, ...]] = {"Name": ("FirstName", "LastName"), "Phone": ("Phone",)}


def shared_columns(entity: str) -> frozenset[str]:
    """Columns of an entity that another record shows too."""
    if entity == ACCOUNT:
        return frozenset(SHARED)
    return frozenset(name for names in SHARED.values() for name in names) if entity == CONTACT else frozenset()
