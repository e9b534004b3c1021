"""Attributes that follow from others: what billing means but does not say in one member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Record = Mapping[str, Any]


def contract_status(record: Record, today: date) -> str:
    """Salesforce's status of an agreement: activated once it has begun, unless it was cancelled.

    An ended agreement stays *Activated*: Salesforce knows no way back, and shows the end by its own end date.
    """
    start = record.get("start_date")
    begun = isinstance(start, str) and start <= today.isoformat()
    cancelled = record.get("cancelled") in (True, "Y", "y", "true")
    return "Activated" if begun and not cancelled else "Draft"


#: Neutral attribute -> how it follows from the record.
DERIVED: Mapping[str, Callable[[Record, date], Any]] = {"contract_status": contract_status}
