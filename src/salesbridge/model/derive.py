"""Attributes that follow from others: what billing means but does not say in one member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from salesbridge.model.kinds import Boolean, Date, RefusedError

Record = Mapping[str, Any]
_DATE, _FLAG = Date(), Boolean()


def contract_status(record: Record, today: date) -> str:
    """Salesforce's status of an agreement: activated once it has begun, unless it was cancelled.

    An agreement without a start date has not begun. An ended one stays *Activated*: Salesforce knows no way back, and
    shows the end by its own end date.
    """
    return "Activated" if _begun(record, today) and not _cancelled(record) else "Draft"


def _begun(record: Record, today: date) -> bool:
    try:
        return _DATE.from_salesforce(record.get("start_date")) <= today
    except RefusedError:
        return False


def _cancelled(record: Record) -> bool:
    try:
        return _FLAG.from_salesforce(record.get("cancelled"))
    except RefusedError:
        return False


#: Neutral attribute -> how it follows from the record; never written back, since billing has no such member.
DERIVED: Mapping[str, Callable[[Record, date], Any]] = {"contract_status": contract_status}
