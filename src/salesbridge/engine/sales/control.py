"""What people ask of a sale."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from salesbridge.store.changes import notify
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Sale


def look_again(door: Door, sale: Sale, by: str, now: datetime) -> None:
    """Have a sale looked at at once, and what was refused tried again.

    Args:
        door: Door of its tenant.
        sale: The sale.
        by: Who says so.
        now: The moment.
    """
    with transaction.atomic():
        door.rows(Sale).filter(pk=sale.pk).update(wake_at=now)
        record(
            door, "sale:retried", actor=by, subject=sale.label[:300], instance_id=sale.instance_id,
            detail={"sale": str(sale.pk), "order": sale.order_number},
        )  # fmt: skip
        notify(sale.instance_id)
