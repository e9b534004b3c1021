"""Attributes that follow from others: what billing means but does not say in one member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from salesbridge.model.kinds import Boolean, Date, RefusedError

Record = Mapping[str, Any]
_DATE, _FLAG = Date(), Boolean()


def contract_status(record: Record, today: date) -> str:
    """Salesforce's status of an agreement: activated once it has begun, unless it was cancelled or is not active yet.

    An agreement of an order is not active until the order is; one that does not say so is. One without a start date
    has not begun. An ended one stays *Activated*: Salesforce knows no way back, and
    shows the end by its own end date.
    """
    runs = _begun(record, today) and _flag(record, "active", silent=True) and not _flag(record, "cancelled")
    return "Activated" if runs else "Draft"


def _begun(record: Record, today: date) -> bool:
    try:
        return _DATE.from_salesforce(record.get("start_date")) <= today
    except RefusedError:
        return False


def _flag(record: Record, name: str, *, silent: bool = False) -> bool:
    """What a flag says; ``silent`` where it says nothing that can be read."""
    raw = record.get(name)
    try:
        return silent if raw is None else _FLAG.from_salesforce(raw)
    except RefusedError:
        return silent


#: Neutral attribute -> how it follows from the record; never written back, since billing has no such member.
DERIVED: Mapping[str, Callable[[Record, date], Any]] = {"contract_status": contract_status}
