"""Merging records, as a person does in the user interface (no REST resource does it).

Source: SOAP API Developer Guide, *merge()*; Apex Developer Guide, *Triggers and Merge Statements*: the losing records'
delete triggers run, with ``MasterRecordId`` set, then the winner's update triggers; records that get another parent
run none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .deletions import Deletion
from .results import ApiError, SaveResult
from .rules_account_contact import RELATION, relation_of
from .values import datetime_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .org import Org
    from .results import Row
    from .schema import ChildRelationship

MERGEABLE = ("Account", "Contact")
_MOST_LOSERS = 2


def merge(
    org: Org,
    sobject: str,
    winner: str,
    losers: Sequence[str],
    *,
    user: str,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Merge one or two records into another of the same object, in one transaction.

    Args:
        org: The org.
        sobject: ``Account`` or ``Contact``.
        winner: Id of the record that stays.
        losers: Ids of those that go; what belongs to them belongs to the winner afterwards.
        user: Who merges.
        values: Field values that the winner takes over.

    Raises:
        ApiError: Another object, no or too many losers, or the winner refuses the values.
        RefusedError: An id is no live record's.
    """
    if sobject not in MERGEABLE or not 1 <= len(losers) <= _MOST_LOSERS or winner in losers:
        message = f"Merge one or two other records of {' or '.join(MERGEABLE)} into one"
        raise ApiError(400, "INVALID_OPERATION", message)
    known = org.sobject(sobject)
    with org.transaction(user):
        org.live_row(known, winner)
        stamps = {"LastModifiedById": user, "SystemModstamp": datetime_text(org.clock())}
        stamps["LastModifiedDate"] = stamps["SystemModstamp"]
        for loser in losers:
            _absorb(org, sobject, winner, org.live_row(known, loser), stamps)
        [result] = org.save("update", sobject, [{"Id": winner, **(values or {})}], user=user)
        if not result.success:
            error = result.errors[0]
            raise ApiError(400, error.code, error.message, error.fields)


def _absorb(org: Org, sobject: str, winner: str, loser: Row, stamps: Mapping[str, str]) -> None:
    """Give the winner what belongs to the loser, and put the loser into the recycle bin."""
    for link in org.schema.children(sobject):
        for child in org.find(link.child, link.field, loser["Id"]) if org.has_index(link.child, link.field) else ():
            _move(org, link, child, winner, stamps)
    point = org.savepoint()
    org.put(sobject, loser["Id"], {**loser, **stamps, "IsDeleted": True, "MasterRecordId": winner})
    org.deletions.note(Deletion(sobject, loser["Id"], stamps["SystemModstamp"]), loser["Id"])
    org.fire(sobject, [SaveResult(loser["Id"], success=True)], point, stamps["LastModifiedById"])


def _move(org: Org, link: ChildRelationship, child: Row, winner: str, stamps: Mapping[str, str]) -> None:
    moved = {**child, link.field: winner, **stamps}
    if child["Id"] == winner:
        del moved[link.field]
    elif link.child == RELATION:
        # The winning contact keeps its own primary account; a contact that moves along keeps the one it moves with.
        moved["IsDirect"] = child["IsDirect"] and link.field == "AccountId"
        double = relation_of(org, moved["AccountId"], moved["ContactId"])
        if double is not None:
            org.put(RELATION, double["Id"], {**double, "IsDirect": double["IsDirect"] or moved["IsDirect"]})
            moved = {**child, **stamps, "IsDeleted": True}
    org.put(link.child, child["Id"], moved)
