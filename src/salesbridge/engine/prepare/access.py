"""Who holds the package's permission sets."""

from __future__ import annotations

from collections.abc import Iterable

from salesbridge.package import BYPASS, PERMISSION_SET
from salesbridge.salesforce import Salesforce
from salesbridge.salesforce.soql import quote

#: User and permission set, by the names of their fields.
Assignment = dict[str, str]
_ASSIGNED = "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment WHERE PermissionSetId = "


def grant(salesforce: Salesforce, name: str = PERMISSION_SET) -> None:
    """Assign a permission set to the user we sign in as, unless it is.

    Args:
        salesforce: The org.
        name: API name of the permission set.
    """
    user = salesforce.org().user_id
    for id_ in _ids(salesforce, [name]):
        if not list(salesforce.query(f"{_ASSIGNED}{quote(id_)} AND AssigneeId = {quote(user)}")):
            salesforce.create("PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": id_})


def withdraw(
    salesforce: Salesforce, names: Iterable[str] = (PERMISSION_SET, BYPASS), *, of: str | None = None
) -> list[Assignment]:
    """Take permission sets away from their users; gives what :func:`restore` needs to give them back.

    Args:
        salesforce: The org.
        names: API names of the permission sets.
        of: Id of the only user meant; None for all of them.
    """
    mine = f" AND AssigneeId = {quote(of)}" if of else ""
    ids = _ids(salesforce, names)
    found = [row for id_ in ids for row in salesforce.query(f"{_ASSIGNED}{quote(id_)}{mine}")]
    for row in found:
        salesforce.delete("PermissionSetAssignment", row["Id"])
    return [{name: row[name] for name in ("AssigneeId", "PermissionSetId")} for row in found]


def restore(salesforce: Salesforce, withdrawn: Iterable[Assignment]) -> None:
    """Give permission sets back to the users from whom they were taken away."""
    for assignment in withdrawn:
        salesforce.create("PermissionSetAssignment", assignment)


def bypass(salesforce: Salesforce, *, on: bool) -> None:
    """Let the triggers pass over what the user we sign in as writes, for a load, or have them tell of it again.

    Args:
        salesforce: The org; the package has to be deployed to it.
        on: Whether the user is to hold the permission set *Gentrack Bypass*.
    """
    if on:
        grant(salesforce, BYPASS)
    else:
        withdraw(salesforce, [BYPASS], of=salesforce.org().user_id)


def _ids(salesforce: Salesforce, names: Iterable[str]) -> list[str]:
    listed = ", ".join(map(quote, names))
    return [row["Id"] for row in salesforce.query(f"SELECT Id FROM PermissionSet WHERE Name IN ({listed})")]
