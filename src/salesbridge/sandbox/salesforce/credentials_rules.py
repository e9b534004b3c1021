"""Access to external credential principals, given by inserting rows. Source: Object Reference, *SetupEntityAccess*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.credentials_store import ACCESS, PRINCIPAL_ACCESS, credential_store
from salesbridge.sandbox.salesforce.ids import normal_id
from salesbridge.sandbox.salesforce.rules import Rules
from salesbridge.sandbox.salesforce.values import RefusedError

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.rules import Change


class AccessRules(Rules):
    """A row gives the users of a permission set access to a setup entity; this org knows principals only."""

    def before_save(self, change: Change) -> None:
        """Fill in the entity's type; refuse an entity that isn't there, or a second row for it."""
        new = change.new
        wanted = normal_id(new.get("SetupEntityId"))
        if wanted is None or credential_store(change.org).principal_by_id(wanted) is None:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        new["SetupEntityId"], new["SetupEntityType"] = wanted, PRINCIPAL_ACCESS
        for row in change.org.find(ACCESS, "ParentId", new.get("ParentId")):
            if row["SetupEntityId"] == wanted and row["Id"] != new["Id"]:
                message = f"duplicate value found: SetupEntityId duplicates value on record with id: {row['Id']}"
                raise RefusedError("DUPLICATE_VALUE", message)
