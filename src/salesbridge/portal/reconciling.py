"""Reconciliations as people read them: what was compared, what differs, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salesbridge.engine.live.judge import TO_MEND, Standing
from salesbridge.engine.live.reconcile_steps import totals
from salesbridge.store.models import Reconciliation

#: Headings of the counts, in order; what was delivered and the calls it took come last.
HEADINGS: Mapping[str, str] = {
    "compared": "Compared",
    Standing.EQUAL: "Equal",
    Standing.LEFT: "Left",
    Standing.DRIFTED: "Drifted",
    Standing.UNLINKED: "Not linked",
    Standing.ONLY_IN_BILLING: "Only in billing",
    Standing.ONLY_IN_SALESFORCE: "Only in Salesforce",
    Standing.DANGLING: "Gone from one side",
    Standing.PROSPECT: "Prospects",
    Standing.REFUSED: "Refused",
    Standing.UNDER_WAY: "Under way",
    "handed": "Delivered",
    "calls": "Calls",
}
_DETAILS = {"fields": "Field that differs", "reasons": "Why refused"}


@dataclass(frozen=True, slots=True)
class Found:
    """What one reconciliation found.

    Args:
        columns: Headings of the counts that there are.
        rows: Object with its counts in the order of the headings.
        total: The counts in all.
        details: Object, what sort of detail, which, how many records; the most frequent first.
        differing: Records that differ.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    total: tuple[int, ...]
    details: tuple[tuple[str, str, str, int], ...]
    differing: int


def found(row: Reconciliation) -> Found:
    """What a reconciliation found, as far as it has come."""
    all_of = totals(row.counts)
    names = [name for name in HEADINGS if name in all_of]
    return Found(
        tuple(HEADINGS[name] for name in names),
        tuple((entity, tuple(_int(of.get(name)) for name in names)) for entity, of in row.counts.items()),
        tuple(all_of[name] for name in names),
        tuple(sorted(_details(row), key=lambda detail: -detail[3])),
        sum(all_of.get(name, 0) for name in TO_MEND),
    )


def _details(row: Reconciliation) -> list[tuple[str, str, str, int]]:
    return [
        (entity, words, which, _int(count))
        for entity, of in row.counts.items()
        for group, words in _DETAILS.items()
        for which, count in (of.get(group) or {}).items()
    ]


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


def summary(row: Reconciliation) -> dict[str, int]:
    """Compared, differing and delivered in all."""
    all_of = totals(row.counts)
    return {
        "compared": all_of.get("compared", 0),
        "differing": sum(all_of.get(name, 0) for name in TO_MEND),
        "handed": all_of.get("handed", 0),
    }
