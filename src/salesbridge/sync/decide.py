"""The one decision: given what both sides hold and what they last agreed on, what is to be done about a record. Pure.

It looks at states, not at differences between messages: whatever was lost, repeated or reordered on the way, the
decision is the same as long as both sides were read after it. A change only says which record to look at, when that
was, and what somebody entered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from salesbridge.model import EXTERNAL_ID, Entity, Side
from salesbridge.sync.change import Cells, Change, Gone, Link, Op, Seen
from salesbridge.sync.decision import Decision, Lost, Reason, Verdict, Write, writes_of
from salesbridge.sync.merge import Move, Rule, Slot, merge, slots
from salesbridge.sync.siblings import through_sibling

#: How long an announced change may stay invisible before it counts as rolled back.
PATIENCE = timedelta(seconds=60)
#: How often a value is put back within :data:`FIGHT_WINDOW` before that counts as a fight with an automation.
RESTORES = 3
FIGHT_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an instance's settings say about the cases in which the data model does not.

    Args:
        unlink_deleted: Whether a delete on one side takes the link away, rather than asking a person.
        born_in_salesforce: Entities whose new Salesforce records are created in billing at once; their external id is
            made of their parents', so that a repeat finds what the first attempt created.
    """

    unlink_deleted: bool = False
    born_in_salesforce: frozenset[str] = frozenset({"AccountContactRelation"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known about one record at the moment of deciding.

    Args:
        changes: What was said to have happened, oldest first; empty when somebody just looks.
        salesforce: The record in Salesforce; None where there never was one.
        billing: The record in billing.
        link: What ties them, if they are linked.
        linked: Parents that are linked, as (entity, external id).
        now: The moment.
        unwritable: Columns that this billing system has no way to write.
        policy: The instance's settings.
        siblings: What Salesforce holds of other records that show some of the same values; they are asked for only
            where a value would be put back that may have been changed through them.
        changing: Columns that somebody has just changed through one of them, before billing knows of it.
    """

    changes: tuple[Change, ...]
    salesforce: Seen | Gone | None
    billing: Seen | None
    link: Link | None
    linked: frozenset[tuple[str, str]]
    now: datetime
    unwritable: frozenset[str] = frozenset()
    policy: Policy = field(default_factory=Policy)
    siblings: tuple[Cells, ...] = ()
    changing: frozenset[str] = frozenset()


def decide(entity: Entity, facts: Facts) -> Decision:
    """What is to be done about a record.

    Args:
        entity: Its entity.
        facts: What is known about it, both sides read after the changes were heard.
    """
    salesforce, billing = facts.salesforce, facts.billing
    invisible = _invisible(facts)
    if invisible is not None and facts.now - invisible < PATIENCE:
        return Decision(Verdict.WAIT, Reason.UNCOMMITTED)
    if isinstance(salesforce, Gone):
        return _deleted_in_salesforce(facts, salesforce, billing)
    if salesforce is not None and facts.link is not None and salesforce.id != facts.link.salesforce_id:
        return Decision(Verdict.ASK, Reason.CLAIMED_TWICE)
    if billing is None:
        if salesforce is not None:
            return _only_in_salesforce(entity, facts, salesforce)
        reason = Reason.ROLLED_BACK if invisible else Reason.GONE
        return Decision(Verdict.NOTHING, reason, unlink=facts.link is not None)
    if salesforce is None:
        return _only_in_billing(entity, facts, billing)
    return _both(entity, facts, salesforce, billing, invisible=invisible is not None)


def _invisible(facts: Facts) -> datetime | None:
    """When the last announced Salesforce change happened, if Salesforce does not show it.

    An event that is published immediately can arrive before its transaction commits, or although it never does
    (Platform Events Developer Guide, "Decoupled Publishing and Subscription").
    """
    said = [change for change in facts.changes if change.side is Side.SALESFORCE and change.at is not None]
    if not said or said[-1].at is None:
        return None
    last = said[-1]
    return last.at if not _shows(last, facts.salesforce) else None


def _shows(change: Change, seen: Seen | Gone | None) -> bool:
    if change.op is Op.DELETE:
        return not isinstance(seen, Seen)
    if change.op is Op.UNDELETE:
        return isinstance(seen, Seen)
    if seen is None:
        return False
    if isinstance(seen, Gone) or not change.claims:
        return True
    if seen.modified is not None and change.at is not None and seen.modified >= change.at:
        return True
    return not all(name in seen.cells and seen.cells[name] == before for name, (before, _) in change.claims.items())


def _deleted_in_salesforce(facts: Facts, gone: Gone, billing: Seen | None) -> Decision:
    if facts.link is None:
        return Decision(Verdict.NOTHING, Reason.GONE)
    if billing is None:
        return Decision(Verdict.NOTHING, Reason.GONE, unlink=True)
    if facts.policy.unlink_deleted and not gone.merged_into:
        return Decision(Verdict.NOTHING, Reason.UNLINKED, unlink=True)
    reason = Reason.MERGED_IN_SALESFORCE if gone.merged_into else Reason.DELETED_IN_SALESFORCE
    return Decision(Verdict.ASK, reason)


def _only_in_billing(entity: Entity, facts: Facts, billing: Seen) -> Decision:
    if facts.link is not None:  # it was there once, and is not even in the recycle bin
        return _deleted_in_salesforce(facts, Gone(), billing)
    missing = _missing_parent(entity, billing.cells, facts.linked)
    if missing is not None:
        return Decision(Verdict.WAIT, Reason.PARENT, waits_for=missing)
    cells = {name: cell for name, cell in billing.cells.items() if cell is not None}
    empty = _empty_at_birth(entity, billing.cells)
    return Decision(Verdict.WRITE, Reason.WRITE, (Write(Side.SALESFORCE, cells, create=True),), equal=empty)


def _only_in_salesforce(entity: Entity, facts: Facts, salesforce: Seen) -> Decision:
    if facts.link is not None:
        if facts.policy.unlink_deleted:
            return Decision(Verdict.NOTHING, Reason.UNLINKED, unlink=True)
        return Decision(Verdict.ASK, Reason.GONE_FROM_BILLING)
    if salesforce.key is not None:  # also where records are born here: billing's deleted record must not come back
        return Decision(Verdict.ASK, Reason.UNKNOWN_NUMBER)
    if entity.name not in facts.policy.born_in_salesforce:
        return Decision(Verdict.NOTHING, Reason.PROSPECT)
    parents = {name: salesforce.cells.get(name) for name in (p.column for p in entity.parents if p.required)}
    if None in parents.values():
        return Decision(Verdict.NOTHING, Reason.PROSPECT)
    missing = _missing_parent(entity, parents, facts.linked)
    if missing is not None:
        return Decision(Verdict.WAIT, Reason.PARENT, waits_for=missing)
    told = {name: cell for name, cell in salesforce.cells.items() if cell is not None}
    cells = {name: cell for name, cell in told.items() if name not in facts.unwritable and name != EXTERNAL_ID}
    empty = _empty_at_birth(entity, salesforce.cells)
    key = ":".join(parent for parent in parents.values() if parent is not None)
    writes = (Write(Side.BILLING, cells, create=True), Write(Side.SALESFORCE, {EXTERNAL_ID: key}))
    return Decision(Verdict.WRITE, Reason.WRITE, writes, equal=empty)


def _empty_at_birth(entity: Entity, cells: Cells) -> dict[str, str | None]:
    """Salesforce's columns that are empty on both sides of a new record: what billing has later does not fill them."""
    ours = (slot.name for slot in slots(entity) if slot.master is Side.SALESFORCE)
    return {name: None for name in ours if name in cells and cells[name] is None}


def _missing_parent(entity: Entity, cells: Cells, linked: frozenset[tuple[str, str]]) -> tuple[str, str] | None:
    for parent in entity.parents:
        key = cells.get(parent.column)
        if key is not None and (parent.entity, key) not in linked:
            return parent.entity, key
    return None


def _both(entity: Entity, facts: Facts, salesforce: Seen, billing: Seen, *, invisible: bool) -> Decision:
    agreed = facts.link.agreed if facts.link is not None else {}
    found = merge(entity, salesforce.cells, billing.cells, agreed, facts.unwritable)
    through = through_sibling(entity, billing.cells, facts.siblings)
    moves = tuple(_without_fights(facts, _followed(facts, move, through)) for move in found)
    equal = _equal(entity, salesforce.cells, billing.cells)
    lost = _lost(entity, facts, moves, salesforce.cells, billing.cells)
    fighting = tuple(move.name for move in moves if move.rule is Rule.FIGHTING)
    writes = writes_of(moves)
    missing = _missing_parent(entity, _sent_parents(entity, writes), facts.linked)
    if missing is not None:
        return Decision(Verdict.WAIT, Reason.PARENT, moves=moves, waits_for=missing)
    if writes:
        verdict, reason = Verdict.WRITE, Reason.WRITE
    elif fighting:
        verdict, reason = Verdict.ASK, Reason.FIGHTING
    elif _moved(entity, moves):
        verdict, reason = Verdict.ASK, Reason.MOVED
    elif moves:
        verdict, reason = Verdict.NOTHING, Reason.LEFT
    else:
        verdict, reason = Verdict.NOTHING, Reason.ROLLED_BACK if invisible else Reason.EQUAL
    return Decision(verdict, reason, writes, moves, lost, equal, fighting=fighting)


def _moved(entity: Entity, moves: tuple[Move, ...]) -> bool:
    """Whether the record hangs on another parent in Salesforce, of those that make it what it is and stay for ever."""
    fixed = {parent.column for parent in entity.parents if parent.required and parent.create_only}
    return any(move.name in fixed and move.rule is Rule.FIXED for move in moves)


def _sent_parents(entity: Entity, writes: tuple[Write, ...]) -> Cells:
    columns = {parent.column for parent in entity.parents}
    sent = (write.cells for write in writes if write.side is Side.SALESFORCE)
    return {name: cell for cells in sent for name, cell in cells.items() if name in columns}


def _followed(facts: Facts, move: Move, through: frozenset[str]) -> Move:
    """A value that was changed through a sibling is not put back: this record follows, now or once billing knows."""
    if move.rule is not Rule.RESTORED or move.master is not Side.SALESFORCE:
        return move
    if move.name in through:
        return replace(move, rule=Rule.SIBLING, to=Side.SALESFORCE)
    return replace(move, rule=Rule.AWAITED, to=None) if move.name in facts.changing else move


def _without_fights(facts: Facts, move: Move) -> Move:
    tries = facts.link.restored.get(move.name) if facts.link is not None else None
    if move.rule is not Rule.RESTORED or tries is None or tries.cell != move.winner:
        return move
    if tries.count < RESTORES or facts.now - tries.since > FIGHT_WINDOW:
        return move
    return replace(move, rule=Rule.FIGHTING, to=None)


def _equal(entity: Entity, salesforce: Cells, billing: Cells) -> dict[str, str | None]:
    """What both sides hold alike, in the master's spelling."""
    alike = {}
    for slot in slots(entity):
        name = slot.name
        if name in salesforce and name in billing and slot.agree(salesforce[name], billing[name]):
            alike[name] = billing[name] if slot.master is Side.BILLING else salesforce[name]
    return alike


def _lost(entity: Entity, facts: Facts, moves: tuple[Move, ...], salesforce: Cells, billing: Cells) -> tuple[Lost, ...]:
    """Values that somebody entered and that do not prevail."""
    lost = [
        Lost(move.name, move.to, move.loser, move.winner, move.base, move.rule is Rule.CONFLICT)
        for move in moves
        if move.to is not None and move.rule in {Rule.CONFLICT, Rule.RESTORED}
    ]
    told = {(entry.name, entry.side, entry.lost) for entry in lost}
    final = _final(entity, moves, salesforce, billing)
    agreed = facts.link.agreed if facts.link is not None else {}
    for change in facts.changes:
        for slot, base, value in _overruled(entity, change):
            name = slot.name
            prevails = name not in final or slot.agree(value, final[name])
            if prevails or (name in agreed and slot.agree(value, agreed[name])):
                continue  # what was agreed on and is said again is no edit: our own write comes back like this
            if (name, change.side, value) not in told:
                told.add((name, change.side, value))
                lost.append(Lost(name, change.side, value, final[name], base, both=False))
    return tuple(lost)


def _final(entity: Entity, moves: tuple[Move, ...], salesforce: Cells, billing: Cells) -> dict[str, str | None]:
    """What both sides will hold, by column; a difference that is left has no such value, neither has an unknown one."""
    left = {move.name for move in moves if move.to is None}
    final = {move.name: move.winner for move in moves if move.to is not None}
    for slot in slots(entity):
        held = billing if slot.master is Side.BILLING else salesforce
        if slot.name in held and slot.name not in left:
            final.setdefault(slot.name, held[slot.name])
    return final


def _overruled(entity: Entity, change: Change) -> list[tuple[Slot, str | None, str | None]]:
    """Columns that a person says to have changed on the side that is not their master, with both values."""
    if change.ours:
        return []
    masters = {slot.name: slot for slot in slots(entity) if slot.master is change.side.other}
    return [(masters[name], before, after) for name, (before, after) in change.claims.items() if name in masters]
