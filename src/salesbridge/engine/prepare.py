"""Preparing an org: deploy what the data model needs, and give the connector's user access to it."""

from __future__ import annotations

from salesbridge.model import TABLE, merge
from salesbridge.package import PERMISSION_SET, archive, render
from salesbridge.salesforce import Salesforce
from salesbridge.salesforce.deploy import Deployment, deploy, wait
from salesbridge.salesforce.soql import quote
from salesbridge.store.models import Tenant


def deploy_package(
    salesforce: Salesforce, tenant: Tenant, *, check_only: bool = False, initial_only: bool = False
) -> Deployment:
    """Deploy the tenant's custom fields and permission set, and assign the set to the user we sign in as.

    Args:
        salesforce: The org; its user needs *Modify Metadata Through Metadata API Functions*.
        tenant: Whose data model it is.
        check_only: Validate only; nothing changes.
        initial_only: Only the objects of the initial data synchronisation.

    Raises:
        SalesforceError: Salesforce refuses the call; component errors are findings of the result instead.
    """
    table = merge(TABLE, tenant.model_overrides)
    files = render(table, initial_only=initial_only)
    done = wait(salesforce, deploy(salesforce, archive(files), check_only=check_only), poll=1.0)
    if done.success and not check_only:
        _assign(salesforce)
    return done


def _assign(salesforce: Salesforce) -> None:
    user = salesforce.org().user_id
    sets = [row["Id"] for row in salesforce.query(f"SELECT Id FROM PermissionSet WHERE Name = {quote(PERMISSION_SET)}")]
    assigned = f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {quote(user)} AND PermissionSetId = "
    for permission_set in sets:
        if not list(salesforce.query(assigned + quote(permission_set))):
            fields = {"AssigneeId": user, "PermissionSetId": permission_set}
            salesforce.create("PermissionSetAssignment", fields)
