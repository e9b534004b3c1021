"""Where a sale stands, in the words of people: who is to act, what is to be done, whether it is late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from salesbridge.store.models import Sale, SaleStep
from salesbridge.sync.sale_life import TURNS, SaleState

_ACTORS: Mapping[str, str] = {
    "salesforce": "Salesforce", "billing": "billing", "connector": "Salesbridge", "person": "a person",
}  # fmt: skip


def actor(name: str) -> str:
    """Who acts or did act, as people call them; a person's own name stays."""
    return _ACTORS.get(name, name)


def late(sale: Sale, now: datetime) -> bool:
    """Whether a sale is in its state for longer than it should be."""
    return sale.due_at is not None and sale.due_at <= now


def action(sale: Sale) -> str:
    """What is to be done next: what the sale itself says, else what its state asks for."""
    return sale.mend or TURNS[SaleState(sale.state)].action


def awaited(step: SaleStep) -> str:
    """Who is to act after a step that waits; empty for any other."""
    if step.outcome not in {SaleStep.Outcome.WAITS, SaleStep.Outcome.REFUSED}:
        return ""
    return actor(str(step.detail.get("owner", "")))
