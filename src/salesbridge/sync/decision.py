"""What is to be done about a record, and why: the answer of :func:`salesbridge.sync.decide.decide`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from salesbridge.model import Side
from salesbridge.sync.change import Cells
from salesbridge.sync.merge import TRAVELS, Move, Rule


class Verdict(StrEnum):
    """What is to be done about a record."""

    WRITE = "write"
    NOTHING = "nothing"
    WAIT = "wait"
    ASK = "ask"


class Reason(StrEnum):
    """Why; shown to people with the sentence of :data:`SENTENCES`."""

    WRITE = "differs"
    EQUAL = "both sides agree"
    LEFT = "left as it is"
    PROSPECT = "prospect"
    GONE = "gone"
    ROLLED_BACK = "rolled back"
    UNCOMMITTED = "not committed yet"
    PARENT = "parent is missing"
    FIGHTING = "put back again and again"
    DELETED_IN_SALESFORCE = "deleted in Salesforce"
    MERGED_IN_SALESFORCE = "merged in Salesforce"
    GONE_FROM_BILLING = "gone from billing"
    UNKNOWN_NUMBER = "unknown number"
    CLAIMED_TWICE = "claimed twice"
    MOVED = "belongs to another parent"
    UNLINKED = "unlinked"


#: What each reason means, and what happens next or what a person can do.
SENTENCES: Mapping[Reason, str] = {
    Reason.WRITE: "The sides differ; the master's values are written to the other side.",
    Reason.EQUAL: "Both sides hold the same values, so there is nothing to do. Our own writes come back like this.",
    Reason.LEFT: "The sides differ only where nothing can be written: the fields say why.",
    Reason.PROSPECT: "The record exists in Salesforce only; it is sent to billing when its order is placed.",
    Reason.GONE: "The record is on neither side any more.",
    Reason.ROLLED_BACK: "Salesforce announced the change, but it was never committed.",
    Reason.UNCOMMITTED: "Salesforce announced the change before committing it; it is looked at again shortly.",
    Reason.PARENT: "The record it belongs to is not linked yet; it is written as soon as that one is.",
    Reason.FIGHTING: "Something on the other side keeps changing a value back. Find the automation that does, or make "
    "that side master of the field; then retry.",
    Reason.DELETED_IN_SALESFORCE: "The linked Salesforce record was deleted; billing's record was left alone. Undelete "
    "it in Salesforce, or dismiss this to unlink the two.",
    Reason.MERGED_IN_SALESFORCE: "The linked Salesforce record was merged into another one. Retry to link billing's "
    "record to the surviving record, or dismiss this to leave it unlinked.",
    Reason.GONE_FROM_BILLING: "The linked billing record is no longer there; Salesforce's record was left alone. "
    "Delete it in Salesforce if it should go, or dismiss this to unlink the two.",
    Reason.UNKNOWN_NUMBER: "The Salesforce record carries a number that billing does not know. Correct or clear "
    "Gentrack_External_Id__c, then retry.",
    Reason.CLAIMED_TWICE: "Two Salesforce records claim the same billing record. Clear Gentrack_External_Id__c of the "
    "wrong one, then retry.",
    Reason.MOVED: "In Salesforce the record belongs to another parent than in billing, as after a merge, and "
    "Salesforce does not let it be moved back. Change it in billing, or delete it in Salesforce and create it anew; "
    "then retry.",
    Reason.UNLINKED: "The record was deleted on one side; the two are no longer linked, as the settings say.",
}  # fmt: skip

#: Whether a retry of the problem carries out what it proposes, rather than just looking again.
PROPOSES = frozenset({Reason.MERGED_IN_SALESFORCE})


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written to one side.

    Args:
        side: That side.
        cells: Values by column; None clears.
        create: Whether the record is not there yet.
    """

    side: Side
    cells: Cells
    create: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A value somebody entered that did not prevail; it is kept for people to see.

    Args:
        name: Column.
        side: Where it was entered.
        lost: The value.
        won: The value that both sides have instead.
        base: What both sides had agreed on before.
        both: Whether both sides had changed it; otherwise it was entered on the side that is not master.
    """

    name: str
    side: Side
    lost: str | None
    won: str | None
    base: str | None
    both: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a record.

    Args:
        verdict: What in general.
        reason: Why.
        writes: What to write, at most once per side.
        moves: The columns in which the sides differ, with the rule for each.
        lost: Values that do not prevail.
        equal: Columns on which both sides agree already.
        waits_for: The parent (entity, external id) that is missing.
        unlink: Whether the link is to be taken away.
        fighting: Columns that were put back too often.
    """

    verdict: Verdict
    reason: Reason
    writes: tuple[Write, ...] = ()
    moves: tuple[Move, ...] = ()
    lost: tuple[Lost, ...] = ()
    equal: Cells = field(default_factory=dict)
    waits_for: tuple[str, str] | None = None
    unlink: bool = False
    fighting: tuple[str, ...] = ()

    def write_to(self, side: Side) -> Write | None:
        """What is to be written to a side."""
        return next((write for write in self.writes if write.side is side), None)

    def agreed(self, written: frozenset[Side]) -> dict[str, str | None]:
        """What both sides agree on once the writes to some sides have succeeded."""
        result = dict(self.equal)
        for write in self.writes:
            if write.side in written:
                result.update(write.cells)
        return result

    @property
    def restored(self) -> dict[str, str | None]:
        """Columns that are put back, with the value."""
        return {move.name: move.winner for move in self.moves if move.rule is Rule.RESTORED}


def writes_of(moves: tuple[Move, ...]) -> tuple[Write, ...]:
    """The writes that carry some moves out."""
    found = []
    for side in Side:
        cells = {move.name: move.winner for move in moves if move.to is side and move.rule in TRAVELS}
        if cells:
            found.append(Write(side, cells))
    return tuple(found)
