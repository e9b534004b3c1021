"""The life cycle of a sale: its states, what may follow what, who is to act in each, and for how long that may take.

The states from *draft* on are billing's own (docs/billing-dialects.md, "Orders"); those before are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class SaleState(StrEnum):
    """Where a sale stands."""

    OFFERED = "offered"
    PLACED = "placed"
    REFUSED = "refused"
    DRAFT = "draft"
    READY = "ready"
    ACCEPTED = "accepted"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class Owner(StrEnum):
    """Who is to act."""

    SALESFORCE = "salesforce"
    BILLING = "billing"
    CONNECTOR = "connector"
    PERSON = "person"


S = SaleState

#: State -> states that may follow.
SALE: Mapping[SaleState, frozenset[SaleState]] = {
    S.OFFERED: frozenset({S.PLACED, S.WITHDRAWN}),
    S.PLACED: frozenset({S.REFUSED, S.DRAFT, S.WITHDRAWN}),
    S.REFUSED: frozenset({S.PLACED, S.DRAFT, S.READY, S.ACCEPTED, S.CANCELLED, S.WITHDRAWN}),
    S.DRAFT: frozenset({S.READY, S.REFUSED, S.CANCELLED}),
    S.READY: frozenset({S.DRAFT, S.ACCEPTED, S.REFUSED, S.CANCELLED}),
    S.ACCEPTED: frozenset({S.PROVISIONING, S.CANCELLED}),
    S.PROVISIONING: frozenset({S.ACTIVE, S.CANCELLED}),
    S.ACTIVE: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    S.CANCELLED: frozenset(),
    S.WITHDRAWN: frozenset({S.OFFERED, S.PLACED}),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is in a state.

    Args:
        owner: Who is to act.
        within: How long that may take before a person is told; None where nothing is awaited.
        action: What the owner does next, for people.
    """

    owner: Owner
    within: timedelta | None
    action: str


#: Whose turn it is in each state. Nothing is awaited in those without a time: the sale has reached what it was for.
TURNS: Mapping[SaleState, Turn] = {
    S.OFFERED: Turn(Owner.SALESFORCE, timedelta(days=14), "Place the order in Salesforce, or delete it."),
    S.PLACED: Turn(Owner.CONNECTOR, timedelta(minutes=15), "Look at the problems of the instance."),
    S.REFUSED: Turn(Owner.PERSON, timedelta(days=2), "Mend what the reason says, or cancel the order."),
    S.DRAFT: Turn(Owner.BILLING, timedelta(days=30), "Make the order ready in billing, or cancel it."),
    S.READY: Turn(Owner.BILLING, timedelta(days=30), "Have the customer accept the offer, or cancel the order."),
    S.ACCEPTED: Turn(Owner.BILLING, timedelta(days=1), "Find out in billing why the order is not being provisioned."),
    S.PROVISIONING: Turn(Owner.BILLING, timedelta(days=30), "Find out in billing which switch is not finished."),
    S.ACTIVE: Turn(Owner.BILLING, None, "Nothing: the customer is supplied."),
    S.COMPLETED: Turn(Owner.BILLING, None, "Nothing: the order is completed."),
    S.CANCELLED: Turn(Owner.SALESFORCE, None, "Nothing: the order is cancelled. Make a new order to sell again."),
    S.WITHDRAWN: Turn(Owner.SALESFORCE, None, "Nothing: the order was never in billing. Place it to sell again."),
}

#: A sale that the connector moves on by itself waits no longer than this for it.
PROMPT = timedelta(minutes=15)

#: States in which nothing is awaited from anybody.
SETTLED = frozenset(state for state, turn in TURNS.items() if turn.within is None)
#: States that nothing follows.
ENDS = frozenset(state for state, following in SALE.items() if not following)
#: States of billing's order before it was accepted.
OPEN = frozenset({S.DRAFT, S.READY})
#: States from which whoever sells may still cancel.
CANCELLABLE = frozenset({S.DRAFT, S.READY, S.ACCEPTED, S.PROVISIONING})
#: States of an order that was accepted and not cancelled.
WON = frozenset({S.ACCEPTED, S.PROVISIONING, S.ACTIVE, S.COMPLETED})


def later_states(state: SaleState) -> frozenset[SaleState]:
    """States that a sale may be found in later: what happened in between may have gone unheard."""
    found: set[SaleState] = set()
    waiting = [state]
    while waiting:
        new = SALE[waiting.pop()] - found
        found |= new
        waiting += new
    return frozenset(found)
