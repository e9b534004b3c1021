"""Assigning permission sets: what an inserted or deleted PermissionSetAssignment does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.rules import Rules
from salesbridge.sandbox.salesforce.values import RefusedError

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.results import Row
    from salesbridge.sandbox.salesforce.rules import Change


class AssignmentRules(Rules):
    """A user holds a permission set as long as the assignment is there."""

    def before_save(self, change: Change) -> None:
        """Refuse a second assignment of the same set to the same user (Object Reference, *PermissionSetAssignment*)."""
        new = change.new
        new["IsActive"] = True
        for row in change.org.find("PermissionSetAssignment", "AssigneeId", new.get("AssigneeId")):
            if row.get("PermissionSetId") == new.get("PermissionSetId") and row["Id"] != new["Id"]:
                message = (
                    f"Duplicate PermissionSetAssignment. Assignee: {row['AssigneeId']}; "
                    f"Permission Set: {row['PermissionSetId']}"
                )
                raise RefusedError("DUPLICATE_VALUE", message)

    def after_save(self, change: Change) -> None:
        """Grant what the permission set holds."""
        name = _name(change.org, change.new)
        directory = change.org.directory
        if name in directory.permission_sets and change.new["AssigneeId"] in directory.users:
            directory.assign(change.new["AssigneeId"], name)

    def after_delete(self, org: Org, row: Row, user: str) -> None:
        """Take the grant back."""
        del user
        holder = org.directory.users.get(row["AssigneeId"])
        if holder is not None:
            holder.permission_sets.discard(_name(org, row))
            org.forget_access()


def _name(org: Org, row: Row) -> str:
    found = org.get("PermissionSet", row.get("PermissionSetId", ""))
    return str(found["Name"]) if found else ""
