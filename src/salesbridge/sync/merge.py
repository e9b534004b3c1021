"""The three-way merge of one column: what Salesforce has, what billing has, what both last agreed on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from salesbridge.model import EXTERNAL_ID, Column, Entity, Phase, Side, columns
from salesbridge.model.kinds import CLEAR, RefusedError, value_of
from salesbridge.sync.change import Cells


class Rule(StrEnum):
    """Why a column is written, or is not although the sides differ."""

    FIRST_CONTACT = "first contact"
    MASTER_CHANGED = "master changed"
    RESTORED = "restored"
    CONFLICT = "conflict"
    SIBLING = "changed through another record"
    AWAITED = "being changed through another record"
    FIXED = "fixed"
    UNWRITABLE = "unwritable"
    FIGHTING = "fighting"


#: Rules by which a value travels; the others leave a difference as it is, with a reason.
TRAVELS = frozenset({Rule.FIRST_CONTACT, Rule.MASTER_CHANGED, Rule.RESTORED, Rule.CONFLICT, Rule.SIBLING})


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that is kept in step: a mapped column, the external id, or a parent.

    Args:
        name: Column name.
        master: The side whose value wins.
        agree: Whether two cells mean the same.
        create_only: Salesforce accepts it on a new record only.
        one_way: The first of values between which Salesforce knows no way back; only onwards, in the picklist's order.
        column: The mapped column; None for the external id and parents.
        keeps: Whether billing's nothing leaves Salesforce's value alone.
    """

    name: str
    master: Side
    agree: Callable[[str | None, str | None], bool]
    create_only: bool = False
    one_way: str | None = None
    column: Column | None = None
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What happens to one column whose sides differ.

    Args:
        name: Column name.
        rule: Why.
        master: The side whose value wins.
        to: The side that is written; None where the difference is left.
        base: What both sides last agreed on.
        salesforce: What Salesforce has.
        billing: What billing has.
        known: Whether there was an agreement before.
    """

    name: str
    rule: Rule
    master: Side
    to: Side | None
    base: str | None
    salesforce: str | None
    billing: str | None
    known: bool = True

    @property
    def winner(self) -> str | None:
        """The value that both sides are to have."""
        return self.billing if self.to is Side.SALESFORCE else self.salesforce

    @property
    def loser(self) -> str | None:
        """The value that is replaced."""
        return self.salesforce if self.to is Side.SALESFORCE else self.billing


@cache
def slots(entity: Entity) -> tuple[Slot, ...]:
    """What is kept in step of an entity's records: the external id, the parents, the columns that billing knows."""
    parents = [
        Slot(parent.column, Side.BILLING, _same, create_only=parent.create_only, keeps=True)
        for parent in entity.parents
    ]
    return (Slot(EXTERNAL_ID, Side.BILLING, _same), *parents, *(_slot(c) for c in columns(entity) if c.attributes))


def _slot(column: Column) -> Slot:
    one_way = "Draft" if column.phase is Phase.ACTIVATE else None
    return Slot(column.name, column.master, _agreement(column), column.field.create_only, one_way, column)


def _same(one: str | None, other: str | None) -> bool:
    return one == other


def _agreement(column: Column) -> Callable[[str | None, str | None], bool]:
    kind = column.kind

    def agree(one: str | None, other: str | None) -> bool:
        if one == other:
            return True
        try:
            left, right = value_of(kind, one or CLEAR), value_of(kind, other or CLEAR)
        except RefusedError:  # one side holds what the kind does not know, so it is not what the other holds
            return False
        if left is None or right is None:
            return left is right
        return kind.agree(left, right)

    return agree


def merge(entity: Entity, salesforce: Cells, billing: Cells, agreed: Cells, unwritable: frozenset[str]) -> list[Move]:
    """What is to happen to each column in which the sides differ; a column that a side does not tell is left alone.

    Args:
        entity: The entity.
        salesforce: What Salesforce has.
        billing: What billing has.
        agreed: What both last agreed on; columns never agreed on are absent.
        unwritable: Columns that this billing system has no way to write.
    """
    moves = []
    for slot in slots(entity):
        if slot.name in salesforce and slot.name in billing:
            move = _move(slot, salesforce[slot.name], billing[slot.name], agreed)
            if move is not None:
                moves.append(_possible(slot, move, unwritable))
    return moves


def _move(slot: Slot, salesforce: str | None, billing: str | None, agreed: Cells) -> Move | None:
    if slot.agree(salesforce, billing) or (slot.keeps and billing is None):
        return None
    base, known = agreed.get(slot.name), slot.name in agreed
    rule = _rule(slot, salesforce, billing, agreed)
    to = slot.master.other
    if rule is Rule.FIRST_CONTACT and slot.master is Side.SALESFORCE and salesforce is None:
        to = Side.SALESFORCE  # nobody has said anything in Salesforce yet: billing's value is better than none
    return Move(slot.name, rule, slot.master, to, base, salesforce, billing, known)


def _rule(slot: Slot, salesforce: str | None, billing: str | None, agreed: Mapping[str, str | None]) -> Rule:
    if slot.name not in agreed:
        return Rule.FIRST_CONTACT
    base = agreed[slot.name]
    in_salesforce, in_billing = not slot.agree(salesforce, base), not slot.agree(billing, base)
    if in_salesforce and in_billing:
        return Rule.CONFLICT
    changed = Side.SALESFORCE if in_salesforce else Side.BILLING
    return Rule.MASTER_CHANGED if changed is slot.master else Rule.RESTORED


def _possible(slot: Slot, move: Move, unwritable: frozenset[str]) -> Move:
    """The move, or the reason why the difference stays."""
    rule = move.rule
    if move.to is Side.BILLING and slot.name in unwritable:
        rule = Rule.UNWRITABLE
    elif move.to is Side.SALESFORCE and (slot.create_only or _no_way_back(slot, move)):
        rule = Rule.FIXED
    return move if rule is move.rule else replace(move, rule=rule, to=None)


def _no_way_back(slot: Slot, move: Move) -> bool:
    if slot.one_way is None or move.salesforce in {None, slot.one_way}:
        return False
    steps = slot.column.kind.salesforce_type.values if slot.column is not None else ()
    return move.salesforce not in steps or move.billing not in steps[steps.index(move.salesforce) + 1 :]
