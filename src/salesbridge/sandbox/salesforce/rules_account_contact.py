"""Contacts and their accounts: the relation Salesforce keeps by itself, and the ones callers add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .deletions import Deletion
from .rules import Rules, derive
from .values import RefusedError

if TYPE_CHECKING:
    from .org import Org
    from .results import Row
    from .rules import Change

RELATION = "AccountContactRelation"


def relation_of(org: Org, account: str, contact: str) -> Row | None:
    """The relation between an account and a contact, if there is one."""
    rows = org.find(RELATION, "ContactId", contact)
    return next((row for row in rows if row["AccountId"] == account), None)


class ContactRules(Rules):
    """Keeps the direct relation in step with ``Contact.AccountId``.

    Source: Object Reference, *AccountContactRelation*; what becomes of the former primary account's relation is a
    setting of the org.
    """

    def before_save(self, change: Change) -> None:
        """Refuse to make a contact private that has indirect relations."""
        if change.inserting or not self._tracked(change) or change.new.get("AccountId") is not None:
            return
        related = change.org.find(RELATION, "ContactId", change.new["Id"])
        if any(not row["IsDirect"] for row in related):
            message = "You can't make a contact private while it is indirectly related to accounts."
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "AccountId")

    def after_save(self, change: Change) -> None:
        """Move the direct relation to the contact's account."""
        if not self._tracked(change):
            return
        former = (change.old or {}).get("AccountId")
        if former is not None:
            self._leave(change, former)
        account = change.new.get("AccountId")
        if account is not None:
            self._join(change, account)

    def _tracked(self, change: Change) -> bool:
        org = change.org
        on = org.settings.contacts_to_multiple_accounts and org.schema.sobject(RELATION) is not None
        return on and change.changed("AccountId")

    def _leave(self, change: Change, account: str) -> None:
        relation = relation_of(change.org, account, change.new["Id"])
        if relation is None:
            return
        kept = change.org.settings.keep_former_account_as_indirect and change.new.get("AccountId") is not None
        if kept:
            derive(change.org, RELATION, relation["Id"], {"IsDirect": False, **_stamps(change)})
        else:
            gone = {**relation, "IsDeleted": True, **_stamps(change)}
            change.org.put(RELATION, relation["Id"], gone)
            change.org.deletions.note(Deletion(RELATION, relation["Id"], change.stamp), relation["Id"])

    def _join(self, change: Change, account: str) -> None:
        relation = None if change.inserting else relation_of(change.org, account, change.new["Id"])
        if relation is not None:
            derive(change.org, RELATION, relation["Id"], {"IsDirect": True, **_stamps(change)})
            return
        org = change.org
        row = {
            "Id": org.new_id("07k"),
            "AccountId": account,
            "ContactId": change.new["Id"],
            "IsActive": True,
            "IsDirect": True,
            "IsDeleted": False,
            "CreatedDate": change.stamp,
            "CreatedById": change.user,
            **_stamps(change),
        }
        org.put(RELATION, row["Id"], row)


def _stamps(change: Change) -> dict[str, str]:
    return {
        "LastModifiedDate": change.stamp,
        "LastModifiedById": change.user,
        "SystemModstamp": change.stamp,
    }


class RelationRules(Rules):
    """What a caller may do with relations: one a pair, none for private contacts, direct ones stay.

    Error texts are not documented; the codes are general knowledge, not verified.
    """

    def before_save(self, change: Change) -> None:
        """Refuse a second relation of a pair, and one for a contact without an account."""
        account, contact = change.new.get("AccountId"), change.new.get("ContactId")
        if not change.inserting or account is None or contact is None:
            return
        change.new.setdefault("IsDirect", False)
        if "IsActive" not in change.sent:
            change.new["IsActive"] = True
        existing = relation_of(change.org, account, contact)
        if existing is not None:
            message = f"This contact already has a relationship with this account: {existing['Id'][:15]}"
            raise RefusedError("DUPLICATE_VALUE", message)
        if (change.org.get("Contact", contact) or {}).get("AccountId") is None:
            message = "Private contacts can't have indirect relationships: give the contact an account first."
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", message, "ContactId")

    def before_delete(self, org: Org, row: Row, *, cascading: bool) -> None:  # noqa: ARG002
        """Refuse to delete a direct relation other than together with its contact or account."""
        if row["IsDirect"] and not cascading:
            message = (
                "You can't delete a direct account contact relationship. Change the contact's account or delete the"
                " contact instead."
            )
            raise RefusedError("DELETE_FAILED", message)
